/** Misspelt keywords in Python: they are named, with the nearest right one. */

/** @import { Refusal } from "../refused.js" */

import { NO_KEYWORDS, NO_ROLLBACK } from "../reasons.js";
import { refused } from "../refused.js";

const STEP = { "python-upstream-sdk": "Python itself refuses the keyword" };
const BINDING = { "python-upstream-sdk": NO_KEYWORDS };
const ITSELF = `(await self.env.SELF.get(event["instanceId"]))`;

/** Call, the name by which it is told, what was given, what was meant. */
const KEYWORDS = /** @type {const} */ ([
  ['step.do("a", confg={})(lambda: 1)()', "step.do()", "confg", "config", STEP],
  ['step.do("a", dependz=[])(lambda: 1)()', "step.do()", "dependz", "depends", STEP],
  [
    'step.do("a", rollback=lambda: 1, rollback_cfg={})(lambda: 1)()',
    "step.do()",
    "rollback_cfg",
    "rollback_config",
    { "python-upstream-sdk": NO_ROLLBACK },
  ],
  ["self.env.SELF.create(parms={})", "create()", "parms", "params", BINDING],
  ["self.env.SELF.create_batch(instnces=[{}])", "create_batch()", "instnces", "instances", BINDING],
  ["self.env.SELF.create_batch(cuont=1)", "create_batch()", "cuont", "count", BINDING],
  [`${ITSELF}.terminate(rolback=True)`, "terminate()", "rolback", "rollback", BINDING],
  [`${ITSELF}.restart(form={"name": "a"})`, "restart()", "form", "from", BINDING],
  [`${ITSELF}.restart(from_={"nmae": "a"})`, "from of restart()", "nmae", "name", BINDING],
  [`${ITSELF}.send_event(typ="go")`, "send_event()", "typ", "type", BINDING],
]);

/** @type {Refusal[]} */
const REFUSALS = KEYWORDS.map(([python, call, wrong, right, notFor]) => ({
  what: `the keyword ${wrong} of ${call}`,
  python: `await ${python}`,
  name: "TypeError",
  message: `${call} has no option "${wrong}". Did you mean "${right}"?`,
  notFor,
}));

export default REFUSALS.map(refused);
