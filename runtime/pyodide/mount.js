/**
 * Folders of the host as the interpreter sees them: to be read, at the path that the user knows them by. Names that begin with a dot
 * are left out: states, `.dev.vars` and the like are no business of workflows.
 */

import { isHidden } from "./hidden.js";

/** The interpreter's own folders, which no other may hide. */
const OWN_FOLDERS = new Set(["/", "/dev", "/lib", "/proc", "/session"]);
/** "Read-only file system", by Emscripten's number. */
const EROFS = 69;
const ACCESS_MODE = 3;
/** "No such file or directory", likewise. */
const ENOENT = 44;

/**
 * Show a folder of the host at the same path, so that every file is called what the user calls it.
 *
 * @param {any} FS Emscripten's
 * @param {string} folder absolute
 */
export function mountFolder(FS, folder) {
  if (OWN_FOLDERS.has(folder)) throw new Error("a folder of the interpreter's is called that.");
  FS.mkdirTree(folder);
  FS.mount(readOnly(FS), { root: folder }, folder);
}

/** Where `stepwell sync` puts shared libraries that packages are linked to: `py/stepwell/packages/origins.py` has the name, too. */
const LIBRARIES = "native_libraries";

/**
 * Let packages of a folder find the shared libraries that they are linked to. The folder has been mounted.
 *
 * @param {any} pyodide
 * @param {string} modules the folder of packages
 */
export function showLibraries({ FS, runPython }, modules) {
  const folder = JSON.stringify(`${modules}/${LIBRARIES}`);
  if (!FS.analyzePath(JSON.parse(folder)).exists) return;
  runPython(`import os
if ${folder} not in os.environ.get("LD_LIBRARY_PATH", "").split(":"):
    os.environ["LD_LIBRARY_PATH"] = ":".join(filter(None, [os.environ.get("LD_LIBRARY_PATH"), ${folder}]))`);
}

/**
 * Node's files without the operations that change them. Emscripten has no such mount; the permissions of the files would not
 * do, since `chmod` would reach the host.
 *
 * @param {any} FS
 */
function readOnly(FS) {
  const { NODEFS } = FS.filesystems;
  const refuse = () => {
    throw new FS.ErrnoError(EROFS);
  };
  /** @param {any} node */
  const makeReadOnly = (node) => Object.assign(node, { node_ops: nodeOps, stream_ops: streamOps });
  const nodeOps = {
    ...NODEFS.node_ops,
    lookup(/** @type {any} */ parent, /** @type {string} */ name) {
      if (isHidden(name)) throw new FS.ErrnoError(ENOENT);
      return makeReadOnly(NODEFS.node_ops.lookup(parent, name));
    },
    readdir: (/** @type {any} */ node) =>
      NODEFS.node_ops.readdir(node).filter((/** @type {string} */ name) => !isHidden(name)),
    setattr: refuse,
    mknod: refuse,
    rename: refuse,
    unlink: refuse,
    rmdir: refuse,
    symlink: refuse,
  };
  const streamOps = {
    ...NODEFS.stream_ops,
    open(/** @type {any} */ stream) {
      if (stream.flags & ACCESS_MODE) refuse();
      NODEFS.stream_ops.open(stream);
    },
    setattr: refuse,
    write: refuse,
  };
  return { mount: (/** @type {any} */ mount) => makeReadOnly(NODEFS.mount(mount)) };
}
