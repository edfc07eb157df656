import { z } from "zod";
import { Agent } from "./agent.ts";
import { Device } from "./device.ts";
import { Evidence, Goal } from "./goal.ts";
import { InboxEntry } from "./inbox.ts";
import { Item } from "./item.ts";
import { Run, Step, ToolCall } from "./run.ts";
import { Secret } from "./secret.ts";
import { Task, Thread } from "./thread.ts";
import { Usage } from "./usage.ts";

/** Null when the list ends here. */
const nextCursor = z.string().nullable();

export const AgentList = z.object({ agents: z.array(Agent), nextCursor });
export type AgentList = z.infer<typeof AgentList>;

export const DeviceList = z.object({ devices: z.array(Device), nextCursor });
export type DeviceList = z.infer<typeof DeviceList>;

export const GoalList = z.object({ goals: z.array(Goal), nextCursor });
export type GoalList = z.infer<typeof GoalList>;

/** A goal's file with its front matter, and the version of the goal that it belongs to. */
export const GoalText = z.object({ text: z.string(), version: z.number().int() });
export type GoalText = z.infer<typeof GoalText>;

export const EvidenceList = z.object({ evidence: z.array(Evidence), nextCursor });
export type EvidenceList = z.infer<typeof EvidenceList>;

export const TaskList = z.object({ tasks: z.array(Task), nextCursor });
export type TaskList = z.infer<typeof TaskList>;

export const ThreadList = z.object({ threads: z.array(Thread), nextCursor });
export type ThreadList = z.infer<typeof ThreadList>;

/** `nextAfter` is what to ask for next; null when the last entry is here. */
const nextAfter = z.number().int().nullable();

export const ItemList = z.object({
  items: z.array(Item),
  /** What to ask for next when reading forwards; null when the last entry is here. */
  nextAfter,
  /** What to ask for next when reading backwards; null when the first entry is here. */
  nextBefore: z.number().int().nullable(),
});
export type ItemList = z.infer<typeof ItemList>;

export const RunList = z.object({ runs: z.array(Run), nextCursor });
export type RunList = z.infer<typeof RunList>;

export const StepList = z.object({ steps: z.array(Step), nextAfter });
export type StepList = z.infer<typeof StepList>;

export const ToolCallList = z.object({ toolCalls: z.array(ToolCall), nextAfter });
export type ToolCallList = z.infer<typeof ToolCallList>;

export const SecretList = z.object({ secrets: z.array(Secret) });
export type SecretList = z.infer<typeof SecretList>;

export const InboxList = z.object({ entries: z.array(InboxEntry), nextCursor });
export type InboxList = z.infer<typeof InboxList>;

export const ApprovalList = z.object({ approvals: z.array(InboxEntry), nextCursor });
export type ApprovalList = z.infer<typeof ApprovalList>;

export const QuestionList = z.object({ questions: z.array(InboxEntry), nextCursor });
export type QuestionList = z.infer<typeof QuestionList>;

/** The run that sees the message. `steered` is false when the message started it. */
export const MessageReply = z.object({ run: Run, steered: z.boolean() });
export type MessageReply = z.infer<typeof MessageReply>;

/** The run that will run the checks. */
export const CheckStarted = z.object({ goal: Goal, run: Run });
export type CheckStarted = z.infer<typeof CheckStarted>;

export const TaskStarted = z.object({ task: Task, run: Run });
export type TaskStarted = z.infer<typeof TaskStarted>;

export const InboxReplyResult = z.object({
  /** Entries as they are now, in the order of the reply. */
  entries: z.array(InboxEntry),
  /** Those that could not be decided, and why. */
  failed: z.array(z.object({ entryId: z.string(), message: z.string() })),
});
export type InboxReplyResult = z.infer<typeof InboxReplyResult>;

/** One cap, and what is left under it now. */
export const CapUse = z.object({
  /** `workspace`, or the agent's name. */
  scope: z.string(),
  of: z.enum(["workspace", "agent"]),
  /** In a day of the machine's calendar, or over all days. */
  period: z.enum(["day", "total"]),
  limit: z.enum(["tokens", "micros", "runs"]),
  cap: z.number().int(),
  spent: z.number().int(),
  /** Set aside for calls in flight. */
  reserved: z.number().int(),
  left: z.number().int(),
});
export type CapUse = z.infer<typeof CapUse>;

export const UsageReport = z.object({
  /** `key` is an id or a day; `label` is its name or title. */
  rows: z.array(z.object({ key: z.string(), label: z.string(), usage: Usage })),
  total: Usage,
  /** With `series=day`: what each of the rows used on each day that it used anything, oldest first. */
  days: z.array(z.object({ day: z.string(), key: z.string(), tokens: z.number().int(), micros: z.number().int() })),
  /** The caps of `bureau.yaml`, the widest first; empty when there are none. */
  caps: z.array(CapUse),
});
export type UsageReport = z.infer<typeof UsageReport>;

/** One line of what needs a person now. */
export const HeyEntry = z.object({
  /** Place in the ranking, from 1; replies name it. */
  number: z.number().int(),
  /** The thing in one plain sentence. */
  sentence: z.string(),
  agentName: z.string().nullable(),
  goalTitle: z.string().nullable(),
  entry: InboxEntry,
});
export type HeyEntry = z.infer<typeof HeyEntry>;

export const Counts = z.object({
  agents: z.number().int(),
  goalsActive: z.number().int(),
  goalsBlocked: z.number().int(),
  runsQueued: z.number().int(),
  runsRunning: z.number().int(),
  runsWaiting: z.number().int(),
  inboxPending: z.number().int(),
});
export type Counts = z.infer<typeof Counts>;

/** Since when everything is stopped, and who stopped it. */
export const Halt = z.object({ at: z.string(), by: z.string() });
export type Halt = z.infer<typeof Halt>;

/** What came of stopping everything. */
export const StopAllReply = z.object({
  halted: Halt.nullable(),
  /** Runs that were told to stop. */
  runs: z.number().int(),
  /** Runs that had not yet put down what they were at; they begin nothing more. */
  ending: z.number().int(),
  sentence: z.string(),
});
export type StopAllReply = z.infer<typeof StopAllReply>;

/** What came of lifting the stop of everything. */
export const ResumeAllReply = z.object({
  /** Runs that go on. */
  runs: z.number().int(),
  sentence: z.string(),
});
export type ResumeAllReply = z.infer<typeof ResumeAllReply>;

export const Hey = z.object({
  entries: z.array(HeyEntry),
  counts: Counts,
  /** Since when everything is stopped; null while work may go on. */
  halted: Halt.nullable(),
});
export type Hey = z.infer<typeof Hey>;

export const Status = z.object({
  version: z.string(),
  /** Absolute path of the workspace's folder. */
  workspace: z.string(),
  /** The default model as `provider/model`; null when none is set. */
  model: z.string().nullable(),
  rehearsal: z.boolean(),
  /** One plain sentence: what it is doing, and that it is a rehearsal if it is one. */
  sentence: z.string(),
  /** Since when everything is stopped; null while work may go on. */
  halted: Halt.nullable(),
  counts: Counts,
  /** Sequence number of the newest event. */
  lastSeq: z.number().int(),
});
export type Status = z.infer<typeof Status>;

export const DOCTOR_STATUSES = ["ok", "warning", "missing"] as const;

export const DoctorFinding = z.object({
  name: z.string(),
  status: z.enum(DOCTOR_STATUSES),
  message: z.string(),
  /** The command or setting that mends it; null when nothing needs mending. */
  hint: z.string().nullable(),
});
export type DoctorFinding = z.infer<typeof DoctorFinding>;

export const DoctorReport = z.object({ findings: z.array(DoctorFinding) });
export type DoctorReport = z.infer<typeof DoctorReport>;

/** A run's model answers. Its lines, each as JSON on a line of its own, are the file that a rehearsal reads. */
export const Recording = z.object({ runId: z.string(), lines: z.array(z.unknown()) });
export type Recording = z.infer<typeof Recording>;
