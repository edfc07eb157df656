import { EFFECT_STATUSES } from "./effect.ts";
import { z } from "zod";
import { AGENT_STATUSES, EFFORTS } from "./agent.ts";
import { DEVICE_STATUSES, SCOPES } from "./device.ts";
import { Check, GOAL_STATUSES } from "./goal.ts";
import { DECISION_SCOPES, INBOX_KINDS, INBOX_ORDERS, INBOX_STATUSES } from "./inbox.ts";
import { RUN_STATUSES } from "./run.ts";
import { TASK_STATUSES, THREAD_STATUSES } from "./thread.ts";
import { Budget } from "./usage.ts";

const REFERENCE_CHARACTERS = 200;
const LINE_CHARACTERS = 500;
const PATH_CHARACTERS = 4_096;
const TEXT_CHARACTERS = 200_000;
const CURSOR_CHARACTERS = 400;
const SECRET_CHARACTERS = 65_536;
const DEFAULT_PAGE = 50;
const MAX_PAGE = 500;
const MAX_CHECKS = 50;
const MAX_CONSTRAINTS = 50;
const MAX_LISTED_IDS = 500;
const MAX_ATTACHMENTS = 20;
const MAX_POSITION = 2_147_483_647;
const FIRST_DAY = "1970-01-01";

/** Text that every part of the system can store: no NUL character, no half of a surrogate pair. */
export function storable(maxCharacters: number) {
  return z
    .string()
    .min(1)
    .max(maxCharacters)
    .refine((text) => !text.includes("\0") && text.isWellFormed(), {
      message: "must be Unicode text without NUL characters",
    });
}

/** In a query string: yes or no. */
export const Flag = z.preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean());

/** An id, or the name of an agent or a goal. */
export const Reference = storable(REFERENCE_CHARACTERS);
export const Line = storable(LINE_CHARACTERS);
export const LongText = storable(TEXT_CHARACTERS);
export const FilePath = storable(PATH_CHARACTERS);

/** Ids of files that were uploaded before: the agent is told where they are. */
const Attachments = z.array(Reference).max(MAX_ATTACHMENTS).optional();

/** In a query string: one value, or several with commas between them. */
export function oneOrMany<const T extends readonly [string, ...string[]]>(values: T) {
  return z.preprocess(
    (value) => (typeof value === "string" ? value.split(",") : value),
    z.array(z.enum(values)).min(1).max(values.length),
  );
}

/** In a query string: a whole number. */
export function whole(min: number, max: number) {
  return z.preprocess(
    (value) => (typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value),
    z.number().int().min(min).max(max),
  );
}

/** A place in a list of one thread or run: what a 32-bit column holds. */
export const Position = whole(0, MAX_POSITION);
/** The sequence number of an event. */
export const Sequence = whole(0, Number.MAX_SAFE_INTEGER);

/** A part of a list: `cursor` is the `nextCursor` of the part before. */
export const Page = z.strictObject({
  limit: whole(1, MAX_PAGE).default(DEFAULT_PAGE),
  cursor: storable(CURSOR_CHARACTERS).optional(),
});
export type Page = z.infer<typeof Page>;

export const ListAgents = Page.extend({ status: oneOrMany(AGENT_STATUSES).optional() });
export type ListAgents = z.infer<typeof ListAgents>;

export const AddAgent = z.strictObject({
  /** Absolute path of a folder with `AGENTS.md` or `CLAUDE.md`. */
  folder: FilePath,
  name: Reference.optional(),
});
export type AddAgent = z.infer<typeof AddAgent>;

export const CreateAgent = z.strictObject({
  name: Reference,
  /** What `AGENTS.md` says; a short one is written when absent. */
  instructions: LongText.optional(),
});
export type CreateAgent = z.infer<typeof CreateAgent>;

export const ListGoals = Page.extend({
  status: oneOrMany(GOAL_STATUSES).optional(),
  agent: Reference.optional(),
  parent: Reference.optional(),
});
export type ListGoals = z.infer<typeof ListGoals>;

/** Fields of a goal as a caller writes them. An absent field keeps its value; null empties it. */
export const GoalFields = z.strictObject({
  title: Line.optional(),
  brief: LongText.optional(),
  done: LongText.nullable().optional(),
  checks: z.array(Check).max(MAX_CHECKS).optional(),
  constraints: z.array(Line).max(MAX_CONSTRAINTS).optional(),
  budget: Budget.optional(),
  cadence: Line.nullable().optional(),
  on: Line.nullable().optional(),
  effort: z.enum(EFFORTS).nullable().optional(),
});
export type GoalFields = z.infer<typeof GoalFields>;

/** Exactly one of `text`, `spec` and `file` says what the goal is. */
export const CreateGoal = z
  .strictObject({
    /** Plain words, or a whole goal file with its front matter. */
    text: LongText.optional(),
    spec: GoalFields.extend({ brief: LongText }).optional(),
    /** Path of a goal file in the workspace or in an agent's folder. */
    file: FilePath.optional(),
    agent: Reference.optional(),
    name: Reference.optional(),
    parent: Reference.optional(),
    thread: Reference.optional(),
    /** True: written down, and started later by `resume`. */
    draft: z.boolean().optional(),
    attachments: Attachments,
  })
  .refine((goal) => [goal.text, goal.spec, goal.file].filter((part) => part !== undefined).length === 1, {
    message: "exactly one of text, spec and file must be given",
  });
export type CreateGoal = z.infer<typeof CreateGoal>;

/** Exactly one of `text` (the whole file) and `spec` (the fields to change). */
export const EditGoal = z
  .strictObject({
    text: LongText.optional(),
    spec: GoalFields.optional(),
    /** The version that the editor saw; another one is a conflict. */
    version: z.number().int().positive().max(MAX_POSITION).optional(),
  })
  .refine((edit) => (edit.text === undefined) !== (edit.spec === undefined), {
    message: "exactly one of text and spec must be given",
  });
export type EditGoal = z.infer<typeof EditGoal>;

export const ListTasks = Page.extend({
  status: oneOrMany(TASK_STATUSES).optional(),
  agent: Reference.optional(),
  goal: Reference.optional(),
});
export type ListTasks = z.infer<typeof ListTasks>;

export const CreateTask = z.strictObject({
  title: Line,
  /** What the agent reads; the title when absent. */
  text: LongText.optional(),
  agent: Reference.optional(),
  goal: Reference.optional(),
  parent: Reference.optional(),
});
export type CreateTask = z.infer<typeof CreateTask>;

export const ListThreads = Page.extend({
  status: oneOrMany(THREAD_STATUSES).optional(),
  agent: Reference.optional(),
  goal: Reference.optional(),
});
export type ListThreads = z.infer<typeof ListThreads>;

/** Entries of a growing list after a position, oldest first. */
export const After = z.strictObject({ after: Position.default(0), limit: whole(1, MAX_PAGE).default(DEFAULT_PAGE) });
export type After = z.infer<typeof After>;

/** The same, or backwards: with `before`, entries before that position, newest first; 0 means from the end. */
export const AfterOrBefore = After.extend({ before: Position.optional() });
export type AfterOrBefore = z.infer<typeof AfterOrBefore>;

export const Message = z.strictObject({ text: LongText, attachments: Attachments });
export type Message = z.infer<typeof Message>;

/** At most one of `agent`, `folder` and `thread`; none of them means the agent of the workspace itself. */
export const StartRun = z
  .strictObject({
    text: LongText,
    agent: Reference.optional(),
    /** Absolute path; becomes an agent if it is none yet. */
    folder: FilePath.optional(),
    thread: Reference.optional(),
    /** Makes the run one of a new goal with these fields. */
    goal: GoalFields.omit({ brief: true }).optional(),
    /** Caps of this run alone. */
    limits: Budget.optional(),
  })
  .refine((run) => [run.agent, run.folder, run.thread].filter((part) => part !== undefined).length <= 1, {
    message: "at most one of agent, folder and thread can be given",
  });
export type StartRun = z.infer<typeof StartRun>;

export const ListRuns = Page.extend({
  status: oneOrMany(RUN_STATUSES).optional(),
  agent: Reference.optional(),
  goal: Reference.optional(),
  thread: Reference.optional(),
});
export type ListRuns = z.infer<typeof ListRuns>;

export const ListEffects = Page.extend({
  status: oneOrMany(EFFECT_STATUSES).optional(),
  agent: Reference.optional(),
  goal: Reference.optional(),
  run: Reference.optional(),
});
export type ListEffects = z.infer<typeof ListEffects>;

export const ListGoalRuns = Page.extend({ status: oneOrMany(RUN_STATUSES).optional() });
export type ListGoalRuns = z.infer<typeof ListGoalRuns>;

export const ListInbox = Page.extend({
  status: oneOrMany(INBOX_STATUSES).default(["pending"]),
  kind: oneOrMany(INBOX_KINDS).optional(),
  goal: Reference.optional(),
  run: Reference.optional(),
  /** Absent: `ranked`. */
  order: z.enum(INBOX_ORDERS).optional(),
  /** Only what is for me to decide: given to me, or to nobody. */
  mine: Flag.optional(),
  /** `summary`: details are cut to what a list shows; an entry by its id is whole. */
  view: z.enum(["whole", "summary"]).optional(),
});
export type ListInbox = z.infer<typeof ListInbox>;

export const HeyQuery = z.strictObject({
  /** Only what is for me to decide: given to me, or to nobody. */
  mine: Flag.optional(),
});
export type HeyQuery = z.infer<typeof HeyQuery>;

export const ListInboxKind = ListInbox.omit({ kind: true });
export type ListInboxKind = z.infer<typeof ListInboxKind>;

/** `dismiss` is for entries that only tell something: a goal or run that stopped. */
export const Decision = z.strictObject({
  decision: z.enum(["approve", "deny", "dismiss"]),
  note: LongText.optional(),
  /** Of an approval: `once`, or also a rule for the same targets in its `run`, in its `goal`, or for good (`rule`). */
  scope: z.enum(DECISION_SCOPES).optional(),
  /** The `actionHash` of the action that was looked at; where the entry has another one by now, it is a conflict. */
  actionHash: Line.optional(),
});
export type Decision = z.infer<typeof Decision>;

export const JsonValue = z.json();

/** The call's arguments as they shall be used: a new hash, the same request. */
export const EditApproval = z.strictObject({ arguments: z.record(z.string(), JsonValue) });
export type EditApproval = z.infer<typeof EditApproval>;

/** Exactly one of the words and the number of a choice, from 1. */
export const Answer = z
  .strictObject({ text: LongText.optional(), choice: z.number().int().min(1).max(100).optional() })
  .refine((answer) => (answer.text === undefined) !== (answer.choice === undefined), {
    message: "exactly one of text and choice must be given",
  });
export type Answer = z.infer<typeof Answer>;

/** One reply to a whole list: `4, 5 and 7`, `all but 2`, `4 no: too expensive; 5 → @ana, Friday`. */
export const InboxReply = z.strictObject({
  text: LongText,
  /** The list that the numbers refer to, in the order it was shown: number 1 is the first. */
  entries: z.array(Reference).min(1).max(MAX_LISTED_IDS),
});
export type InboxReply = z.infer<typeof InboxReply>;

export const USAGE_GROUPS = ["goal", "agent", "day"] as const;

const Day = z.iso.date().refine((day) => day >= FIRST_DAY, { message: `must be ${FIRST_DAY} or later` });

export const UsageQuery = z.strictObject({
  by: z.enum(USAGE_GROUPS).default("goal"),
  /** Days from this one on, as `2026-01-31` in UTC. */
  since: Day.optional(),
  until: Day.optional(),
  /** Only what this agent used, or this goal with the goals below it. */
  agent: Reference.optional(),
  goal: Reference.optional(),
  /** `day`: each row also says what was used on each day. */
  series: z.enum(["none", "day"]).optional(),
});
export type UsageQuery = z.infer<typeof UsageQuery>;

/** Only events of this run, thread or goal; all of them when none is named. */
export const EventsQuery = z.strictObject({
  /** The last sequence number that the reader has seen. `Last-Event-ID` says the same and wins. */
  after: Sequence.optional(),
  run: Reference.optional(),
  thread: Reference.optional(),
  goal: Reference.optional(),
  /** Pieces of answers in the making: of this thread alone, or `none`. Absent: of all that is watched. */
  deltas: Reference.optional(),
});
export type EventsQuery = z.infer<typeof EventsQuery>;

const MIN_DEVICE_SECONDS = 60;
const MAX_DEVICE_SECONDS = 10 * 366 * 24 * 60 * 60;
/** Under these names others decide, or somebody else is meant. */
const RESERVED_NAMES = ["owner", "bureau", "runtime", "the runtime", "policy", "rule", "me"];

/** Stands in decisions as who made them, so it cannot look like anyone else. */
export const PlainName = z
  .string()
  .max(60)
  .regex(/^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M} .'’-]*[\p{L}\p{N}\p{M}])?$/u, {
    message: "must be letters and digits, with spaces, dots, hyphens or apostrophes between them",
  })
  .refine((name) => !RESERVED_NAMES.includes(name.toLowerCase()), { message: "is a name that Bureau uses itself" });

export const AddDevice = z.strictObject({
  name: PlainName,
  scope: z.enum(SCOPES).default("full"),
  /** Absent: the token holds until it is revoked. */
  expiresInSeconds: z.number().int().min(MIN_DEVICE_SECONDS).max(MAX_DEVICE_SECONDS).optional(),
});
export type AddDevice = z.infer<typeof AddDevice>;

export const ListDevices = Page.extend({ status: oneOrMany(DEVICE_STATUSES).default(["active"]) });
export type ListDevices = z.infer<typeof ListDevices>;

export const SignIn = z.strictObject({ token: Line });
export type SignIn = z.infer<typeof SignIn>;

export const SetSecret = z.object({ value: storable(SECRET_CHARACTERS) });
export type SetSecret = z.infer<typeof SetSecret>;
