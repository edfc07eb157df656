export type ToolKind = "read" | "command";

/** One load: every agent does `turns` turns, each one model answer that asks for one tool call, then a last answer. */
export interface Job {
  /** One prompt an agent. Each carries its own mark, which must reach the model unchanged in every request. */
  prompts: string[];
  turns: number;
  kind: ToolKind;
}

export interface Place {
  /** OpenAI-compatible base URL, chat completions and Responses; any key will do. */
  modelUrl: string;
  modelName: string;
  /** A folder that holds `note.txt`, 1 KB: what the read tool reads and where the command runs. */
  folder: string;
}

/** A runtime that is measured, in processes of its own. */
export interface Subject {
  name: string;
  /** In one phrase: what it is and what it keeps. */
  about: string;
  /** The tool call that the model asks for, in this runtime's own words. */
  calls: Record<ToolKind, { name: string; arguments: Record<string, unknown> }>;
  start(place: Place): Promise<RunningSubject>;
}

export interface RunningSubject {
  /** Processes whose trees are counted: its own, and those that it talks to, such as a database. */
  pids(): number[];
  /** Hands over all prompts at once; resolves when every agent has ended. */
  submit(job: Job): Promise<void>;
  stop(): Promise<void>;
}
