import type { HostError, PlaygroundHost } from "../../js/playground/host.d.ts";

/** Globals of a bare page: see page.js. */
declare global {
  var host: PlaygroundHost;
  /** What a call is refused with, as plain data. */
  function refusal(call: Promise<unknown>): Promise<Required<Omit<HostError, "cause" | "stack">>>;
}
