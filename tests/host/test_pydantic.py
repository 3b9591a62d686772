"""A package with native code in Pyodide, from the index that this machine is configured for."""

import json


def test_pydantic(place):
    """pydantic, whose core is a wheel for Pyodide's platform, validates inside a step."""
    place.write("pyproject.toml", '[project]\nname = "flows"\nversion = "0"\ndependencies = ["pydantic>=2.14"]\n')
    place.write(
        "flow.py",
        """
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
        """,
    )

    synced = place.run("sync")
    done = place.run("run", "flow.py", "--quiet", "--params", json.dumps({"order": '{"id": 7, "items": ["tea"]}'}))

    assert 0 == synced.code, synced.err
    assert (0, [{"id": 7, "items": ["tea"]}, 1]) == (done.code, done.json), done.err
