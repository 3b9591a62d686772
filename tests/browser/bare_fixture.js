/** For the tests of one file: a bare page with the workflows of `flows/main.py` deployed, closed after the last of them. */

import { after } from "node:test";
import { deployFlows, Playground } from "./page.js";

export const playground = await Playground.start();
after(() => playground.close());

export const opened = await playground.bare();
export const { page } = opened;
await deployFlows(page);
