/** The event log: every durable fact of the instance, in order. */

import { html } from "htm/preact";
import { useMemo, useState } from "preact/hooks";
import { VirtualList } from "../parts/virtual_list.js";
import { duration, timeOfDay } from "../format.js";

/** @import { InstanceEvent } from "../run.d.ts" */

/** @param {{ events: InstanceEvent[] }} props */
export function EventLog({ events }) {
  const [wanted, setWanted] = useState("");
  const found = useMemo(() => {
    const text = wanted.trim().toLowerCase();
    return text === ""
      ? events
      : events.filter((event) =>
          `${event.type} ${event.stepName ?? ""} ${summary(event)}`.toLowerCase().includes(text),
        );
  }, [events, wanted]);
  return html`<div class="log">
    <div class="filter">
      <input
        type="search"
        aria-label="Search the event log"
        placeholder="Search"
        value=${wanted}
        onInput=${(/** @type {any} */ { target }) => setWanted(target.value)}
      />
      <span class="muted num" role="status"
        >${found.length === events.length ? `${events.length} events` : `${found.length} of ${events.length}`}</span
      >
    </div>
    <${VirtualList}
      items=${found}
      rowHeight=${26}
      label="Event log"
      follow=${wanted === ""}
      row=${(/** @type {InstanceEvent} */ event) =>
        html`<div class="entry ${tone(event.type)}">
          <span class="num muted">${event.eventId}</span>
          <span class="num muted">${timeOfDay(event.timestamp, true)}</span>
          <span class="type">${event.type}</span>
          <span class="cut" title=${`${event.stepName ?? ""} ${summary(event)}`}
            >${event.stepName ?? ""} <span class="muted">${summary(event)}</span></span
          >
        </div>`}
    />
  </div>`;
}

/** @param {string} type */
function tone(type) {
  if (type.endsWith("_errored") || type === "wait_timed_out") return "tone-bad";
  if (type.endsWith("_completed")) return "tone-ok";
  return type.startsWith("rollback") ? "tone-undo" : "tone-idle";
}

/** @param {InstanceEvent} event */
function summary(event) {
  const parts = [];
  if (event["attempt"] !== undefined) parts.push(`attempt ${event["attempt"]}`);
  if (event["error"]) parts.push(`${event["error"].name}: ${event["error"].message}`);
  if (event["retryDelayMs"] !== undefined) parts.push(`again in ${duration(event["retryDelayMs"])}`);
  if (event["durationMs"] !== undefined) parts.push(duration(event["durationMs"]));
  if (event["eventType"] !== undefined) parts.push(`${event["eventType"]}, for up to ${duration(event["timeoutMs"])}`);
  if (event["output"] !== undefined) parts.push(JSON.stringify(event["output"])?.slice(0, 300) ?? "");
  return parts.join(" · ");
}
