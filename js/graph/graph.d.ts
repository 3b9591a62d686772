/** The graph of a workflow, as upstream's `versions/{id}/graph` has it. The keys under "more" are Stepwell's own. */

export interface Graph {
  version: number;
  workflow: {
    class_name: string;
    functions: Record<string, FunctionDefNode>;
    nodes: GraphNode[];
  };
}

/** Where a node's call is in the source. Lines and columns count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

interface More {
  at?: Place;
  /** The name has parts that only a run knows; they are `${...}` in it. */
  dynamic?: boolean;
}

interface Awaited extends More {
  /** The node begins without being awaited: a count that is the same for what begins together. */
  starts?: number;
  /** The count at which it is awaited. */
  resolves?: number;
}

/** Milliseconds, or a text such as "5 minutes"; "unknown" where only a run knows it. */
export type Duration = number | string;

export interface StepConfig {
  retries: { limit: number; delay: Duration; backoff: "constant" | "linear" | "exponential" };
  timeout: Duration;
}

export interface StepDoNode extends Awaited {
  type: "step_do";
  name: string;
  config: StepConfig;
  /** Steps and calls inside the callback. */
  nodes: GraphNode[];
  /** The names of the steps that it depends on. */
  depends?: string[];
  /** It has a rollback handler. */
  rollback?: boolean;
  /** The configuration has parts that only a run knows, which are shown as their defaults. */
  dynamic_config?: boolean;
}

export interface StepSleepNode extends Awaited {
  type: "step_sleep";
  name: string;
  duration: Duration;
  /** The source of a duration that only a run knows. */
  expression?: string;
}

export interface StepSleepUntilNode extends Awaited {
  type: "step_sleep_until";
  name: string;
  timestamp: string;
  expression?: string;
}

export interface StepWaitNode extends Awaited {
  type: "step_wait_for_event";
  name: string;
  options: { event_type: string; timeout: Duration } | null;
}

export interface LoopNode extends More {
  type: "loop";
  nodes: GraphNode[];
}

export interface ParallelNode extends More {
  type: "parallel";
  kind: "all" | "any" | "all_settled" | "race";
  nodes: GraphNode[];
}

export interface BlockNode extends More {
  type: "block";
  nodes: GraphNode[];
}

export interface TryNode extends More {
  type: "try";
  try_block: BlockNode | null;
  catch_block: BlockNode | null;
  finally_block: BlockNode | null;
}

export interface Branch {
  /** The source of the condition; null is "otherwise". */
  condition: string | null;
  nodes: GraphNode[];
}

export interface IfNode extends More {
  type: "if";
  branches: Branch[];
}

export interface SwitchNode extends More {
  type: "switch";
  discriminant: string;
  branches: Branch[];
}

export interface FunctionCallNode extends Awaited {
  type: "function_call";
  name: string;
  /** The binding of the workflow that it creates instances of. */
  workflow?: string;
  /** Why there is no graph. */
  error?: Place & { message: string };
}

export interface FunctionDefNode extends More {
  type: "function_def";
  name: string;
  nodes: GraphNode[];
}

export interface BreakNode extends More {
  type: "break";
  kind: "break" | "return";
  /** What it raises, where it is an error that ends the function. */
  raises?: string;
}

export type GraphNode =
  | StepDoNode
  | StepSleepNode
  | StepSleepUntilNode
  | StepWaitNode
  | LoopNode
  | ParallelNode
  | BlockNode
  | TryNode
  | IfNode
  | SwitchNode
  | FunctionCallNode
  | FunctionDefNode
  | BreakNode;

/** The keys that lead from `graph.workflow` to a node. */
export type NodePath = (string | number)[];
