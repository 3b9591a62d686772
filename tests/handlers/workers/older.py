"""A Worker of the time when methods for events had the prefix of module-level handlers."""

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def on_fetch(self, request):
        return Response("older")
