/** Where a graph is drawn: as large as its place allows, with the rest to scroll. */

import { html } from "htm/preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** A graph wider than its place is drawn smaller, down to this; beyond, it scrolls. */
const SMALLEST = 0.75;

/**
 * @param {{ width: number, height: number, shape: string, edges: unknown, children: unknown, legend?: unknown }} props
 *   `shape` changes when the boxes move; `edges` are drawn below the boxes
 */
export function Sheet({ width, height, shape, edges, children, legend }) {
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const room = useWidth(frame);
  useLayoutEffect(() => {
    if (frame.current) frame.current.scrollLeft = (frame.current.scrollWidth - frame.current.clientWidth) / 2;
  }, [shape, room]);
  const zoom = Math.max(SMALLEST, Math.min(1, room / Math.max(1, width)));
  return html`<div ref=${frame} class="graph" tabindex="0" role="region" aria-label="Graph of the steps">
    <div class="sheet" style=${{ width: `${width}px`, height: `${height}px`, zoom }}>
      <svg width=${width} height=${height} aria-hidden="true">
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto-start-reverse"
          >
            <path d="M1 1l6 3-6 3" class="tip" />
          </marker>
        </defs>
        ${edges}
      </svg>
      ${children}
    </div>
    ${legend}
  </div>`;
}

/** @param {{ current: HTMLElement | null }} frame */
function useWidth(frame) {
  const [width, setWidth] = useState(Infinity);
  useLayoutEffect(() => {
    if (!frame.current) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? Infinity));
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, [frame.current]);
  return width;
}
