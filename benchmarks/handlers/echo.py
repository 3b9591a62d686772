"""The Worker that is measured."""

from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    """Echoes JSON."""

    async def fetch(self, request):
        """Answer with what was sent."""
        return Response.json(await request.json())
