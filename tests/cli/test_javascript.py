"""Workflows in JavaScript and TypeScript, from the command line."""

import pytest

FLOW = """
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Doubling extends WorkflowEntrypoint {
  async run(event, step) {
    return await step.do("double", async () => {
      console.log("doubling");
      return event.payload.n * 2;
    });
  }
}
"""
TYPED = """
import { WorkflowEntrypoint, WorkflowEvent, WorkflowStep } from "cloudflare:workers";
export class Doubling extends WorkflowEntrypoint<unknown, { n: number }> {
  async run(event: WorkflowEvent<{ n: number }>, step: WorkflowStep): Promise<number> {
    return await step.do("double", async () => event.payload.n * 2);
  }
}
"""


@pytest.mark.parametrize(("name", "text"), [("flow.mjs", FLOW), ("flow.js", FLOW), ("flow.ts", TYPED)])
def test_run(place, name, text):
    """The file's extension says which runtime runs it."""
    place.write(name, text)

    assert 8 == place.run("run", name, "-q", "--params", '{"n": 4}').json


def test_output_of_steps(place):
    """What a step prints is shown as its."""
    place.write("flow.mjs", FLOW)

    assert "  double | doubling\n" in place.run("run", "flow.mjs", "--params", '{"n": 4}').err


def test_syntax_error(place):
    """A syntax error is shown with its file and line."""
    place.write("flow.mjs", "export const = 2;\n")
    done = place.run("run", "flow.mjs")

    assert 2 == done.code
    assert "flow.mjs:1" in done.err
    assert "SyntaxError: Unexpected token '='" in done.err
