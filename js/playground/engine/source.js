/** What a page hands over as the files of a project, checked at the door. */

import { WorkflowError } from "../../engine/errors.js";

const LARGEST = 8 * 1024 * 1024;
const PATH = /^(?![./])(?!.*(^|\/)\.{1,2}(\/|$))(?!.*\/\/)[^\0\\]{1,200}(?<!\/)$/;

/**
 * @param {any} source `{ files, main }`
 * @throws {WorkflowError} reason `project.invalid`
 */
export function checkSource(source) {
  const { files, main } = source ?? {};
  if (typeof files !== "object" || files === null || typeof main !== "string") {
    throw refusal("A project is { files, main }: texts by path, and the path that has the workflows.");
  }
  let size = 0;
  for (const [path, text] of Object.entries(files)) {
    if (!PATH.test(path)) {
      throw refusal(
        `${JSON.stringify(path)} cannot be a file of the project. Use a relative path with "/", such as "lib/cards.py".`,
      );
    }
    if (typeof text !== "string") throw refusal(`The file ${path} is not a text.`);
    size += text.length;
  }
  if (size > LARGEST) throw refusal(`The project has ${size} characters; at most ${LARGEST} are kept.`);
  if (!(main in files))
    throw refusal(`The project has no file ${JSON.stringify(main)}, which is said to have the workflows.`);
  if (!main.endsWith(".py")) throw refusal(`${main} cannot be run: its name does not end in .py.`);
}

/** @param {string} message */
function refusal(message) {
  return new WorkflowError("project.invalid", message);
}
