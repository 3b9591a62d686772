/** What a page gives to the components that the playground and the dashboard share. What they ask of the host: `RunHost`. */

import type { ReadonlySignal, Signal } from "@preact/signals";
import type { Fault, Files, Graph, InstanceDetail, OpenedRun, RunAddress, RunHost } from "./run.d.ts";

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
