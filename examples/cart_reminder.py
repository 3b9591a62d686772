"""
A cart reminder: it sleeps, looks whether the cart has been checked out, and writes to the customer if it has not.

Sleeping is durable: stop the process, start it again with the same ``--id``, and it wakes up when it was to.

    stepwell run examples/cart_reminder.py
    stepwell run examples/cart_reminder.py --id cart-7 --params '{"first": "20 seconds", "checked_out_after": 1}'
"""

from datetime import UTC, datetime

from workers import WorkflowEntrypoint

CART = {
    "customer": "grace@example.com",
    "items": ["teapot", "lapsang"],
    "first": "1 second",
    "further": 500,
    "reminders": 2,
    "checked_out_after": None,
}


class CartReminder(WorkflowEntrypoint):
    """One cart that was left."""

    async def run(self, event, step):
        """
        Remind until the cart is checked out. Parameters replace those of `CART`.

        A real shop would be asked about the cart; here ``checked_out_after`` says how many reminders it takes.
        """
        cart = {**CART, **(event["payload"] or {})}
        sent = []

        # A step may run several times under one name: its results are told apart by their count.
        @step.do("look at the cart")
        async def is_checked_out():
            return cart["checked_out_after"] is not None and len(sent) >= cart["checked_out_after"]

        @step.do("send reminder")
        async def send_reminder():
            print(f"to {cart['customer']}: {' and '.join(cart['items'])} are waiting for you")
            return datetime.now(UTC).isoformat(timespec="milliseconds")

        for number in range(cart["reminders"]):
            await step.sleep("before the reminder", cart["further"] if number else cart["first"])
            if await is_checked_out():
                return {"checked_out": True, "reminders": sent}
            sent.append(await send_reminder())
        return {"checked_out": False, "reminders": sent}
