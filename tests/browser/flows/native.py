# /// script
# dependencies = ["pydantic==2.14.3"]
# ///

from pydantic import BaseModel, ValidationError
from workers import WorkflowEntrypoint


class Order(BaseModel):
    id: int
    items: list[str] = []


class OrderWorkflow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("parse")
        async def parse():
            try:
                Order.model_validate({"id": "none"})
            except ValidationError as error:
                return [Order.model_validate_json(event["payload"]["order"]).model_dump(), error.error_count()]

        return await parse()
