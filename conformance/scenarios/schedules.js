/** Instances that the clock makes, and what they know of it. The suite's clock begins at 2030-01-01T00:00Z. */

/** @import { Run, Scenario } from "../scenario.d.ts" */

const NOT_THERE = {
  cloudflare: "its local engine fires no schedules",
  browser: "the page is handed no schedules",
};
const HOUR = Date.UTC(2030, 0, 1, 1);

/** @type {Pick<Scenario, "python" | "javascript">} */
const TELLS = {
  python: `
      schedule = event["schedule"]
      return [event.instanceId, schedule["cron"], schedule["scheduledTime"], event.payload]`,
  javascript: `
      const { cron, scheduledTime } = event.schedule;
      return [event.instanceId, cron, scheduledTime, event.payload];`,
};

/** @type {Scenario[]} */
export default [
  {
    name: "schedules: the instance is named after its time and told of it",
    ...TELLS,
    schedules: ["0 * * * *"],
    async drive(run) {
      await run.pass("1 hour");
      await run.scheduled();
      await run.finish();
      const { trigger, schedule } = await run.detail();
      await run.note({ trigger, schedule });
    },
    expect: {
      output: [`0 * * * *-${HOUR}`, "0 * * * *", HOUR, {}],
      notes: [{ trigger: { source: "cron" }, schedule: { cron: "0 * * * *", scheduledTime: HOUR } }],
    },
    notFor: NOT_THERE,
  },
  {
    name: "schedules: event.schedule is the same in every replay",
    python: `
      first = event["schedule"]["scheduledTime"]
      await step.sleep("nap", "10 minutes")
      return [first, event["schedule"]["scheduledTime"]]`,
    javascript: `
      const first = event.schedule.scheduledTime;
      await step.sleep("nap", "10 minutes");
      return [first, event.schedule.scheduledTime];`,
    schedules: ["0 * * * *"],
    async drive(run) {
      await run.pass("1 hour");
      await run.scheduled();
      await run.crash();
      await run.finish();
    },
    expect: { output: [HOUR, HOUR] },
    notFor: NOT_THERE,
  },
  {
    name: "schedules: an instance without a schedule has no event.schedule",
    python: `
      return "schedule" in event`,
    javascript: `
      return "schedule" in event;`,
    expect: { output: false },
  },
  {
    name: "schedules: a restart keeps event.schedule",
    ...TELLS,
    schedules: ["0 * * * *"],
    async drive(run) {
      await run.pass("1 hour");
      await run.scheduled();
      await run.restart();
      await run.finish();
    },
    expect: { output: [`0 * * * *-${HOUR}`, "0 * * * *", HOUR, {}] },
    notFor: NOT_THERE,
  },
  {
    name: "schedules: what was created by hand has the trigger api",
    python: `
      return 1`,
    javascript: `
      return 1;`,
    async drive(run) {
      await run.create();
      await run.finish();
      await run.note((await run.detail()).trigger);
    },
    expect: { output: 1, notes: [{ source: "api" }] },
    notFor: { cloudflare: "its binding tells no trigger" },
  },
];
