/** Handlers of a project, as a test calls them: requests, scheduled times and batches of messages. */

/** @import { Deployment } from "../server/deployment.js" */
/** @import { DeploymentLoader } from "../server/deployment_loader.js" */

import { decode } from "../../bridge/values.js";

/** @typedef {{ method: string, url: string, headers: [string, string][], body: string | null }} TestRequest `body` is base64 */
/** @typedef {{ status: number, headers: [string, string][], body: string }} TestResponse */

/**
 * @param {DeploymentLoader} deployments
 * @param {Deployment} deployment
 * @param {TestRequest} request
 * @returns {Promise<TestResponse>}
 */
export async function fetchFrom(deployments, deployment, { method, url, headers, body }) {
  const { worker } = await deployments.load(deployment);
  const content = body === null ? {} : { body: Buffer.from(body, "base64") };
  const response = await worker.fetch(new Request(url, { method, headers, ...content }));
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: [...response.headers], body: bytes.toString("base64") };
}

/**
 * @param {DeploymentLoader} deployments
 * @param {Deployment} deployment
 * @param {{ cron: string, scheduledTime: number }} event
 */
export async function fireSchedule(deployments, deployment, event) {
  const { worker } = await deployments.load(deployment);
  return await worker.scheduled(event);
}

/**
 * @param {DeploymentLoader} deployments
 * @param {Deployment} deployment
 * @param {{ queue: string, messages: { id: string, timestamp: number, attempts: number, body: string }[] }} batch bodies are
 *   canonical texts
 */
export async function deliverBatch(deployments, deployment, { queue, messages }) {
  const { worker } = await deployments.load(deployment);
  return await worker.queue({
    queue,
    messages: messages.map(({ body, ...rest }) => ({ ...rest, body: decode(body) })),
  });
}
