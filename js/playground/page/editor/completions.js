/** What the editor offers of the SDK, and what it says where the pointer rests. Names and texts are the SDK's own (sdk.json). */

/** @import { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete" */

import { hoverTooltip } from "@codemirror/view";

/**
 * @typedef {{ name: string, type: string, signature?: string, doc?: string, parameters?: Entry[] }} Entry
 * @typedef {{ workers: Entry[], "workers.workflows": Entry[], step: Entry[], binding: Entry[], instance: Entry[], keys: Record<string, Entry[]> }} Vocabulary
 */

/** Of the event that `run` gets, of what an attempt's callback gets, and of an awaited event. */
const SUBSCRIPTS = {
  event: ["payload", "timestamp", "instanceId", "workflowName"],
  ctx: ["attempt", "step", "config"],
};

/** @param {Vocabulary} sdk */
export function sdkCompletions(sdk) {
  /** @param {CompletionContext} context @returns {CompletionResult | null} */
  return (context) => {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    const word = /[\w]*$/.exec(before)?.[0] ?? "";
    const from = context.pos - word.length;
    const head = before.slice(0, before.length - word.length);
    const offer = (/** @type {Completion[]} */ options) => ({ from, options, validFor: /^\w*$/ });

    const imported = /^\s*from\s+(workers(?:\.workflows)?)\s+import\s+[\w\s,(]*$/.exec(head);
    if (imported) return offer(sdk[/** @type {"workers"} */ (imported[1])].map((each) => named(each)));
    if (/^\s*from\s+$/.test(head)) return offer([{ label: "workers" }, { label: "workers.workflows" }]);
    if (/\bstep\.$/.test(head)) return offer(sdk.step.map((each) => called(each)));
    if (/\benv\.\w+\.$/.test(head)) return offer(sdk.binding.map((each) => called(each)));
    const subscript = /\b(event|ctx)\[["']$/.exec(head);
    if (subscript)
      return offer(SUBSCRIPTS[/** @type {"event"} */ (subscript[1])].map((label) => ({ label, type: "property" })));
    const key = keysAt(sdk, textBefore(context, from));
    if (key) return offer(key);
    const method = callAt(sdk, textBefore(context, from));
    if (method && /[(,]\s*$/.test(textBefore(context, from))) return offer((method.parameters ?? []).map(keyword));
    return null;
  };
}

/** The last lines before *position*, enough to see which call or dictionary it is in. @param {CompletionContext} context @param {number} position */
function textBefore(context, position) {
  return context.state.sliceDoc(Math.max(0, position - 600), position);
}

/** The method of `step` in whose brackets the text ends. @param {Vocabulary} sdk @param {string} text */
function callAt(sdk, text) {
  const open = openBrackets(text).at(-1);
  const name = open?.char === "(" ? /\bstep\.(\w+)$/.exec(text.slice(0, open.at))?.[1] : undefined;
  return sdk.step.find((each) => each.name === name);
}

/** The keys of the dictionary in which the text ends with a quote. @param {Vocabulary} sdk @param {string} text */
function keysAt(sdk, text) {
  if (!/[{,]\s*["']$/.test(text)) return null;
  const open = openBrackets(text.slice(0, -1)).at(-1);
  const owner = open?.char === "{" ? /["']?(\w+)["']?\s*[=:]\s*$/.exec(text.slice(0, open.at))?.[1] : undefined;
  const keys =
    owner === undefined ? undefined : (sdk.keys[owner] ?? (owner === "retries" ? sdk.keys["retries"] : undefined));
  return keys?.map(({ name, type }) => ({ label: name, type: "property", detail: type })) ?? null;
}

/** @param {string} text */
function openBrackets(text) {
  /** @type {{ char: string, at: number }[]} */
  const open = [];
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if ("([{".includes(char)) open.push({ char, at });
    else if (")]}".includes(char)) open.pop();
  }
  return open;
}

/** @param {Entry} entry @returns {Completion} */
function named({ name, type, signature, doc }) {
  return { label: name, type: type === "class" ? "class" : "function", info: () => page(signature ?? name, doc ?? "") };
}

/** @param {Entry} entry @returns {Completion} */
function called(entry) {
  return {
    ...named(entry),
    type: entry.type,
    boost: 2,
    apply: entry.type === "property" ? entry.name : `${entry.name}(`,
  };
}

/** @param {Entry} parameter @returns {Completion} */
function keyword({ name, type, doc }) {
  return {
    label: `${name}=`,
    type: "property",
    detail: type,
    boost: 3,
    ...(doc ? { info: () => page(`${name}: ${type}`, doc) } : {}),
  };
}

/** Signature and docstring of an SDK name under the pointer. @param {Vocabulary} sdk */
export function sdkHover(sdk) {
  return hoverTooltip((view, position, side) => {
    const { from, text } = view.state.doc.lineAt(position);
    let [start, end] = [position - from, position - from];
    while (start > 0 && /\w/.test(text[start - 1])) start--;
    while (end < text.length && /\w/.test(text[end])) end++;
    if ((start === position - from && side < 0) || (end === position - from && side > 0)) return null;
    const name = text.slice(start, end);
    const isMethod = text.slice(0, start).endsWith("step.");
    const all = isMethod ? sdk.step : [...sdk.workers, ...sdk["workers.workflows"]];
    const entry = all.find((each) => each.name === name);
    if (!entry) return null;
    return {
      pos: from + start,
      end: from + end,
      above: true,
      create: () => ({ dom: page(entry.signature ?? name, entry.doc ?? "") }),
    };
  });
}

/** @param {string} signature @param {string} doc */
function page(signature, doc) {
  const dom = document.createElement("div");
  dom.className = "sdk-info";
  const head = document.createElement("code");
  head.textContent = signature;
  const text = document.createElement("p");
  text.textContent = doc;
  dom.append(head, text);
  return dom;
}
