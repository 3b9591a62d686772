/** What the dashboard gives to the components that it shares with the playground. */

import { signal } from "@preact/signals";
import { providePage } from "../../../pages/page.js";
import { JsonText } from "../../../pages/parts/json_text.js";
import { show, shown } from "./address.js";
import { graphOf, host } from "./host.js";
import { others } from "./others.js";
import { canWrite, isReady, serverNow } from "./session.js";

export function provideServices() {
  providePage({
    host,
    isReady,
    canWrite,
    shown,
    show,
    back: () => history.back(),
    openedRuns: signal([]),
    closeFile: () => {},
    others,
    graphOf,
    nothingShown: () => null,
    JsonField: JsonText,
    views: [],
    editor: null,
    now: serverNow,
  });
}
