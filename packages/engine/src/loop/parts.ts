import type { Dispatcher } from "../commands/parts.ts";
import type { Clock } from "../clock.ts";
import type { ConnectedTools } from "../connectors/connector.ts";
import type { RunChecks } from "../goals/checker.ts";
import type { Models } from "../models/model.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Blobs } from "../store/blobs.ts";
import type { Database, Queryable, ReconnectOptions } from "../store/database.ts";
import type { Tool } from "../tools/tool.ts";
import type { CapsSource } from "../workspace/watch-caps.ts";
import type { JournalWriter } from "./journal-writer.ts";
import type { Live } from "./live.ts";
import type { ReadPolicy } from "./policy-view.ts";
import type { SpendWatch } from "./spend-watch.ts";
import type { Signals } from "./signals.ts";

/** Caps of one run; a goal goes on in a new run when one is reached. */
export interface RunLimits {
  steps: number;
  activeMs: number;
  /** Times in a row that a process may die in one step of a run before the run is given up. */
  attempts: number;
}

export const DEFAULT_RUN_LIMITS: RunLimits = { steps: 400, activeMs: 4 * 60 * 60_000, attempts: 5 };

/** How long an approval waits, and when a person is reminded of it; both from when it was asked for. */
export interface ApprovalTimes {
  expireAfterMs: number;
  remindAfterMs: number;
}

const DEFAULT_EXPIRE_AFTER_MS = 3 * 24 * 60 * 60_000;

/** The reminder comes when half of the time has passed, where nothing else is said. */
export function approvalTimes(given: Partial<ApprovalTimes> = {}): ApprovalTimes {
  const expireAfterMs = given.expireAfterMs ?? DEFAULT_EXPIRE_AFTER_MS;
  return { expireAfterMs, remindAfterMs: given.remindAfterMs ?? expireAfterMs / 2 };
}

/** What the context files of an agent's folder come to. */
export interface AgentContext {
  text: string;
  notices: string[];
  /** The files that it was made of. */
  sources: readonly { path: string }[];
}

/** What driving a run stands on. */
export interface LoopParts {
  /** Absolute, real path of the workspace's folder. */
  workspace: string;
  /** The name of a secret whose value is in the text. */
  secretIn(text: string): string | null;
  /** For all that is read: asked again during an outage. */
  reads: Queryable;
  /** For transactions. Nothing repeats them: what is written for a run goes through `writeOnce`. */
  database: Pick<Database, "transaction">;
  writer: JournalWriter;
  blobs: Blobs;
  clock: Clock;
  random: () => number;
  live: Pick<Live, "committed" | "emitDelta" | "hasDeltaListeners">;
  signals: Signals;
  dispatcher: Dispatcher;
  /** Adds the next run of a goal whose run reached its limit, in the transaction that ends it. */
  continueGoal(transaction: Queryable, run: { goalId: string | null; threadId: string }): Promise<void>;
  executorId: string;
  models: Models;
  sandbox: Sandbox;
  limits: RunLimits;
  /** Rules and labels that decisions about calls rest on. */
  policy: ReadPolicy;
  /** Caps of agents, the workspace and the day; absent when nothing can be capped. */
  caps?: CapsSource;
  /** Told of what model calls came to. */
  watch?: Pick<SpendWatch, "settled">;
  approvals: ApprovalTimes;
  /** Says that an entry of the inbox will be due then, in milliseconds since 1970. Too early does no harm. */
  onDue(at: number): void;
  /** Built-in tools of a run, in the order the model sees them. */
  tools(kind: { goal: boolean }): readonly Tool[];
  /** Tools of the servers that an agent is connected to; the model sees them after the built-in ones. */
  connectedTools(agent: { folder: string }): Promise<ConnectedTools>;
  loadContext(folder: string): Promise<AgentContext>;
  folderDigest(folder: string): Promise<string>;
  runChecks: RunChecks;
  log: (level: "warn" | "error", message: string) => void;
}

/** How a drive meets an outage: it waits until the database is back, its limit is reached, or the process is to end. */
export function patience({ clock, signals }: Pick<LoopParts, "clock" | "signals">): ReconnectOptions {
  return { clock, signal: signals.stopped };
}
