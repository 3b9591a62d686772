/** What a page gives to the components that the playground and the dashboard share. */

import type { ReadonlySignal, Signal } from "@preact/signals";
import type {
  AwaitedEvent,
  Comparison,
  Fault,
  Files,
  Graph,
  InstanceDetail,
  InstanceEvent,
  OpenedRun,
  RunAddress,
  StepAddress,
} from "./run.d.ts";

/** What the components ask of the host. Each method rejects with an error whose message is for people. */
export interface RunHost {
  detail(workflow: string, id: string): Promise<InstanceDetail>;
  subscribe(
    workflow: string,
    id: string,
    listener: (events: InstanceEvent[]) => void,
    options?: { cursor?: number },
  ): () => void;
  pause(workflow: string, id: string): Promise<void>;
  resume(workflow: string, id: string): Promise<void>;
  terminate(workflow: string, id: string, options?: { rollback?: boolean }): Promise<void>;
  restartInstance(workflow: string, id: string, from?: StepAddress): Promise<void>;
  delete(workflow: string, id: string): Promise<void>;
  sendEvent(workflow: string, id: string, type: string, payload?: unknown): Promise<void>;
  awaitedEvents(workflow?: string, id?: string): Promise<AwaitedEvent[]>;
  skipSleep(workflow: string, id: string, step?: string): Promise<void>;
  exportRun(workflow: string, id: string): Promise<{ name: string; bytes: Uint8Array }>;
  compare(left: RunAddress, right: RunAddress): Promise<Comparison>;
  /** A value that the detail does not have: of the instance, or what a step gave. */
  wholeValue?(run: RunAddress, what: "params" | "output" | { step: string; type: string }): Promise<unknown>;
  forkRun(run: RunAddress, options: any): Promise<{ workflow: string; id: string }>;
}

/** The editor of the playground. */
export interface Editor {
  files: ReadonlySignal<Files>;
  main: ReadonlySignal<string>;
  goTo(place: { file: string; line: number }): void;
  /** Rejects with a sentence where the code is refused. */
  deploy(): Promise<void>;
  /** What is deployed is not the editor's code any more. */
  forgetDeployed(): void;
  /** Puts the source of a run in the editor's place; asks first where that loses something. */
  openSource(run: RunAddress): Promise<unknown>;
}

/** A view of the instance that only one of the pages has. */
export interface ExtraView {
  id: string;
  label: string;
  draw(props: { address: RunAddress; detail: InstanceDetail; workflow: string }): unknown;
}

export interface Page {
  host: RunHost;
  /** Whether the host answers. */
  isReady: ReadonlySignal<boolean>;
  /** Whether the person may change anything. */
  canWrite: ReadonlySignal<boolean>;
  shown: Signal<RunAddress | null>;
  /** null: none */
  show(address: RunAddress | null): void;
  /** To the list. */
  back(): void;
  /** The run files that have been opened. */
  openedRuns: ReadonlySignal<(OpenedRun & { fileName: string })[]>;
  closeFile(key: string): void;
  /** Runs that one can be compared with. */
  others: ReadonlySignal<{ label: string; address: RunAddress }[]>;
  /** The diagram of the code that a run has; null if it has no diagram. May be asked often. */
  graphOf(run: RunAddress, workflow: string, versionId: string): Promise<Graph | null>;
  /** Drawn where no run is shown. */
  nothingShown: () => unknown;
  /** A field for JSON. */
  JsonField: (props: JsonFieldProps) => unknown;
  views: ExtraView[];
  editor: Editor | null;
  /** What can be done about an error; empty where that is not known. */
  remedyOf?(fault: Fault): string;
  /** The host's time, in ms since 1970. */
  now(): number;
}

export interface JsonFieldProps {
  label: string;
  /** What the field has at first; afterwards the field knows. */
  value: string;
  /** An example, shown while the field is empty. */
  hint?: string;
  onChange: (text: string) => void;
  /** Ctrl+Enter; without it the form is submitted. */
  onEnter?: () => void;
}
