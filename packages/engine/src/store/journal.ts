import type {
  CheckKind,
  EvidenceStatus,
  ExpiryAction,
  InboxKind,
  ItemContent,
  RunStatus,
  StepKind,
  StepStatus,
  ToolCallStatus,
  ToolEffect,
  Usage,
} from "@bureau/protocol";
import { type Queryable, type ReconnectOptions, withReconnect } from "./database.ts";
import type { EffectClaim, EffectPatch, NewEffect } from "./effects.ts";
import type { NewEvent } from "./events.ts";
import type { FileLabel } from "./file-labels.ts";
import type { SpendingChange } from "./spending.ts";
import { JOURNAL_LISTS, type JournalList, journalStatement } from "./journal-statement.ts";

/** Columns of a run that its driver may set; absent ones stay. `state` is merged key by key. */
export interface RunPatch {
  status?: RunStatus;
  wait_reason?: string | null;
  wait_until?: string | null;
  outcome?: string | null;
  failure?: string | null;
  sentence?: string;
  step_count?: number;
  turn?: number;
  seen_position?: number;
  attempts?: number;
  dispatch?: number;
  state?: object;
  usage?: Usage;
  model?: string;
  context_hash?: string;
  ended_at?: string;
}

/** Columns of the run's goal that its driver may set; absent ones stay. */
export interface GoalPatch {
  status?: string;
  sentence?: string;
  usage?: Usage;
  reserved_tokens?: number;
  reserved_micros?: number;
  fingerprint?: string | null;
  idle_count?: number;
  ended_at?: string;
}

export interface NewStep {
  id: string;
  number: number;
  kind: StepKind;
  turn: number;
  name: string;
  reserved_tokens?: number;
  reserved_micros?: number;
  started_at: string;
}

export interface StepPatch {
  id: string;
  status: StepStatus;
  attempts?: number;
  usage?: Usage | null;
  detail?: Record<string, unknown>;
  error?: string | null;
  ended_at: string | null;
}

export interface NewToolCall {
  id: string;
  asked_by: string;
  provider_call_id: string;
  position: number;
  name: string;
  arguments: unknown;
  action_hash: string;
  status: ToolCallStatus;
  effect: ToolEffect;
  idempotent: boolean;
  approval_reason: string | null;
  result: string | null;
  created_at: string;
}

export interface ToolCallPatch {
  id: string;
  status: ToolCallStatus;
  step_id?: string;
  result?: string | null;
  started_at?: string;
  ended_at?: string;
}

export interface NewItem {
  id: string;
  thread_id: string;
  step_id: string | null;
  turn: number;
  content: ItemContent;
  created_at: string;
}

export interface NewEvidence {
  id: string;
  goal_id: string;
  goal_version: number;
  step_id: string | null;
  check_index: number;
  kind: CheckKind;
  requirement: string;
  status: EvidenceStatus;
  detail: string;
  artifact: string | null;
  checked_at: string;
}

export interface NewInboxEntry {
  id: string;
  kind: InboxKind;
  agent_id: string;
  goal_id: string | null;
  goal_version: number | null;
  thread_id: string;
  tool_call_id: string | null;
  check_index: number | null;
  title: string;
  detail: unknown;
  choices: string[];
  action_hash: string | null;
  /** Absent: whoever may decides it. */
  assignee?: string;
  /** Absent: nobody is reminded, and it waits for as long as it takes. */
  remind_at?: string;
  expires_at?: string;
  on_expiry?: ExpiryAction;
  created_at: string;
}

/** What one decision changes. All of it becomes true together, with its events, or none. */
export interface Changes {
  run?: RunPatch;
  goal?: GoalPatch;
  steps?: NewStep[];
  stepPatches?: StepPatch[];
  toolCalls?: NewToolCall[];
  toolCallPatches?: ToolCallPatch[];
  items?: NewItem[];
  evidence?: NewEvidence[];
  inbox?: NewInboxEntry[];
  events?: NewEvent[];
  /** Writes outside that were asked for, are begun, and what they came to; see `withEffects`. */
  effects?: NewEffect[];
  effectClaims?: EffectClaim[];
  effectPatches?: EffectPatch[];
  fileLabels?: FileLabel[];
  spending?: SpendingChange[];
}

/**
 * One write on behalf of a run: what the last step came to, and what is begun next.
 *
 * `outcome` is written if the run's epoch is still ours. `intent` is written only if, besides, no command has
 * touched the run since (`control`): a call never begins under an old version. `commits` recognises a write
 * whose answer was lost with the connection.
 */
export interface RunWrite {
  runId: string;
  goalId: string | null;
  epoch: number;
  control: number;
  commits: number;
  outcome: Changes;
  intent: Changes;
}

export interface WriteResult {
  /** False: another process has the run, or it is gone. Nothing was written; the driver must stop. */
  owned: boolean;
  /** False: a command came in between. The outcome was written, the intent was not. */
  current: boolean;
  /** Position in the thread of each item written, by its id. */
  positions: Record<string, number>;
}

/** Writes for many runs as one statement, which is one transaction and one flush to disk. */
export async function writeJournal(database: Queryable, writes: RunWrite[]): Promise<Map<string, WriteResult>> {
  const rows = flatten(writes);
  const endsRun = writes.some(({ outcome, intent }) => outcome.run?.status ?? intent.run?.status);
  const used = JOURNAL_LISTS.filter((list) => rows[list].length > 0);
  const { name, text, lists } = journalStatement(new Set(used), endsRun);
  const { rows: results } = await database.query({ name, text, values: lists.map((list) => storableJson(rows[list])) });
  const found = new Map<string, WriteResult>();
  for (const row of results) {
    found.set(row.run_id, { owned: row.owned, current: row.current, positions: row.positions ?? {} });
  }
  return found;
}

/** What the writes of a usual turn hold: begin, asked for tools, tools done, answered. */
const USUAL: [lists: JournalList[], endsRun: boolean][] = [
  [["runs", "steps", "events"], false],
  [["runs", "steps", "stepPatches", "toolCalls", "toolCallPatches", "items", "events"], false],
  [["runs", "steps", "stepPatches", "toolCallPatches", "items", "events"], false],
  [["runs", "stepPatches", "items", "events"], true],
];

/** Has the connection plan the statements of usual writes, so that the first run need not wait for it. */
export async function prepareJournal(database: Queryable): Promise<void> {
  for (const [lists, endsRun] of USUAL) {
    const statement = journalStatement(new Set(lists), endsRun);
    await database.query({ name: statement.name, text: statement.text, values: lists.map(() => "[]") });
  }
}

/** JSON that the database accepts: it holds no NUL and no half of a surrogate pair. */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\u(0000|d[89a-f])/i.test(text)) return text;
  return text.replace(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/gi, "$1\\ufffd");
}

function flatten(writes: RunWrite[]): Record<JournalList, unknown[]> {
  const rows = Object.fromEntries(JOURNAL_LISTS.map((list) => [list, []])) as unknown as Record<JournalList, unknown[]>;
  for (const write of writes) {
    const { runId, goalId } = write;
    rows.runs.push({
      run_id: runId,
      epoch: write.epoch,
      control: write.control,
      commits: write.commits,
      outcome: write.outcome.run ?? {},
      intent: write.intent.run ?? {},
    });
    for (const part of ["outcome", "intent"] as const) {
      const changes = write[part];
      const mark = { run_id: runId, intent: part === "intent" };
      if (changes.goal && goalId) rows.goals.push({ ...mark, goal_id: goalId, patch: changes.goal });
      for (const list of [
        "steps",
        "stepPatches",
        "toolCalls",
        "toolCallPatches",
        "items",
        "evidence",
        "inbox",
        "spending",
      ] as const) {
        for (const row of changes[list] ?? []) rows[list].push({ ...mark, ...row });
      }
      for (const event of changes.events ?? []) rows.events.push({ ...mark, runId, goalId, ...event });
    }
  }
  return rows;
}

/**
 * What became of a write whose answer was lost: whether it was made, and if so its result.
 *
 * Waits for a transaction that has locked the run's row, so one that is still being committed is not taken for lost.
 */
export async function resolveWrite(database: Queryable, write: RunWrite): Promise<WriteResult | "not_written"> {
  const { rows } = await database.query(
    "SELECT epoch, control, commits::text, status FROM runs WHERE id = $1 FOR SHARE",
    [write.runId],
  );
  const run = rows[0];
  if (!run || run.epoch !== write.epoch) return NOT_OWNED;
  if (Number(run.commits) === write.commits) return "not_written";
  const ids = [...(write.outcome.items ?? []), ...(write.intent.items ?? [])].map((item) => item.id);
  const items = await database.query("SELECT id, position FROM items WHERE id = ANY($1)", [ids]);
  const positions = Object.fromEntries(items.rows.map((row) => [row.id, row.position]));
  return { owned: true, current: await isIntentWritten(database, write, run), positions };
}

/** Where nothing tells, a command since then counts as one before: the caller then reads the store, which is right. */
async function isIntentWritten(
  database: Queryable,
  { intent, control }: RunWrite,
  run: { control: number; status: string },
): Promise<boolean> {
  // Under one epoch, a run that waits or is over is never running again.
  if (intent.run?.status !== undefined) return run.status !== "running";
  const begun = intent.steps?.[0]?.id;
  if (begun === undefined) return run.control === control;
  return (await database.query("SELECT 1 FROM steps WHERE id = $1", [begun])).rows.length > 0;
}

/** What is said to the driver of a run that another process has, or that is gone. */
export const NOT_OWNED: WriteResult = { owned: false, current: false, positions: {} };

/**
 * Makes a write once, whatever the connection does: `make` is repeated during an outage only after it was found out
 * that the write was not made. A `result` that was found out stands for what `make` would have returned.
 */
export async function writeOnce(
  database: Queryable,
  write: RunWrite,
  make: () => Promise<WriteResult>,
  options: ReconnectOptions & { isLost?: boolean } = {},
): Promise<WriteResult> {
  let isLost = options.isLost ?? false;
  return await withReconnect(async () => {
    const known = isLost ? await resolveWrite(database, write) : "not_written";
    if (known !== "not_written") return known;
    const wasLost = isLost;
    // Until it answers, nobody knows.
    isLost = true;
    const result = await make();
    if (result.owned || !wasLost) return result;
    // The one whose answer was lost was on its way still, and came first.
    const late = await resolveWrite(database, write);
    return late === "not_written" ? result : late;
  }, options);
}
