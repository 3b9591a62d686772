/** Checks each test of vitest at its end: what it has left behind fails it. */

// @ts-expect-error -- the project that is tested has vitest, this one does not
import { afterEach } from "vitest";
import { finishAll } from "./engine_handle.js";

afterEach(() => finishAll({ check: true }));
