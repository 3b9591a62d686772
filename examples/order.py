"""
An order pipeline: reserve the stock, charge the card, then send the receipt and book the courier at the same time.

The payment provider fails twice before it answers, so the charge is tried again, each time after a longer wait. A
card that is declined is not: that ends the order, after its stock has been put back.

    stepwell run examples/order.py
    stepwell run examples/order.py --params '{"card": "declined"}'
"""

import asyncio

from workers import WorkflowEntrypoint
from workers.workflows import NonRetryableError

PRICES = {"lapsang": 1250, "gunpowder": 980, "teapot": 4400}
STOCK = {"lapsang": 40, "gunpowder": 12, "teapot": 3}
ORDER = {
    "order_id": "A-1001",
    "email": "ada@example.com",
    "card": "4242 4242 4242 4242",
    "items": [{"sku": "lapsang", "quantity": 2}, {"sku": "teapot", "quantity": 1}],
}
OUTAGE = 2
PATIENT = {
    "retries": {"limit": 5, "delay": 40, "backoff": "exponential"},
    "timeout": "10 seconds",
}


class OrderWorkflow(WorkflowEntrypoint):
    """One order, from the basket to the parcel."""

    async def run(self, event, step):
        """Take the order through; parameters replace those of `ORDER`."""
        order = {**ORDER, **(event["payload"] or {})}

        @step.do("reserve stock")
        async def reserve_stock():
            return reserve(order["items"])

        @step.do("release stock")
        async def release_stock():
            return list(reserved)

        @step.do("charge card", config=PATIENT)
        async def charge_card(ctx):
            if order["card"] == "declined":
                raise NonRetryableError("The card was declined.")
            if ctx["attempt"] <= OUTAGE:
                raise ConnectionError("The payment provider did not answer.")
            amount = sum(PRICES[sku] * quantity for sku, quantity in reserved.items())
            print(f"charged {amount / 100:.2f} in attempt {ctx['attempt']}")
            return {"payment_id": f"pay-{order['order_id']}", "amount": amount}

        @step.do("send receipt")
        async def send_receipt():
            print(f"receipt for {payment['amount'] / 100:.2f} to {order['email']}")
            return {"to": order["email"], "amount": payment["amount"]}

        @step.do("book courier", config=PATIENT)
        async def book_courier():
            return {"parcel": f"parcel-{order['order_id']}", "pieces": sum(reserved.values())}

        reserved = await reserve_stock()
        try:
            payment = await charge_card()
        except NonRetryableError:
            await release_stock()
            raise
        receipt, courier = await asyncio.gather(send_receipt(), book_courier())
        return {"order_id": order["order_id"], "payment": payment, "receipt": receipt, "courier": courier}


def reserve(items):
    """Find how many of which thing to put aside; what is sold out now is so on the next attempt, too."""
    for item in items:
        if item["quantity"] > STOCK.get(item["sku"], 0):
            raise NonRetryableError(f"{item['sku']} is sold out.")
    return {item["sku"]: item["quantity"] for item in items}
