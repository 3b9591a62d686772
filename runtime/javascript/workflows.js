/** The module `cloudflare:workflows`. */

export { NonRetryableError } from "../../bridge/errors.js";
