/** What an import of a package that is not there is answered with, in a page. `{!r}` stands for its name. */
export const NO_MODULE =
  "{!r} is neither in Python's standard library nor in the project. Packages that `stepwell sync` has installed for a " +
  "project are here where `stepwell playground` is started in it, and in the site that it exports; with any others, use `stepwell run`.";

/** @param {string} name */
export function noModule(name) {
  return NO_MODULE.replace("{!r}", `'${name}'`);
}
