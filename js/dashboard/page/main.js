/** The dashboard's beginning: who the reader is, and what the address names. */

import { html, render } from "htm/preact";
import { App } from "./app.js";
import { openSession } from "./state/session.js";
import { provideServices } from "./state/services.js";
import { followAddress } from "./state/address.js";
import { followChanges } from "./state/changes.js";
import { followShown } from "../../pages/run/followed.js";

provideServices();
const place = /** @type {HTMLElement} */ (document.getElementById("app"));
place.replaceChildren();
render(html`<${App} />`, place);

followAddress();
followShown();
followChanges();
void openSession();
