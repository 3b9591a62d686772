/**
 * One workload, in a process of its own: `node stepwell.js '{"workload": "sequential", "folder": "/tmp/x", …}'`.
 *
 * Prints what it measured as one line of JSON.
 */

import "../js/server/heap.js";
import { compute } from "./workloads/compute.js";
import { events } from "./workloads/events.js";
import { fanOut } from "./workloads/fan_out.js";
import { floors } from "./workloads/floors.js";
import { isolates } from "./workloads/isolates.js";
import { large } from "./workloads/large.js";
import { long } from "./workloads/long.js";
import { sequential } from "./workloads/sequential.js";
import { manySleepers, sleepers } from "./workloads/sleepers.js";

/** @type {Record<string, (settings: any) => Promise<Record<string, number | undefined>>>} */
const WORKLOADS = { compute, events, fanOut, floors, isolates, large, long, manySleepers, sequential, sleepers };

const settings = JSON.parse(process.argv[2]);
const figures = await WORKLOADS[settings.workload](settings);
process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
