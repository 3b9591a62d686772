"""All examples as one Worker: what Cloudflare, or ``stepwell run examples --workflow OrderWorkflow``, loads."""

from cart_reminder import CartReminder
from document_index import DocumentIndex
from grocery_agent import GroceryAgent
from order import OrderWorkflow

from workers import Response, WorkerEntrypoint

__all__ = ["CartReminder", "Default", "DocumentIndex", "GroceryAgent", "OrderWorkflow"]


class Default(WorkerEntrypoint):
    """Starts an order for every POST."""

    async def fetch(self, request):
        """Answer with the id of the new instance."""
        if request.method != "POST":
            return Response("POST an order, as JSON.\n", status=405)
        order = await request.json()
        instance = await self.env.ORDERS.create(params=order)
        return Response.json({"id": instance.id}, status=201)
