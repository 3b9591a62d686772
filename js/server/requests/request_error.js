/** A request that cannot be read: too large, too slow, nested too deeply, malformed, or from another origin. */
export class RequestError extends Error {
  /**
   * @param {400 | 403 | 408 | 413 | 421} status of the HTTP response
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.name = "RequestError";
    this.status = status;
    this.reason = "body.invalid";
  }
}
