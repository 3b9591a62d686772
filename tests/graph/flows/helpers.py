"""Functions of another module."""


async def announce(step, text):
    @step.do("announce")
    async def send():
        return text

    await send()


class Mailer:
    def __init__(self, step):
        self.step = step

    async def send(self, text):
        @self.step.do("mail")
        async def mail():
            return text

        return await mail()
