/** Prefix of each kind of id. The prefix is part of the id and of its type. */
export const ID_PREFIXES = {
  agent: "agt",
  goal: "goal",
  task: "task",
  thread: "thr",
  run: "run",
  step: "step",
  item: "item",
  toolCall: "call",
  approval: "appr",
  question: "ques",
  evidence: "evid",
  notice: "note",
  effect: "eff",
  rule: "rule",
  artifact: "art",
  artifactVersion: "ver",
  artifactComment: "cmt",
  person: "pers",
  invitation: "inv",
  pairing: "pair",
  link: "link",
  device: "dev",
  session: "sess",
  pushSubscription: "psub",
  passkey: "pkey",
  upload: "upl",
  executor: "exec",
  request: "req",
} as const;

export type IdKind = keyof typeof ID_PREFIXES;
export type Id<K extends IdKind> = `${(typeof ID_PREFIXES)[K]}_${string}`;

export type AgentId = Id<"agent">;
export type GoalId = Id<"goal">;
export type TaskId = Id<"task">;
export type ThreadId = Id<"thread">;
export type RunId = Id<"run">;
export type StepId = Id<"step">;
export type ItemId = Id<"item">;
export type ToolCallId = Id<"toolCall">;
export type ApprovalId = Id<"approval">;
export type QuestionId = Id<"question">;
export type EvidenceId = Id<"evidence">;
export type EffectId = Id<"effect">;
export type RuleId = Id<"rule">;
export type ArtifactId = Id<"artifact">;
export type ArtifactVersionId = Id<"artifactVersion">;
export type ArtifactCommentId = Id<"artifactComment">;
export type PersonId = Id<"person">;
export type InvitationId = Id<"invitation">;
export type PairingId = Id<"pairing">;
export type LinkId = Id<"link">;
export type DeviceId = Id<"device">;
export type SessionId = Id<"session">;
export type PushSubscriptionId = Id<"pushSubscription">;
export type PasskeyId = Id<"passkey">;
export type UploadId = Id<"upload">;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_LENGTH = 10;
const RANDOM_LENGTH = 14;

let lastTime = 0;
let lastCount = 0;

/**
 * A new id: prefix, ten characters of time (milliseconds, Crockford base 32), two that count ids made
 * within one millisecond, and fourteen random ones.
 *
 * Ids made by one process sort in the order they were made; ids of several processes sort by their clocks.
 */
export function newId<K extends IdKind>(kind: K): Id<K> {
  const now = Math.max(Date.now(), lastTime);
  lastCount = now === lastTime ? lastCount + 1 : 0;
  lastTime = now;
  let text = `${ID_PREFIXES[kind]}_${base32(now, TIME_LENGTH)}${base32(lastCount % 1024, 2)}`;
  if (poolUsed + RANDOM_LENGTH > pool.length) {
    crypto.getRandomValues(pool);
    poolUsed = 0;
  }
  for (let i = 0; i < RANDOM_LENGTH; i += 1) text += ALPHABET[pool[poolUsed++]! & 31];
  return text as Id<K>;
}

/** Random bytes are asked of the system by the page: a call for each id costs more than the id. */
const pool = new Uint8Array(4096);
let poolUsed = pool.length;

function base32(value: number, length: number): string {
  let text = "";
  for (let rest = value, i = 0; i < length; i += 1) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
