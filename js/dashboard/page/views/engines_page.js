/** Who runs the state: each engine with what it holds. */

import { html } from "htm/preact";
import { duration } from "../../../pages/format.js";
import { Icon } from "../../../pages/parts/icon.js";
import { useAnswer } from "../state/answers.js";
import { inAccount } from "../state/session.js";

/** @typedef {{ id: number, name: string, is_this: boolean, status: "live" | "idle" | "silent" | "dead", parts: number, lease_ms: number }} EngineOfState */

/** How often the page asks, in ms: engines look at each other as often. */
const EVERY_MS = 1000;

/** How a status looks, and what it means for instances. */
const LOOKS = /** @type {const} */ ({
  live: { tone: "ok", icon: "check", note: "runs the instances of its parts" },
  idle: { tone: "idle", icon: "dot", note: "runs no instances" },
  silent: { tone: "wait", icon: "clock", note: "has not renewed its lease; the others are about to take its parts" },
  dead: { tone: "bad", icon: "cross", note: "can write nothing any more; the others take its parts" },
});

export function EnginesPage() {
  const { value, error } = useAnswer(inAccount("workflows", "-", "engines"), { live: false, everyMs: EVERY_MS });
  const engines = /** @type {EngineOfState[] | null} */ (value);
  if (error) return html`<p class="empty" role="alert">${error}</p>`;
  if (engines === null) return html`<p class="empty" role="status">Opening…</p>`;
  if (engines.length === 0) return html`<p class="empty">One engine runs this state, by itself.</p>`;
  return html`<section class="workflows" aria-label="Engines">
    <h2>Engines <span class="badge num">${engines.length}</span></h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Table of engines">
      <table>
        <thead>
          <tr>
            <th scope="col">Engine</th>
            <th scope="col">Status</th>
            <th scope="col">Parts</th>
            <th scope="col">Lease</th>
          </tr>
        </thead>
        <tbody>
          ${engines.map((each) => html`<${Row} key=${each.id} engine=${each} />`)}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** @param {{ engine: EngineOfState }} props */
function Row({ engine: { id, name, is_this, status, parts, lease_ms } }) {
  const { tone, icon, note } = LOOKS[status];
  const length = duration(Math.abs(lease_ms));
  const lease = lease_ms < 0 ? `over for ${length}` : `ends in ${length}`;
  return html`<tr>
    <th scope="row">${id} <span class="muted">${name}${is_this ? ", which answers this page" : ""}</span></th>
    <td>
      <span class="pill tone-${tone}"><${Icon} name=${icon} />${status}</span> <span class="muted">${note}</span>
    </td>
    <td class="num">${parts} of 64</td>
    <td class="num">${status === "dead" ? "–" : lease}</td>
  </tr>`;
}
