/** What is in the SQLite tables: the state as it is on the disk. */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { dialog, FormDialog } from "../../../pages/parts/dialog.js";
import { Icon } from "../../../pages/parts/icon.js";
import { host } from "../state/connection.js";

/** @import { TableInfo, TableRows } from "../../host.d.ts" */

const PAGE = 50;

export function showTables() {
  dialog.value = () => html`<${Tables} />`;
}

function Tables() {
  const [tables, setTables] = useState(/** @type {TableInfo[]} */ ([]));
  const [name, setName] = useState("");
  const [offset, setOffset] = useState(-1);
  const [page, setPage] = useState(/** @type {TableRows | null} */ (null));
  const [wrong, setWrong] = useState("");
  const [turn, setTurn] = useState(0);
  const fail = (/** @type {Error} */ error) => setWrong(error.message);
  useEffect(() => {
    void host
      .tables()
      .then((found) => {
        setTables(found);
        setWrong("");
        setName((current) => current || (found.find((table) => table.name === "log") ?? found[0])?.name || "");
      })
      .catch(fail);
  }, [turn]);
  const table = tables.find((each) => each.name === name);
  // A table that grows is shown from its end, where what is new is.
  const at = offset < 0 ? Math.max(0, Math.floor(((table?.rows ?? 0) - 1) / PAGE) * PAGE) : offset;
  useEffect(() => {
    if (name) void host.rows(name, { limit: PAGE, offset: at }).then(setPage).catch(fail);
  }, [name, at, turn]);
  const choose = (/** @type {any} */ { target }) => {
    setName(target.value);
    setOffset(-1);
  };
  return html`<${FormDialog} title="SQLite tables" wide>
    <div class="tables">
      <div class="toolbar">
        <label class="field"
          ><span class="label">Table</span>
          <select value=${name} onChange=${choose}>
            ${tables.map((each) => html`<option value=${each.name}>${each.name} (${each.rows})</option>`)}
          </select>
        </label>
        <button type="button" class="button" disabled=${at === 0} onClick=${() => setOffset(Math.max(0, at - PAGE))}>
          Earlier
        </button>
        <button
          type="button"
          class="button"
          disabled=${!page || at + PAGE >= page.total}
          onClick=${() => setOffset(at + PAGE)}
        >
          Later
        </button>
        <button type="button" class="button" onClick=${() => setTurn(turn + 1)}>
          <${Icon} name="restart" /> Read again
        </button>
        <span class="muted num" role="status"
          >${page && page.total > 0 ? `${at + 1} to ${Math.min(at + PAGE, page.total)} of ${page.total}` : "no rows"}</span
        >
      </div>
      ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
      ${
        page &&
        html`<div class="scroll" tabindex="0" role="region" aria-label=${`Rows of ${name}`}>
          <table>
            <thead>
              <tr>
                ${page.columns.map((column) => html`<th scope="col" title=${table?.columns.find((each) => each.name === column)?.type}>${column}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${page.rows.map(
                (row) =>
                  html`<tr>
                    ${row.map((cell) => html`<td title=${cell === null ? "NULL" : String(cell)}>${cell === null ? html`<span class="muted">NULL</span>` : String(cell).slice(0, 200)}</td>`)}
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>`
      }
    </div>
  <//>`;
}
