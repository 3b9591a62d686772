/** What a person sees where no instance is chosen: what this is, in two sentences, and what to do first. */

import { html } from "htm/preact";
import { Icon } from "../../../pages/parts/icon.js";
import { isStarting, start } from "../state/start.js";
import { startable } from "../state/deployment.js";

const DOCUMENTATION = "https://developers.cloudflare.com/workflows/python/";

export function Welcome() {
  const [workflow] = startable.value;
  return html`<div class="welcome">
    <h2>Durable Python, in this tab</h2>
    <p>
      A workflow is a Python class, and the result of each of its steps is saved as soon as the step ends. Close the tab
      or crash it in the middle of an instance, and the instance continues after its last saved step.
    </p>
    ${
      workflow &&
      html`<p>
        <button
          type="button"
          class="button primary"
          aria-disabled=${isStarting.value ? "true" : undefined}
          onClick=${() => void start()}
        >
          <${Icon} name="play" /> Run ${workflow}
        </button>
      </p>`
    }
    <p class="muted">
      Then open <b>Crash</b> at the top while it runs. The classes are described in${" "}
      <a href=${DOCUMENTATION} target="_blank" rel="noopener noreferrer">the documentation of Python Workflows</a>;
      press <kbd>?</kbd> for the keys.
    </p>
  </div>`;
}
