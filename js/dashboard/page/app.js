/** The dashboard: a head, and below it what the address names. */

import { html } from "htm/preact";
import { DialogPlace } from "../../pages/parts/dialog.js";
import { Icon } from "../../pages/parts/icon.js";
import { Menu } from "../../pages/parts/menu.js";
import { Notices } from "../../pages/parts/notices.js";
import { theme } from "../../pages/theme.js";
import { listHash, place } from "./state/address.js";
import { hasToken, isConnected, session, tokenWanted, useToken } from "./state/session.js";
import { EnginesPage } from "./views/engines_page.js";
import { InstancePage } from "./views/instance_page.js";
import { ListPage } from "./views/list_page.js";
import { TokenForm } from "./views/token_form.js";
import { WorkflowsPage } from "./views/workflows_page.js";

const ICON = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]")).href;

export function App() {
  return html`<${Header} />
    ${!isConnected.value && html`<div class="banner bad" role="alert"><${Icon} name="warning" /><span class="grow">The server does not answer. The page tries again by itself.</span></div>`}
    <main class="dashboard" data-place=${place.value}>${body()}</main>
    <${Notices} />
    <${DialogPlace} />`;
}

function body() {
  if (tokenWanted.value !== null) return html`<${TokenForm} reason=${tokenWanted.value} />`;
  if (session.value === null) return html`<p class="empty" role="status">Opening…</p>`;
  if (place.value === "instance") return html`<${InstancePage} />`;
  if (place.value === "engines") return html`<${EnginesPage} />`;
  return place.value === "list" ? html`<${ListPage} />` : html`<${WorkflowsPage} />`;
}

function Header() {
  const pages = /** @type {const} */ ([
    ["workflows", "#/", "Workflows"],
    ["list", listHash(""), "Instances"],
    ["engines", "#/engines", "Engines"],
  ]);
  return html`<header class="bar">
    <h1 class="brand"><img src=${ICON} alt="" width="20" height="20" /> Stepwell</h1>
    <nav class="pages" aria-label="Pages">
      ${pages.map(([id, hash, label]) => html`<a key=${id} href=${hash} aria-current=${place.value === id ? "page" : undefined}>${label}</a>`)}
    </nav>
    <span class="grow"></span>
    ${session.value?.scope === "read" && html`<span class="pill tone-idle">read-only</span>`}
    <${Menu} label="Theme" icon="sun" short items=${themeItems()} />
    <${Menu} label="More" icon="dots" short items=${moreItems()} />
  </header>`;
}

/** @returns {import("../../pages/parts/menu.js").MenuItem[]} */
function themeItems() {
  return /** @type {const} */ (["system", "light", "dark"]).map((each) => ({
    label: { system: "As the system", light: "Light", dark: "Dark" }[each],
    icon: theme.value === each ? /** @type {const} */ ("check") : undefined,
    run: () => (theme.value = each),
  }));
}

/** @returns {import("../../pages/parts/menu.js").MenuItem[]} */
function moreItems() {
  const { version = "", account = "" } = session.value ?? {};
  return [
    {
      label: hasToken() ? "Forget the token" : "Use a token…",
      icon: "star",
      run: () => {
        if (hasToken()) void useToken("");
        else tokenWanted.value = "A token can allow more, or be for another account.";
      },
    },
    "line",
    { label: `Stepwell ${version}`, note: `Account ${account}`, disabled: true, run: () => {} },
  ];
}
