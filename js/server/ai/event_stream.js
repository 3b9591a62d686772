/** The events of a chat that is streamed: from OpenAI's to those of Workers AI. */

const END = "[DONE]";

/** @returns {TransformStream<Uint8Array, Uint8Array>} */
export function toWorkersAiStream() {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      rest += decoder.decode(chunk, { stream: true });
      const lines = rest.split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const data = /^data: ?(.*)$/.exec(line)?.[1];
        const event = data === undefined ? undefined : toEvent(data);
        if (event !== undefined) controller.enqueue(encoder.encode(`data: ${event}\n\n`));
      }
    },
  });
}

/** @param {string} data @returns {string | undefined} undefined: there is nothing to tell of it */
function toEvent(data) {
  if (data.trim() === END) return END;
  const { choices, usage } = JSON.parse(data);
  const { content, tool_calls: calls } = choices?.[0]?.delta ?? {};
  if (content === undefined && calls === undefined && !usage) return undefined;
  return JSON.stringify({
    response: content ?? "",
    ...(calls ? { tool_calls: calls } : {}),
    ...(usage ? { usage } : {}),
  });
}
