/** The icons: strokes on a 16 by 16 field. They stand beside words or inside a button with a label, so are never read out. */

import { html } from "htm/preact";

const PATHS = {
  play: "M5 3.500v9l7-4.500z",
  pause: "M5.500 3.500v9M10.500 3.500v9",
  stop: "M4 4h8v8H4z",
  restart: "M3 8a5 5 0 1 0 1.600-3.700M3 2.500v3h3",
  bolt: "M9 1.500 3.500 9H8l-1 5.500L12.500 7H8z",
  sleep: "M13 9.500A5.500 5.500 0 1 1 6.500 3a4.500 4.500 0 0 0 6.500 6.500z",
  event: "M2 4h12v8H2zM2 4.500l6 4.500 6-4.500",
  step: "M3 8h10M9 4l4 4-4 4",
  undo: "M6 3 2.500 6.500 6 10M2.500 6.500H10a3.500 3.500 0 0 1 0 7H7",
  check: "M3 8.500l3.500 3.500L13 4.500",
  cross: "M4 4l8 8M12 4l-8 8",
  spin: "M8 2a6 6 0 1 1-6 6",
  clock: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 5v3.200l2 1.300",
  queue: "M3 4h10M3 8h10M3 12h6",
  dot: "M8 7.500v1",
  dots: "M3.500 8h.01M8 8h.01M12.500 8h.01",
  plus: "M8 3v10M3 8h10",
  share:
    "M6.500 9.500l3-3M7 4.500l1.200-1.200a3.200 3.200 0 0 1 4.500 4.500L11.500 9M9 11.500l-1.200 1.200a3.200 3.200 0 0 1-4.500-4.500L4.500 7",
  download: "M8 2.500v8M4.500 7.500 8 11l3.500-3.500M3 13.500h10",
  upload: "M8 11V3M4.500 6 8 2.500 11.500 6M3 13.500h10",
  sun: "M8 5.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5zM8 1.500v1M8 13.500v1M1.500 8h1M13.500 8h1M3.400 3.400l.7.7M11.900 11.900l.7.7M3.400 12.600l.7-.7M11.900 4.100l.7-.7",
  keyboard: "M1.500 4h13v8h-13zM4 6.500h.01M6.500 6.500h.01M9 6.500h.01M11.500 6.500h.01M5 9.500h6",
  down: "M4 6l4 4 4-4",
  left: "M10 4 6 8l4 4",
  fork: "M5 3v10M5 9c0-3 6-1.500 6-5M9 5.500 11 3l2 2.500",
  compare: "M3 3h4v10H3zM9 3h4v10H9z",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  search: "M7 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM10 10l3.500 3.500",
  warning: "M8 2.500 14.500 13h-13zM8 6.500v3M8 11.300v.01",
  book: "M3 3h4.500L8 3.500 8.500 3H13v9.500H8.500L8 13l-.5-.5H3zM8 3.500V13",
  trash: "M3 4.500h10M6.500 4V2.500h3V4M4.500 4.500 5 13.500h6l.5-9",
  copy: "M5.500 5.500h8v8h-8zM3 10.500H2.500v-8h8V3",
  skip: "M3 4l5 4-5 4zM9 4l4 4-4 4",
  deploy: "M8 13V5M4.500 8 8 4.500 11.500 8M3 2h10",
  star: "M8 2.200l1.700 3.700 4 .4-3 2.700.9 4L8 11l-3.600 2 .9-4-3-2.700 4-.4z",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {{ name: IconName }} props */
export function Icon({ name }) {
  return html`<svg class="glyph" viewBox="0 0 16 16" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
