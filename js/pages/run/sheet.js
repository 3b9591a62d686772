/** Where a graph is drawn: as large as its place allows, nearer or farther as a person likes, with a map where it is large. */

import { html } from "htm/preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** A graph wider than its place is drawn smaller, down to this; beyond, it scrolls. */
const SMALLEST_FIT = 0.75;
const [FARTHEST, NEAREST] = [0.1, 2];
const STEP = 1.25;
/** A graph that has so many times the area of its place has a map. */
const LARGE = 4;
const MAP_PX = 140;

/** @typedef {{ x: number, y: number, width: number, height: number, tone?: string }} Area of a box, on the map */

/**
 * @param {{
 *   width: number, height: number, shape: string, edges: unknown, children: unknown, legend?: unknown, areas?: Area[],
 * }} props `shape` changes when the boxes move; `edges` are drawn below the boxes
 */
export function Sheet({ width, height, shape, edges, children, legend, areas = [] }) {
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const room = useRoom(frame);
  const [chosen, setChosen] = useState(/** @type {number | null} */ (null));
  const [view, setView] = useState({ x: 0, y: 0 });
  const fitted = Math.max(SMALLEST_FIT, Math.min(1, room.width / Math.max(1, width)));
  const zoom = chosen ?? fitted;
  useLayoutEffect(() => {
    if (frame.current) frame.current.scrollLeft = (frame.current.scrollWidth - frame.current.clientWidth) / 2;
  }, [shape, room.width]);
  const zoomBy = (/** @type {number} */ factor) => setChosen(Math.max(FARTHEST, Math.min(NEAREST, zoom * factor)));
  const showAll = () => setChosen(Math.max(FARTHEST, Math.min(1, room.width / width, room.height / height)));
  const onWheel = (/** @type {WheelEvent} */ event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? STEP : 1 / STEP);
  };
  const onScroll = () => {
    const { scrollLeft, scrollTop } = /** @type {HTMLElement} */ (frame.current);
    setView({ x: scrollLeft, y: scrollTop });
  };
  const isLarge = width * height * zoom * zoom > LARGE * room.width * room.height;
  return html`<div class="graphplace">
    <div
      ref=${frame}
      class="graph"
      tabindex="0"
      role="region"
      aria-label="Graph of the steps"
      onWheel=${onWheel}
      onScroll=${onScroll}
    >
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
    </div>
    <div class="tools" role="group" aria-label="Size of the graph">
      <button type="button" class="button small icon" aria-label="Smaller" onClick=${() => zoomBy(1 / STEP)}>−</button>
      <button type="button" class="button small icon" aria-label="Larger" onClick=${() => zoomBy(STEP)}>+</button>
      <button type="button" class="button small" onClick=${showAll}>Show all</button>
    </div>
    ${isLarge && html`<${Minimap} width=${width} height=${height} areas=${areas} zoom=${zoom} room=${room} view=${view} onMove=${(/** @type {number} */ x, /** @type {number} */ y) => frame.current?.scrollTo({ left: x, top: y })} />`}
  </div>`;
}

/** @param {{ width: number, height: number, areas: Area[], zoom: number, room: { width: number, height: number }, view: { x: number, y: number }, onMove: (x: number, y: number) => void }} props */
function Minimap({ width, height, areas, zoom, room, view, onMove }) {
  const scale = MAP_PX / Math.max(width, height);
  const onPointer = (/** @type {PointerEvent} */ event) => {
    if (event.buttons === 0) return;
    const { left, top } = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    const [x, y] = [(event.clientX - left) / scale, (event.clientY - top) / scale];
    onMove(x * zoom - room.width / 2, y * zoom - room.height / 2);
  };
  return html`<svg
    class="minimap"
    width=${Math.max(24, width * scale)}
    height=${Math.max(24, height * scale)}
    viewBox="0 0 ${width} ${height}"
    aria-hidden="true"
    onPointerDown=${onPointer}
    onPointerMove=${onPointer}
  >
    ${areas.map(({ x, y, width: across, height: down, tone }) => html`<rect class=${`tone-${tone ?? "idle"}`} x=${x} y=${y} width=${across} height=${down} />`)}
    <rect class="view" x=${view.x / zoom} y=${view.y / zoom} width=${room.width / zoom} height=${room.height / zoom} />
  </svg>`;
}

/** @param {{ current: HTMLElement | null }} frame */
function useRoom(frame) {
  const [room, setRoom] = useState({ width: Infinity, height: Infinity });
  useLayoutEffect(() => {
    if (!frame.current) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setRoom({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, [frame.current]);
  return room;
}
