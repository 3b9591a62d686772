/** The paths at which a development server fires cron triggers on demand: wrangler's. */

/** @import { ServingEvent } from "./event_queue.js" */

export const SCHEDULED_PATHS = new Set(["/cdn-cgi/handler/scheduled", "/cdn-cgi/local/scheduled", "/__scheduled"]);

/**
 * @param {Request} request `cron` and `time` of its query: the expression, and when it is said to fire, in ms since 1970
 * @param {(cron: string, scheduledTime: number) => Promise<{ outcome: string, noRetry: boolean }>} fire
 * @param {() => number} now in ms since 1970
 */
export async function answerScheduled(request, fire, now) {
  const { searchParams } = new URL(request.url);
  const time = searchParams.get("time");
  const scheduledTime = time === null ? now() : Number(time);
  if (!Number.isFinite(scheduledTime))
    return new Response(`time is ${JSON.stringify(time)}; it must be milliseconds since 1970.\n`, { status: 400 });
  const json = searchParams.get("format") === "json";
  try {
    const { outcome, noRetry } = await fire(searchParams.get("cron") ?? "", scheduledTime);
    return json ? Response.json({ outcome, noRetry }) : new Response(outcome);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    return json
      ? Response.json({ outcome: "exception", noRetry: false, message }, { status: 500 })
      : new Response("exception", { status: 500 });
  }
}
