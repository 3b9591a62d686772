/** The page of the suite in a browser: hands the driver's calls to the worker. */

// @ts-ignore -- its types stand beside another file
import { wrap } from "../../node_modules/comlink/dist/esm/comlink.mjs";

Reflect.set(globalThis, "suite", wrap(new Worker(new URL("worker.js", import.meta.url), { type: "module" })));
