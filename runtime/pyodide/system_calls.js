/** Calls of C that Emscripten answers with the host's processes and users where it runs in Node. */

/** "Function not implemented", by Emscripten's number. */
const ENOSYS = 52;

/**
 * Answer them as Emscripten does in a page: there is no shell, and the user is root.
 *
 * @param {any} imports of `env`
 */
export function hideSystem(imports) {
  imports._emscripten_system = (/** @type {number} */ command) => (command ? -ENOSYS : 0);
  imports.__syscall_getuid32_js = () => 0;
}
