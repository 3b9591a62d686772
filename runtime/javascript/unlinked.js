/**
 * Code that Node cannot link, and that a bundler can: TypeScript that is more than types, text or WebAssembly that is imported,
 * types that are imported as if they were values, paths that are only TypeScript's. None of it has run when Node says so.
 */

/** Node's codes for it. */
const CODES = new Set([
  "ERR_IMPORT_ATTRIBUTE_MISSING",
  "ERR_INVALID_MODULE_SPECIFIER",
  "ERR_MODULE_NOT_FOUND",
  "ERR_PACKAGE_IMPORT_NOT_DEFINED",
  "ERR_PACKAGE_PATH_NOT_EXPORTED",
  "ERR_UNKNOWN_FILE_EXTENSION",
  "ERR_UNKNOWN_MODULE_FORMAT",
  "ERR_UNSUPPORTED_DIR_IMPORT",
  "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING",
  "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX",
]);
const NO_EXPORT = /does not provide an export named/;

/** @param {unknown} error what an import has thrown */
export function isUnlinked(error) {
  if (!(error instanceof Error)) return false;
  if (error instanceof SyntaxError && NO_EXPORT.test(error.message)) return true;
  return CODES.has(/** @type {NodeJS.ErrnoException} */ (error).code ?? "");
}
