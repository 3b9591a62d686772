/** How the shown run is looked at. */

import { signal } from "@preact/signals";

/** Which of the views. */
export const tab = signal("timeline");
/** The step that is looked at. @type {import("@preact/signals").Signal<string | null>} */
export const selected = signal(null);
/** How many events of the log are shown while the run is watched again. @type {import("@preact/signals").Signal<number | null>} */
export const watching = signal(null);
/** Which run the shown one is compared with, by `nameOf` its address; empty: the first of the others. */
export const comparedWith = signal("");
