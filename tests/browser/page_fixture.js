/** For the tests of one file: the page as people see it, with the project `DEMO`, closed after the last of them. */

import { after } from "node:test";
import { Playground } from "./page.js";
import { openSeen } from "./seen.js";

export const playground = await Playground.start();
after(() => playground.close());

export const opened = await openSeen(playground);
export const { page } = opened;
