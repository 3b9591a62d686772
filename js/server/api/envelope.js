/** The envelope of every answer: Cloudflare's API v4. */

/** @typedef {Record<string, unknown>} ResultInfo */

/** A page of results, with what is known of its place in the list. */
export class Page {
  /** @param {unknown[]} result @param {ResultInfo} info */
  constructor(result, info) {
    this.result = result;
    this.info = info;
  }

  /** @param {ResultInfo} more */
  withInfo(more) {
    return new Page(this.result, { ...this.info, ...more });
  }
}

/** @param {unknown} result a `Page` where there are more of them */
export function success(result) {
  const envelope = { success: true, errors: [], messages: [] };
  if (!(result instanceof Page)) return { ...envelope, result };
  return { ...envelope, result: result.result, result_info: result.info };
}

/**
 * @param {{ code: number, message: string, reason?: string | undefined, traceback?: string | undefined }} error
 */
export function failure({ code, message, reason, traceback }) {
  return { success: false, errors: [{ code, message, reason, traceback }], messages: [], result: null };
}
