"""
A grocery agent: it asks a person for the shopping list, waits until it comes, and plans the walk through the shop.

If no list comes in time, it buys what is always needed. It waits for free: nothing runs until the list arrives, and the
process may be stopped meanwhile.

    stepwell run examples/grocery_agent.py --id groceries

and in another terminal:

    stepwell workflows instances send-event GroceryAgent groceries --type shopping-list --payload '{"items": ["milk"]}'
"""

import re

from workers import WorkflowEntrypoint

USUAL = ["bread", "milk", "eggs"]
AISLES = {
    "fruit": ["apples", "bananas", "lemons", "potatoes"],
    "bakery": ["bread", "rolls"],
    "dairy": ["milk", "butter", "cheese", "eggs"],
    "household": ["soap", "candles"],
}


class GroceryAgent(WorkflowEntrypoint):
    """One trip to the shop."""

    async def run(self, event, step):
        """Ask, wait, plan. Parameters: ``person``, and ``timeout``, e.g. "10 seconds"."""
        params = event["payload"] or {}
        person = params.get("person", "Ada")

        @step.do("ask for the list")
        async def ask():
            print(f"{person}, what do we need? Send the list as an event of type shopping-list.")

        @step.do("read the list")
        async def read_list():
            return [parse(line) for line in lines]

        @step.do("plan the walk")
        async def plan_walk():
            walk = {}
            for item in wanted:
                walk.setdefault(aisle_of(item["name"]), []).append(item)
            return walk

        await ask()
        try:
            answer = await step.wait_for_event("the list", "shopping-list", timeout=params.get("timeout", "1 hour"))
            lines, source = answer["payload"]["items"], person
        except Exception as error:  # noqa: BLE001 - what a timeout raises differs between Cloudflare and elsewhere
            print(f"No list from {person} ({error}). The usual, then.")
            lines, source = USUAL, "habit"
        wanted = await read_list()
        return {"list_from": source, "walk": await plan_walk()}


def parse(line):
    """Read one line of a list: "2 apples" is two of them."""
    quantity, name = re.fullmatch(r"(?:(\d+)\s+)?(.+)", line.strip().lower()).groups()
    return {"name": name, "quantity": int(quantity or 1)}


def aisle_of(name):
    """Find the aisle where *name* is."""
    return next((aisle for aisle, goods in AISLES.items() if name in goods), "ask the staff")
