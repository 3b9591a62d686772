/** The source files that a target runs, made of the scenarios' bodies. */

/** @import { Scenario } from "./scenario.d.ts" */

const PYTHON = `import asyncio
import datetime
import decimal
from workers import WorkflowEntrypoint
import workers.workflows
from workers.workflows import NonRetryableError

# Cloudflare's own SDK has none.
WorkflowTimeoutError = getattr(workers.workflows, "WorkflowTimeoutError", None)

class AppError(Exception):
    pass


class Stop(NonRetryableError):
    pass


class Carrying(Exception):
    def __init__(self, message, value):
        super().__init__(message)
        self.value = value


def fails(message, kind=TypeError):
    raise kind(message)


if WorkflowTimeoutError:

    async def stream_of(*pieces):
        for piece in pieces:
            yield piece

    async def bytes_of(stream):
        return await stream.read()

else:  # a stream is one of JavaScript's

    def stream_of(*pieces):
        from js import ReadableStream
        from pyodide.ffi import to_js

        return ReadableStream.from_(to_js(list(pieces)))

    async def bytes_of(stream):
        from js import Response

        return (await Response.new(stream).bytes()).to_bytes()


async def text_of(stream):
    return (await bytes_of(stream)).decode()


def own(workflow):
    """The workflow itself, as others have it in env."""
    return workflow.env.SELF


async def refused(call):
    try:
        await call
    except Exception as error:
        return caught(error)["message"]


def caught(error):
    return {"name": getattr(error, "name", None) or type(error).__name__, "message": str(getattr(error, "message", None) or error)}
`;

/** What the callbacks of an instance did, over all its passes: in the interpreter, which outlives a pass. */
const PYTHON_CALLS = `_calls = {}


def calls(event):
    return _calls.setdefault(event.instanceId, [])
`;

/** The mark of a line of output that tells of a call. */
export const CALL = "\u0001call ";

/**
 * The same where each pass has an interpreter of its own: what passes before it did is in a file, and what this one does is
 * printed.
 *
 * @param {string} folder where the files are, one for each instance
 */
const pythonCallsIn = (folder) => `import json
import os
from _workflows_bridge.values import decode, encode

_calls = {}


class Calls(list):
    def __init__(self, instance, known):
        super().__init__(known)
        self.instance = instance

    def append(self, value):
        super().append(value)
        print(${JSON.stringify(CALL)} + json.dumps([self.instance, encode(value)]))


def calls(event):
    instance = event.instanceId
    if instance not in _calls:
        path = os.path.join(${JSON.stringify(folder)}, instance)
        lines = open(path).read().splitlines() if os.path.exists(path) else []
        _calls[instance] = Calls(instance, map(decode, lines))
    return _calls[instance]
`;

const JAVASCRIPT = `import { WorkflowEntrypoint } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";

const made = new Map();

/** What the callbacks of an instance did, over all its passes. */
function calls(event) {
  if (!made.has(event.instanceId)) made.set(event.instanceId, []);
  return made.get(event.instanceId);
}

export class AppError extends Error {
  name = "AppError";
}

class Stop extends NonRetryableError {}

export class Carrying extends Error {
  constructor(message, value) {
    super(message);
    this.value = value;
  }
}

function fails(message, Kind = TypeError) {
  throw new Kind(message);
}

function streamOf(...pieces) {
  return ReadableStream.from(pieces.map((each) => (typeof each === "string" ? new TextEncoder().encode(each) : each)));
}

async function bytesOf(stream) {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function textOf(stream) {
  return new TextDecoder().decode(await bytesOf(stream));
}

/** The workflow itself, as others have it in env. */
function own(workflow) {
  return workflow.env.SELF;
}

/** Upstream's subscriptions have next() and are not iterable. */
async function allOf(subscribed) {
  const subscription = await subscribed;
  const found = [];
  for (;;) {
    const { done, value } = await subscription.next();
    if (done) return found;
    found.push(value);
  }
}

async function refused(call) {
  try {
    await call;
  } catch (error) {
    return error.message;
  }
}

function caught({ name, message }) {
  return { name, message };
}
`;

/**
 * @param {Scenario[]} scenarios
 * @param {"python" | "javascript"} language
 * @param {(scenario: Scenario) => string} classOf
 * @param {string} [calls] folder for what callbacks did, where no interpreter outlives a pass
 */
export function sourceOf(scenarios, language, classOf, calls) {
  const parts = scenarios.map((scenario) => {
    const body = dedent(scenario[language] ?? "");
    return language === "python"
      ? `class ${classOf(scenario)}(WorkflowEntrypoint):\n    async def run(self, event, step):\n${indent(body, 8)}\n`
      : `export class ${classOf(scenario)} extends WorkflowEntrypoint {\n  async run(event, step) {\n    {\n${indent(body, 6)}\n    }\n  }\n}\n`;
  });
  const noted = calls === undefined ? PYTHON_CALLS : pythonCallsIn(calls);
  return [language === "python" ? `${PYTHON}\n\n${noted}` : JAVASCRIPT, ...parts].join("\n\n");
}

/** @param {string} text */
function dedent(text) {
  const lines = text.replace(/^\n+|\s+$/g, "").split("\n");
  const margin = Math.min(...lines.filter((line) => line.trim()).map((line) => line.length - line.trimStart().length));
  return lines.map((line) => line.slice(margin)).join("\n");
}

/**
 * @param {string} text
 * @param {number} width
 */
function indent(text, width) {
  return text.replace(/^(?=.)/gm, " ".repeat(width));
}
