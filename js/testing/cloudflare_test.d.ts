/** The modules that tests import: name this file under `types` in the tsconfig of tests (`"stepwell/types"`). */

declare module "cloudflare:test" {
  import type {
    CrashOptions,
    CrashReport,
    OrderOptions,
    OrderReport,
    QueueMessage,
    ScheduledOptions,
    TestClock,
    WorkerHandle,
    WorkflowInstanceIntrospector,
    WorkflowIntrospector,
  } from "./testing.d.ts";

  export const env: Record<string, any>;
  export const SELF: Awaited<ReturnType<WorkerHandle["getExport"]>>;
  export const clock: TestClock;
  export function introspectWorkflow(workflow: object): Promise<WorkflowIntrospector>;
  export function introspectWorkflowInstance(workflow: object, id: string): Promise<WorkflowInstanceIntrospector>;
  export function checkAllCrashes(workflow: object, options?: CrashOptions): Promise<CrashReport>;
  export function checkAllOrders(workflow: object, options?: OrderOptions): Promise<OrderReport>;
  export function reset(): Promise<void>;
  export function createExecutionContext(): { waitUntil(promise: unknown): void; passThroughOnException(): void };
  export function waitOnExecutionContext(context: object): Promise<void>;
  export function createScheduledController(options?: ScheduledOptions): {
    scheduledTime: number;
    cron: string;
    noRetry(): void;
  };
  export function createMessageBatch(queue: string, messages: QueueMessage[]): any;
  export function getQueueResult(batch: object, context: object): Promise<any>;
}
