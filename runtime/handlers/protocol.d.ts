/**
 * The wire between the host and an interpreter for what is no pass: calls of handlers, calls of bindings, byte streams and
 * output. Both ends are a `HandlerPort`; messages of one turn travel as one list.
 */

import type { Encoded, LogLevel, WireError } from "../../bridge/protocol.d.ts";

export type { LogLevel };

/** A body: none, whole, as text too, or a byte stream whose chunks follow. `length` in bytes where it is known. */
export type PackedBody = null | string | Uint8Array | { stream: number; length?: number };

export interface PackedRequest {
  method: string;
  url: string;
  headers: [string, string][];
  body: PackedBody;
  /** What Cloudflare's network tells of a request. */
  cf?: object;
}

export interface PackedResponse {
  status: number;
  statusText: string;
  headers: [string, string][];
  body: PackedBody;
  /** The number of the socket of a WebSocket upgrade. */
  socket?: number;
}

/** A value: canonical text, or one that crosses beside it. */
export type PackedValue =
  | { value: Encoded }
  | { bytes: Uint8Array }
  | { stream: number }
  | { request: PackedRequest }
  | { response: PackedResponse };

/** Which Durable Object. `key` is unique in the host, `file` is the name of its database. */
export interface ObjectTarget {
  key: string;
  className: string;
  id: string;
  name?: string;
  file: string;
}

/** What the host asks of an object besides `fetch` and `call`. */
export type ObjectEvent =
  /** Carry out its alarm, if that is still due at this time. `isLast`: it is not tried again. */
  | { what: "alarm"; scheduledTime: number; retryCount: number; isLast: boolean }
  /** Let go of it, if it has nothing to do. */
  | { what: "evict" };

/**
 * What the host asks of an interpreter. `entrypoint` absent: the default one. `props`: of the service binding that calls.
 * `object`: the call is of that object.
 */
export type HandlerCall = { entrypoint?: string; props?: Encoded; object?: ObjectTarget } & (
  | ObjectEvent
  | { what: "fetch"; request: PackedRequest }
  | { what: "scheduled"; cron: string; scheduledTime: number }
  | { what: "queue"; batch: PackedBatch }
  | { what: "call"; method: string; args: PackedValue[] }
);

/** A batch of messages of a queue; each body is canonical text. */
export interface PackedBatch {
  queue: string;
  messages: { id: string; timestamp: number; attempts: number; body: Encoded }[];
}

/** What an interpreter asks of the host. */
export type BindingCall =
  /** A method of a workflow or of one of its instances, outside every pass. */
  | { what: "workflow"; workflow: string; method: string; args: object }
  /** A chain of methods of a binding of `env`, or of an entrypoint of the own deployment (`exports`). */
  | { what: "binding"; binding: string; path: [string, PackedValue[]][] }
  | { what: "exports"; entrypoint: string; props?: Encoded; path: [string, PackedValue[]][] };

/** What answers a call. */
export type Reply =
  | { response: PackedResponse }
  | { value: PackedValue }
  | { text?: Encoded }
  /** `error`: the handler has raised it, after these decisions. */
  | { queue: QueueOutcome; error?: WireError }
  | { noRetry: boolean }
  /** When the object's alarm is due; `failed`: what the handler has raised. */
  | { alarm: number | null; failed?: string }
  | { evicted: boolean };

export interface QueueOutcome {
  ackAll: boolean;
  retryBatch: { retry: boolean; delaySeconds?: number };
  explicitAcks: string[];
  retryMessages: { msgId: string; delaySeconds?: number }[];
}

export type PortMessage =
  | { type: "call"; id: number; call: HandlerCall | BindingCall }
  /** `settled`: nothing of the call runs any more, and no such message follows. */
  | { type: "reply"; id: number; reply: Reply; settled?: boolean }
  | { type: "error"; id: number; error: WireError }
  /** The caller waits no longer. */
  | { type: "abort"; id: number; reason: string }
  /** The call has been answered, and nothing of it runs any more: its body is sent, and its `waitUntil` has ended. */
  | { type: "settled"; id: number }
  /** A stream begins; chunks may follow before its reader knows of it. */
  | { type: "open"; stream: number }
  | { type: "chunk"; stream: number; bytes: Uint8Array }
  | { type: "end"; stream: number }
  | { type: "fail"; stream: number; message: string }
  /** So many bytes more may be sent. */
  | { type: "pull"; stream: number; bytes: number }
  | { type: "cancel"; stream: number; reason: string }
  /** `whose` the number is: of the end that sends this message, or of the other. */
  | { type: "socket"; socket: number; whose: "ours" | "theirs"; event: SocketEvent }
  /** The alarm of an object is due at this time, and that is durable. */
  | { type: "alarm"; object: string; due: number | null }
  /** Output of the code of a call; `id` absent where it is no call's. */
  | { type: "log"; id?: number; level: LogLevel; text: string };

/** `open`: a socket of the sender's begins. `taken`: the oldest message that was not acknowledged has been taken. */
export type SocketEvent =
  | { open: true }
  | { data: string | Uint8Array }
  | { close: { code: number; reason: string } }
  | { taken: true };
