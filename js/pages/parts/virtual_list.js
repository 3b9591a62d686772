/** A long list of which only what is in view exists: a flood of output or ten thousand steps cost no more than a screenful. */

import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const BEYOND = 6;

/**
 * @template T
 * @param {{
 *   items: T[], rowHeight: number, row: (item: T, index: number) => unknown, label: string,
 *   follow?: boolean, class?: string, onEnd?: () => void, listbox?: { selected: number, onSelect: (index: number) => void, id: string },
 * }} props `follow`: stay at the end while things are added there. `onEnd`: the end
 *   comes into view. `listbox`: rows can be chosen
 */
export function VirtualList({ items, rowHeight, row, label, follow = false, class: name = "", onEnd, listbox }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const atEnd = useRef(true);
  const [view, setView] = useState({ top: 0, height: 400 });

  useLayoutEffect(() => {
    const element = /** @type {HTMLElement} */ (place.current);
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    look();
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (follow && atEnd.current && place.current) place.current.scrollTop = place.current.scrollHeight;
  }, [items.length, follow]);
  useEffect(() => {
    if (listbox && listbox.selected >= 0) bringIntoView(place.current, listbox.selected, rowHeight);
  }, [listbox?.selected]);

  const onScroll = () => {
    const { scrollTop, clientHeight, scrollHeight } = /** @type {HTMLElement} */ (place.current);
    atEnd.current = scrollTop + clientHeight >= scrollHeight - rowHeight;
    setView({ top: scrollTop, height: clientHeight });
  };
  const first = Math.max(0, Math.floor(view.top / rowHeight) - BEYOND);
  const last = Math.min(items.length, Math.ceil((view.top + view.height) / rowHeight) + BEYOND);
  useEffect(() => {
    if (last === items.length) onEnd?.();
  }, [last === items.length, items.length]);
  const active = listbox && listbox.selected >= first && listbox.selected < last ? listbox.selected : -1;

  return html`<div
    ref=${place}
    class="virtual ${name}"
    role=${listbox ? "listbox" : "list"}
    aria-label=${label}
    aria-activedescendant=${active >= 0 ? `${listbox?.id}-${active}` : undefined}
    tabindex="0"
    onScroll=${onScroll}
    onKeyDown=${listbox && onKey(items.length, view.height / rowHeight, listbox)}
  >
    <div role="presentation" style=${{ height: `${items.length * rowHeight}px`, position: "relative" }}>
      ${items.slice(first, last).map((item, offset) => {
        const index = first + offset;
        return html`<div
          key=${index}
          id=${listbox && `${listbox.id}-${index}`}
          role=${listbox ? "option" : "listitem"}
          aria-selected=${listbox && (index === listbox.selected ? "true" : "false")}
          aria-setsize=${items.length}
          aria-posinset=${index + 1}
          class="virtual-row"
          style=${{ height: `${rowHeight}px`, transform: `translateY(${index * rowHeight}px)` }}
          onClick=${listbox && (() => listbox.onSelect(index))}
        >
          ${row(item, index)}
        </div>`;
      })}
    </div>
  </div>`;
}

/** @param {number} length @param {number} page @param {{ selected: number, onSelect: (index: number) => void }} listbox */
function onKey(length, page, { selected, onSelect }) {
  return (/** @type {KeyboardEvent} */ event) => {
    /** @type {Record<string, number>} */
    const moves = {
      ArrowDown: selected + 1,
      ArrowUp: selected - 1,
      PageDown: selected + Math.floor(page),
      PageUp: selected - Math.floor(page),
      Home: 0,
      End: length - 1,
    };
    const to = moves[event.key];
    if (to === undefined || length === 0) return;
    event.preventDefault();
    onSelect(Math.max(0, Math.min(length - 1, to)));
  };
}

/** @param {HTMLElement | null} element @param {number} index @param {number} rowHeight */
function bringIntoView(element, index, rowHeight) {
  if (!element) return;
  const top = index * rowHeight;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (top + rowHeight > element.scrollTop + element.clientHeight)
    element.scrollTop = top + rowHeight - element.clientHeight;
}
