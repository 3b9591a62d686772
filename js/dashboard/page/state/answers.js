/** What the server answers, kept up to date while it is shown. */

import { useEffect, useState } from "preact/hooks";
import { changes } from "./changes.js";
import { ask, isReady, Refusal } from "./session.js";

/** The least time between two questions for the same, in ms. */
const LEAST_MS = 500;

/**
 * The answer to a question, asked again when something has changed on the server.
 *
 * @template T
 * @param {string | null} path below the API; null: nothing is asked
 * @param {{ live?: boolean, everyMs?: number }} [options] `everyMs`: ask again after so long, also where nothing has changed
 * @returns {{ value: T | null, error: string | null }} the last value stays until there is another one
 */
export function useAnswer(path, { live = true, everyMs = 0 } = {}) {
  const [answer, setAnswer] = useState(
    /** @type {{ path: string | null, value: T | null, error: string | null }} */ ({
      path: null,
      value: null,
      error: null,
    }),
  );
  const ready = isReady.value;
  const change = live ? changes.value : 0;
  useEffect(() => {
    if (path === null || !ready) return undefined;
    let isOver = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const load = async () => {
      try {
        const value = await ask("GET", path);
        if (!isOver) setAnswer({ path, value, error: null });
      } catch (error) {
        if (!isOver && error instanceof Refusal) setAnswer({ path, value: null, error: error.message });
      }
      if (!isOver && everyMs > 0) timer = setTimeout(() => void load(), Math.max(LEAST_MS, everyMs));
    };
    void load();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [path, ready, change]);
  return { value: answer.value, error: answer.path === path ? answer.error : null };
}
