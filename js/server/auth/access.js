/** Who may use this state: accounts, tokens, and the log of what they have changed. */

/** @import { Engine } from "../../engine/engine.js" */
/** @import { WorkflowRow } from "../../store/store.d.ts" */
/** @import { AccessRows } from "../../ledger/shared_access.js" */

import { accountOf, DEFAULT_ACCOUNT } from "../../engine/accounts.js";
import { Audit } from "./audit.js";
import { Tokens } from "./tokens.js";

export class Access {
  #engine;
  #store;
  #state;
  /** @type {Set<string>} */
  #accounts;

  /** @param {Engine} engine @param {{ access: AccessRows, loadWorkflows(): WorkflowRow[] }} state @param {() => number} [now] ms since 1970 */
  constructor(engine, state, now = () => Date.now()) {
    const store = state.access;
    this.#engine = engine;
    this.#store = store;
    const { commits } = engine;
    this.tokens = new Tokens(
      {
        load: () => store.loadTokens(),
        created: (row) => this.#write(() => store.tokenCreated(row)),
        revoked: (id, at) => this.#write(() => store.tokenRevoked(id, at)),
      },
      now,
    );
    this.audit = new Audit(
      {
        begun: (entry) => commits.write(() => store.auditBegun(entry)),
        ended: (number, outcome) => commits.write(() => store.auditEnded(number, outcome)),
      },
      now,
    );
    this.#state = state;
    this.#accounts = this.#knownAccounts();
  }

  #knownAccounts() {
    const ofWorkflows = this.#state.loadWorkflows().map(({ name }) => accountOf(name));
    return new Set([...ofWorkflows, ...this.tokens.list().map(({ account }) => account)]);
  }

  /** Another engine of the state has changed workflows or tokens. */
  reload() {
    this.tokens.reload();
    for (const account of this.#knownAccounts()) this.#accounts.add(account);
  }

  /**
   * The account that an id of a request stands for: the known one of that name, or else the default account, whose clients
   * may call it as they like.
   *
   * @param {string} id
   */
  accountOf(id) {
    return this.#accounts.has(id) ? id : DEFAULT_ACCOUNT;
  }

  /** @param {string} account that workflows or tokens belong to from now on */
  addAccount(account) {
    this.#accounts.add(account);
  }

  /** @param {{ limit: number, before?: number | undefined }} page */
  async loadAudit(page) {
    await this.#engine.commits.committed();
    return await this.#store.loadAudit(page);
  }

  /** @param {() => void} write */
  async #write(write) {
    this.#engine.commits.write(write);
    await this.#engine.commits.committed();
  }
}
