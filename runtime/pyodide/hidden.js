/** Whether a file or folder of a deployment is no business of its code: states, `.dev.vars`, `.git`. @param {string} name */
export function isHidden(name) {
  return name.startsWith(".") && name !== "." && name !== "..";
}
