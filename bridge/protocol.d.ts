/**
 * The wire between engine and guest, on one page.
 *
 * A *pass* is one run of a workflow's `run()`; its number is also the fence: the engine ignores whatever
 * a pass sends after the engine has dropped it. A *ref* is a number the guest chooses, unique within its pass,
 * for one call of `step.do`, `step.sleep` or `step.wait_for_event`.
 *
 * Messages travel in batches (`batch.js`, `batch.py`): one crossing for all that a turn produced. Between two
 * batches order is kept, within a batch too. Values travel as canonical text (`values.js`, `values.py`) and are
 * never decoded on the way.
 */

/** Canonical JSON text of one value: one line, no newline inside. */
export type Encoded = string;

/** An error as data. Nothing is ever read out of `message` or `traceback`. */
export interface WireError {
  /** Class name as people know it, e.g. "ValueError", "WorkflowTimeoutError". */
  name: string;
  message: string;
  /** Present and false for NonRetryableError (subclasses too) and values that cannot be stored. */
  retryable?: false;
  /** Where the class is found again: "module:Qualified.Name" of Python, "file:export" of JavaScript. */
  type?: string;
  /** The exception's arguments, encoded as a list, where they can be. */
  args?: Encoded;
  /** Its attributes, encoded as an object; those that cannot be stored are left out. */
  state?: Encoded;
  /** JavaScript's `cause`, Python's `__cause__`, where it can be stored. */
  cause?: Encoded;
  /** Python's `__context__`, where that is not suppressed. */
  context?: Encoded;
  /** Python's `__notes__`, as a list. */
  notes?: Encoded;
  /** The errors of JavaScript's AggregateError, as a list. */
  errors?: Encoded;
  /** For people: the Python traceback, or the JavaScript stack. */
  traceback?: string;
}

export type Backoff = "constant" | "linear" | "exponential";

/** A step's configuration with all defaults filled in. */
export interface StepConfig {
  /** JSON has no infinity: a limit without end travels and is stored as the string. */
  retries: {
    limit: number | "Infinity";
    /** `"[dynamic]"` on disk and in a `do` message: the guest has a function for it. The context of an attempt lacks it then. */
    delay: number | string;
    backoff: Backoff;
  };
  timeout: number | string;
  sensitive?: "output";
  /** How many of the items that the step reports are kept, the newest ones. */
  progress?: number;
}

/** A step's configuration as the callback's context shows it. */
export type ShownConfig = Omit<StepConfig, "retries"> & {
  retries: Omit<StepConfig["retries"], "delay"> & { delay?: number | string };
};

/** Limits of the byte stream that a step gives. */
export interface StreamLimits {
  /** The size of the chunks in which it is kept. */
  chunkBytes: number;
  /** The largest piece that the user's stream may give at once. */
  maxPieceBytes: number;
  maxStreamBytes: number;
  /** The message of the error for a stream that is larger. */
  streamTooLarge: string;
}

export type StepKind = "do" | "sleep" | "waitForEvent";

/**
 * What the log has of a step when a pass starts. First come the outcomes, in the order in which they became known, then
 * the steps that are open: they have begun and have no outcome yet.
 */
export type HistoryEntry =
  | (StepIdentity & { outcome: "value"; value: Encoded })
  | (StepIdentity & { outcome: "error"; error: WireError })
  /** Finished, but too large to hand over unasked: send the call and the engine resolves it. */
  | (StepIdentity & { outcome: "stored" })
  | (StepIdentity & { outcome: "open" });

export interface StepIdentity {
  kind: StepKind;
  name: string;
  count: number;
}

/** Engine to guest. */
export type ToGuest =
  | {
      type: "start";
      pass: number;
      className: string;
      /** The event without its payload; `timestamp` and `scheduledTime` in ms since 1970. */
      event: {
        timestamp: number;
        instanceId: string;
        workflowName: string;
        schedule?: { cron: string; scheduledTime: number };
      };
      /** The payload. */
      value: Encoded;
      /** What `config` absent means. */
      defaults: StepConfig;
      /** How many `do` calls the pass may make. */
      stepLimit: number;
      /**
       * The guest gives these outcomes to `run()` in this order, one at a time: the next when the code has done all that it
       * could with the one before. Outcomes that become known later come after them, save the answers to `call`,
       * `writeChunk`, `readChunk` and `progress`, and refusals, which no log has.
       */
      history: HistoryEntry[];
      /** How many of the outcomes an earlier pass was given; absent: all of them. */
      seen?: number;
      /** The earlier pass was cut: it may not have done all that it could. */
      cut?: true;
      /**
       * The instance rolls back. `run()` is called to find the rollback handlers again, and no callback runs: a call gives
       * or raises what the history has of it, and stays pending where that has no outcome. The guest sends `rollback` for
       * each step that has a handler, and `replayed` when `run()` is over or waits for what is not in the history. After
       * that, steps, sleeps and waits are refused.
       */
      rollback?: true;
      /** The id of the instance's trace, in 32 hexadecimal digits, where traces are sent. */
      trace?: string;
    }
  /**
   * Run the callback of `ref` as this attempt. Where `ref` is one of a `rollback` message, run the handler: `rollback` holds
   * its other arguments, and `value` the step's output, absent where it has none.
   */
  | {
      type: "attempt";
      pass: number;
      ref: number;
      attempt: number;
      config: ShownConfig;
      rollback?: { error: WireError; attempt: number; config: ShownConfig };
      value?: Encoded;
    }
  /** Ask the delay function of `ref` how long to wait after this attempt. `error` as in `reject`. */
  | { type: "delay"; pass: number; ref: number; attempt: number; config: ShownConfig; error?: WireError }
  /** `value` is absent for a sleep, and where the guest itself sent it in `done`. */
  | { type: "resolve"; pass: number; ref: number; value?: Encoded }
  /**
   * `error` is absent where the guest itself sent it in the last `failed` of `ref`. `refused`: the call breaks a rule, and
   * is not in the log.
   */
  | { type: "reject"; pass: number; ref: number; error?: WireError; refused?: true }
  /** A step that the history has as open has ended before the guest has called it. */
  | ({ type: "recorded"; pass: number } & Exclude<HistoryEntry, { outcome: "open" }>)
  /** While on, the guest begins no attempt by itself (a pause is pending). */
  | { type: "hold"; pass: number; on: boolean }
  /** This attempt has timed out, or what it gave is refused. Its callback is not interrupted unless it keeps the interpreter from everybody else. */
  | { type: "expired"; pass: number; ref: number; attempt: number }
  /**
   * The pass is over for the engine: give up its coroutines. Nothing it sends counts any more. `reason` is absent where
   * `run()` has come to its end.
   */
  | { type: "drop"; pass: number; reason?: string };

/** Guest to engine. */
export type FromGuest =
  /**
   * A call of `step.do`, or a request for the output of a step that has ended. `config` as the user wrote it (retries, timeout, sensitive), absent if none was given.
   * `started`: the guest begins attempt 1 right after this message has left. It may do so only when the step is not in
   * the history, the pass is not on hold, and the configuration is absent or one for which an `attempt` message has
   * shown before that its retry limit is above 0. `rollback`: it has a rollback handler, with this configuration.
   */
  | {
      type: "do";
      pass: number;
      ref: number;
      name: string;
      count: number;
      config?: object;
      started?: true;
      rollback?: { config?: object };
    }
  | { type: "done"; pass: number; ref: number; attempt: number; value: Encoded; usage?: Usage }
  | { type: "failed"; pass: number; ref: number; attempt: number; error: WireError; usage?: Usage }
  /** What the delay function gave, or in `failure` what became of it instead, as the end of a sentence. */
  | { type: "delay"; pass: number; ref: number; attempt: number; delay?: unknown; failure?: string }
  /** In a pass that rolls back: `ref` stands for the rollback handler of this step. */
  | { type: "rollback"; pass: number; ref: number; name: string; count: number; config?: object }
  /** In a pass that rolls back: all handlers have been sent, and `run()` is over or can do no more. */
  | { type: "replayed"; pass: number }
  /** Either `duration` (ms or "5 minutes") or `until` (ms since 1970). */
  | {
      type: "sleep";
      pass: number;
      ref: number;
      name: string;
      count: number;
      duration?: number | string;
      until?: number;
    }
  | {
      type: "waitForEvent";
      pass: number;
      ref: number;
      name: string;
      count: number;
      eventType: string;
      timeout?: number | string;
    }
  /**
   * A method of another workflow, or of one of its instances (`id` in `args`), by `env`. Answered by `resolve` or `reject`.
   * What is a value of the user's in `args` is canonical text.
   */
  | {
      type: "call";
      pass: number;
      ref: number;
      workflow: string;
      method: string;
      args: object;
      /** The ref of the step whose code calls, in a pass that has a trace. */
      step?: number;
    }
  /**
   * The next chunk of the byte stream that the attempt of `step` gives, as encoded bytes; `chunkBytes` each, save the last. The
   * value of `done` is then `{"$":"stream","v":{name, count, chunks, bytes, preview}}`. Answered by `resolve`.
   */
  | { type: "writeChunk"; pass: number; ref: number; step: number; attempt: number; index: number; value: Encoded }
  /** What the attempt of `step` reports while it runs. Answered by `resolve` once it is durable. */
  | { type: "progress"; pass: number; ref: number; step: number; attempt: number; value: Encoded }
  /**
   * How long after the start of the instance each outcome became known that has a place in the history. Answered by
   * `resolve` with an encoded list of milliseconds.
   */
  | { type: "readTimes"; pass: number; ref: number }
  /** The limits of byte streams. Answered by `resolve` with an encoded `StreamLimits`. A pass asks when it first has a stream. */
  | { type: "readStreamLimits"; pass: number; ref: number }
  /** A chunk of the byte stream that a step of this instance has given. Answered by `resolve` with encoded bytes. */
  | { type: "readChunk"; pass: number; ref: number; name: string; count: number; index: number }
  /** `run()` returned. */
  | { type: "end"; pass: number; value: Encoded }
  /** `run()` raised. */
  | { type: "fail"; pass: number; error: WireError }
  /**
   * Nothing in this pass can move without a message from the engine. `seen` is how many messages of the engine for
   * this pass had been received (`start` is the first): if the engine has sent more since, it does not hold any longer.
   */
  | { type: "quiet"; pass: number; seen: number }
  /** Output of user code. `ref` where it came from a step; `replay` where it repeats what an earlier pass printed. */
  | { type: "log"; pass: number; ref?: number; level: LogLevel; text: string; replay?: true };

export type LogLevel = "debug" | "info" | "warning" | "error" | "stdout" | "stderr";

/** What an attempt has used, where the runtime counts that; it is the runtime that says so, not the guest. */
export interface Usage {
  /** Processor time in ms. */
  cpuMs: number;
  /** By how many bytes it has made its interpreter grow: memory that nothing in the interpreter had written to before. */
  memoryBytes?: number;
}

/** A pass that is gone because its interpreter died or was stopped. */
export interface LostPass {
  pass: number;
  /** Refs whose running attempt is to blame and is charged; other running attempts begin again free of charge. */
  blamed: number[];
  /** For people: what happened to the interpreter. */
  reason: string;
  /** The deployment does not load any more, as `reason` says: the pass begins again when it does. */
  unloadable?: true;
}

/**
 * Where passes run, as the engine sees it: one interpreter or a pool of them, a thread, a process or a fake of four lines.
 * `send` may be called at any time and must not call back synchronously.
 */
export interface Guest {
  send(message: ToGuest): void;
  /** Set by the engine. */
  onmessages: (messages: FromGuest[]) => void;
  /** Set by the engine. */
  onlost: (passes: LostPass[]) => void;
  dispose(): Promise<void>;
}
