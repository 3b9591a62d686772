"""
Onboarding with an identity check: an account is made, the check runs elsewhere, and a person sees what is unclear.

If the check fails, or nobody confirms the e-mail address in time, the account is undone.

    stepwell run examples/onboarding.py --id ada --params '{"name": "Ada", "email": "ada@example.com"}'

and in another terminal:

    stepwell workflows instances send-event Onboarding ada --type email-confirmed
    stepwell workflows instances send-event Onboarding ada --type identity --payload '{"result": "clear"}'
"""

import asyncio

from workers import WorkflowEntrypoint
from workers.workflows import NonRetryableError


class Onboarding(WorkflowEntrypoint):
    """One new customer."""

    async def run(self, event, step):
        """Parameters: ``name``, ``email``, and ``timeout`` of what people do."""
        person = event["payload"]
        timeout = person.get("timeout", "3 days")

        def delete_account(output):
            print(f"deleting account {output['account']}")

        @step.do("create account", rollback=delete_account)
        async def create_account():
            return {"account": person["email"].replace("@", "-at-"), "name": person["name"]}

        @step.do("send links")
        async def send_links():
            print(f"Dear {person['name']}, please confirm your address and show your passport.")

        @step.do("welcome", config={"retries": {"limit": 5, "delay": "1 second"}})
        async def welcome():
            print(f"Welcome, {person['name']}!")
            return {"account": account["account"], "identity": identity}

        account = await create_account()
        await send_links()
        confirmed, identity = await asyncio.gather(
            step.wait_for_event("confirmation", "email-confirmed", timeout=timeout),
            self.identity(step, timeout),
        )
        print("The address was confirmed at", confirmed["timestamp"].isoformat(timespec="minutes"))
        return await welcome()

    async def identity(self, step, patience):
        """Wait for the provider's result; what is unclear goes to a person."""
        found = (await step.wait_for_event("identity check", "identity", timeout=patience))["payload"]["result"]
        if found == "unclear":
            print("The passport has to be checked by hand: send an event of type passport-seen.")
            seen = await step.wait_for_event("passport", "passport-seen", timeout=patience)
            found = "clear" if seen["payload"]["genuine"] else "refused"
        if found != "clear":
            message = "The identity was refused."
            raise NonRetryableError(message)
        return found
