/** The static assets of a Worker, which answer requests before its fetch handler does. */

/**
 * @typedef {object} AssetsConfig
 * @property {string} directory absolute
 * @property {string | undefined} [html_handling]
 * @property {string | undefined} [not_found_handling] what answers a path without an asset
 * @property {boolean | string[] | undefined} [run_worker_first] whether the handler answers all paths, or these; `!` excepts paths
 *
 * Gets an asset. `notFound`: whether `not_found_handling` counts, or an asset that does not exist is status 404.
 * @typedef {(request: Request, options: { notFound: boolean }) => Promise<Response>} FetchAsset
 */

const NOT_FOUND = 404;
const READING = new Set(["GET", "HEAD"]);

/**
 * What the assets answer.
 *
 * @param {Request} request
 * @param {AssetsConfig} config
 * @param {FetchAsset} fetchAsset
 * @param {boolean} hasHandler whether the Worker answers what they do not
 * @returns {Promise<Response | undefined>} undefined: the Worker's handler answers
 */
export async function answerByAssets(request, config, fetchAsset, hasHandler) {
  if (!hasHandler) return await fetchAsset(request, { notFound: true });
  const { pathname } = new URL(request.url);
  if (!READING.has(request.method) || isWorkerFirst(pathname, config.run_worker_first)) return undefined;
  // A browser that opens a page of a single-page application gets the page, not an answer of its API.
  const isNavigation = request.headers.get("sec-fetch-mode") === "navigate";
  const handled = isNavigation && config.not_found_handling !== undefined && config.not_found_handling !== "none";
  const response = await fetchAsset(request, { notFound: handled });
  return response.status === NOT_FOUND && !handled ? undefined : response;
}

/** @param {string} path @param {boolean | string[] | undefined} rules */
export function isWorkerFirst(path, rules = false) {
  if (typeof rules === "boolean") return rules;
  const excepted = rules.filter((rule) => rule.startsWith("!")).map((rule) => rule.slice(1));
  const included = rules.filter((rule) => !rule.startsWith("!"));
  return included.some((rule) => matches(path, rule)) && !excepted.some((rule) => matches(path, rule));
}

/**
 * Whether `rule` fits `path`: `*` stands for any characters. The first place of each part is as good as any later one, so
 * the time is that of one search, whatever path a client makes up.
 *
 * @param {string} path
 * @param {string} rule
 */
function matches(path, rule) {
  const [start, ...parts] = rule.split("*");
  const end = parts.pop();
  if (end === undefined) return path === rule;
  if (!path.startsWith(start)) return false;
  let at = start.length;
  for (const part of parts) {
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return path.length - end.length >= at && path.endsWith(end);
}
