import type { PlaygroundHost } from "../../js/playground/host.d.ts";

declare global {
  /** In a bare page: see page.js. */
  var host: PlaygroundHost;
}
