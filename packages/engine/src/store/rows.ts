import type {
  Agent,
  AgentId,
  Budget,
  Evidence,
  Goal,
  GoalSpec,
  InboxEntry,
  Item,
  ItemContent,
  Run,
  Step,
  Task,
  Thread,
  ToolCall,
  Usage,
} from "@bureau/protocol";

/** Rows as node-postgres returns them: snake case, times as dates. Only the columns that code reads by name. */
export interface AgentRow {
  id: AgentId;
  name: string;
  folder: string;
  status: Agent["status"];
  created_at: Date;
}

export interface GoalRow {
  id: Goal["id"];
  name: string;
  agent_id: AgentId;
  thread_id: Goal["threadId"];
  parent_id: Goal["parentId"];
  kind: Goal["kind"];
  status: Goal["status"];
  version: number;
  spec: GoalSpec;
  sentence: string;
  file: string | null;
  file_hash: string | null;
  usage: Usage;
  fingerprint: string | null;
  idle_count: number;
  created_at: Date;
  updated_at: Date;
  ended_at: Date | null;
}

export interface ThreadRow {
  id: Thread["id"];
  agent_id: AgentId;
  goal_id: Thread["goalId"];
  title: string;
  status: Thread["status"];
  item_count: number;
  created_at: Date;
  updated_at: Date;
}

export interface TaskRow {
  id: Task["id"];
  goal_id: Task["goalId"];
  parent_id: Task["parentId"];
  agent_id: AgentId;
  thread_id: Task["threadId"];
  title: string;
  status: Task["status"];
  created_at: Date;
  updated_at: Date;
}

export interface RunRow {
  id: Run["id"];
  thread_id: Run["threadId"];
  agent_id: AgentId;
  goal_id: Run["goalId"];
  goal_version: number | null;
  task_id: Run["taskId"];
  status: Run["status"];
  trigger: string;
  priority: number;
  epoch: number;
  control: number;
  dispatch: number;
  cancel_requested: boolean;
  pause_requested: boolean;
  wait_reason: Run["waitReason"];
  wait_until: Date | null;
  outcome: Run["outcome"];
  failure: Run["failure"];
  sentence: string;
  step_count: number;
  turn: number;
  state: Record<string, unknown>;
  usage: Usage;
  limits: Budget;
  model: string | null;
  rehearsal: boolean;
  created_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
}

export interface StepRow {
  id: Step["id"];
  run_id: Step["runId"];
  number: number;
  kind: Step["kind"];
  status: Step["status"];
  turn: number;
  name: string;
  attempts: number;
  usage: Usage | null;
  error: string | null;
  started_at: Date;
  ended_at: Date | null;
}

export interface ToolCallRow {
  id: ToolCall["id"];
  run_id: ToolCall["runId"];
  step_id: ToolCall["stepId"];
  position: number;
  name: string;
  arguments: unknown;
  action_hash: string;
  status: ToolCall["status"];
  effect: ToolCall["effect"];
  idempotent: boolean;
  approved: boolean;
  result: string | null;
  created_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
}

export interface ItemRow {
  id: Item["id"];
  thread_id: Item["threadId"];
  run_id: Item["runId"];
  step_id: Item["stepId"];
  position: number;
  turn: number;
  type: string;
  content: ItemContent;
  created_at: Date;
}

export interface EvidenceRow {
  id: Evidence["id"];
  goal_id: Evidence["goalId"];
  goal_version: number;
  run_id: Evidence["runId"];
  check_index: number;
  kind: Evidence["kind"];
  requirement: string;
  status: Evidence["status"];
  detail: string;
  artifact: string | null;
  checked_at: Date;
}

export interface InboxRow {
  id: string;
  kind: InboxEntry["kind"];
  status: InboxEntry["status"];
  agent_id: InboxEntry["agentId"];
  goal_id: InboxEntry["goalId"];
  goal_version: number | null;
  run_id: InboxEntry["runId"];
  thread_id: InboxEntry["threadId"];
  tool_call_id: InboxEntry["toolCallId"];
  check_index: number | null;
  title: string;
  detail: unknown;
  choices: string[];
  action_hash: string | null;
  answer: string | null;
  decided_by: string | null;
  decided_device: string | null;
  decided_at: Date | null;
  effect_id: string | null;
  assignee: string | null;
  remind_at: Date | null;
  reminded_at: Date | null;
  expires_at: Date | null;
  on_expiry: InboxEntry["onExpiry"];
  created_at: Date;
}

export function agentFromRow(row: AgentRow): Agent {
  return { id: row.id, name: row.name, folder: row.folder, status: row.status, createdAt: text(row.created_at) };
}

export function goalFromRow(row: GoalRow): Goal {
  return {
    ...row.spec,
    id: row.id,
    name: row.name,
    agentId: row.agent_id,
    threadId: row.thread_id,
    parentId: row.parent_id,
    kind: row.kind,
    status: row.status,
    version: row.version,
    sentence: row.sentence,
    file: row.file,
    usage: row.usage,
    createdAt: text(row.created_at),
    updatedAt: text(row.updated_at),
    endedAt: textOrNull(row.ended_at),
  };
}

export function threadFromRow(row: ThreadRow): Thread {
  return {
    id: row.id,
    agentId: row.agent_id,
    goalId: row.goal_id,
    title: row.title,
    status: row.status,
    itemCount: row.item_count,
    createdAt: text(row.created_at),
    updatedAt: text(row.updated_at),
  };
}

export function taskFromRow(row: TaskRow): Task {
  return {
    id: row.id,
    goalId: row.goal_id,
    parentId: row.parent_id,
    agentId: row.agent_id,
    threadId: row.thread_id,
    title: row.title,
    status: row.status,
    createdAt: text(row.created_at),
    updatedAt: text(row.updated_at),
  };
}

export function runFromRow(row: RunRow): Run {
  return {
    id: row.id,
    threadId: row.thread_id,
    agentId: row.agent_id,
    goalId: row.goal_id,
    taskId: row.task_id,
    status: row.status,
    trigger: row.trigger,
    waitReason: row.wait_reason,
    waitUntil: textOrNull(row.wait_until),
    outcome: row.outcome,
    failure: row.failure,
    sentence: row.sentence,
    epoch: row.epoch,
    stepCount: row.step_count,
    turn: row.turn,
    usage: row.usage,
    model: row.model,
    rehearsal: row.rehearsal,
    createdAt: text(row.created_at),
    startedAt: textOrNull(row.started_at),
    endedAt: textOrNull(row.ended_at),
  };
}

export function stepFromRow(row: StepRow): Step {
  return {
    id: row.id,
    runId: row.run_id,
    number: row.number,
    kind: row.kind,
    status: row.status,
    turn: row.turn,
    name: row.name,
    attempts: row.attempts,
    usage: row.usage,
    error: row.error,
    startedAt: text(row.started_at),
    endedAt: textOrNull(row.ended_at),
  };
}

export function toolCallFromRow(row: ToolCallRow): ToolCall {
  return {
    id: row.id,
    runId: row.run_id,
    stepId: row.step_id,
    name: row.name,
    arguments: row.arguments,
    status: row.status,
    effect: row.effect,
    idempotent: row.idempotent,
    result: row.result,
    createdAt: text(row.created_at),
    startedAt: textOrNull(row.started_at),
    endedAt: textOrNull(row.ended_at),
  };
}

/** An item as it is kept: of a large one the first part, and the blob that holds the whole. */
export function itemFromRow(row: ItemRow): Item {
  return {
    id: row.id,
    threadId: row.thread_id,
    runId: row.run_id,
    stepId: row.step_id,
    position: row.position,
    turn: row.turn,
    content: row.content,
    createdAt: text(row.created_at),
  };
}

export function evidenceFromRow(row: EvidenceRow): Evidence {
  return {
    id: row.id,
    goalId: row.goal_id,
    goalVersion: row.goal_version,
    runId: row.run_id,
    checkIndex: row.check_index,
    kind: row.kind,
    requirement: row.requirement,
    status: row.status,
    detail: row.detail,
    artifact: row.artifact,
    checkedAt: text(row.checked_at),
  };
}

export function inboxEntryFromRow(row: InboxRow): InboxEntry {
  return {
    id: row.id,
    kind: row.kind,
    status: row.status,
    agentId: row.agent_id,
    goalId: row.goal_id,
    runId: row.run_id,
    threadId: row.thread_id,
    toolCallId: row.tool_call_id,
    title: row.title,
    detail: row.detail,
    choices: row.choices,
    actionHash: row.action_hash,
    answer: row.answer,
    decidedBy: row.decided_by,
    decidedDevice: row.decided_device,
    decidedAt: textOrNull(row.decided_at),
    effectId: row.effect_id,
    assignee: row.assignee,
    remindAt: textOrNull(row.remind_at),
    remindedAt: textOrNull(row.reminded_at),
    expiresAt: textOrNull(row.expires_at),
    onExpiry: row.on_expiry,
    createdAt: text(row.created_at),
  };
}

function text(time: Date): string {
  return time.toISOString();
}

function textOrNull(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}
