import type { DecisionScope, InboxEntry } from "@bureau/protocol";
import type { DecisionAction } from "../../lib/decision-queue.ts";
import { visibleText } from "../../lib/visible-text.ts";
import { type ActionDetail, readDetail } from "./detail.ts";

const SHOWN_NAMES = 2;

/** What an entry asks, in one plain sentence. */
export function sentenceOf(entry: InboxEntry, agentName: string | null): string {
  const { action } = readDetail(entry);
  const who = agentName ?? "An agent";
  if (entry.kind === "approval" && action !== null) return `${who} wants to ${wishOf(action)}.`;
  if (entry.kind === "unknown_effect" && action !== null)
    return `Nobody can tell whether this took place: ${deedOf(action)}.`;
  return visibleText(entry.title);
}

/** `send a mail to ana@acme.test and 2 more` */
function wishOf(action: ActionDetail): string {
  const { preview } = action;
  switch (preview.type) {
    case "mail":
      return `send a mail to ${names([...preview.to, ...preview.cc, ...preview.bcc])}`;
    case "message":
      return `post a message in ${names(preview.where)}`;
    case "event":
      return `put “${visibleText(preview.title)}” into a calendar${preview.who.length === 0 ? "" : ` with ${names(preview.who)}`}`;
    case "file":
      return `${preview.changes.some(({ before }) => before !== null) ? "change" : "write"} ${visibleText(preview.path)}`;
    case "command":
      return "run a command";
    case "page":
      return `open ${visibleText(preview.url)}`;
    case "other":
      return `use ${visibleText(action.tool)}${action.targets.length === 0 ? "" : ` for ${names(action.targets)}`}`;
  }
}

/** `a mail to ana@acme.test` */
function deedOf(action: ActionDetail): string {
  const { preview } = action;
  switch (preview.type) {
    case "mail":
      return `a mail to ${names([...preview.to, ...preview.cc, ...preview.bcc])}`;
    case "message":
      return `a message in ${names(preview.where)}`;
    case "event":
      return `the event “${visibleText(preview.title)}”`;
    default:
      return visibleText(action.summary);
  }
}

function names(all: readonly string[]): string {
  const shown = all.slice(0, SHOWN_NAMES).map(visibleText);
  const more = all.length - shown.length;
  if (more > 0) return `${shown.join(", ")} and ${more} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

export interface RuleWish {
  isApproval: boolean;
  scope: DecisionScope;
  action: ActionDetail;
  agentName: string;
  goalTitle: string | null;
}

/** The rules that a decision would make besides deciding, one sentence each; those that the server makes, in words. */
export function ruleSentences({ isApproval, scope, action, agentName, goalTitle }: RuleWish): string[] {
  if (scope === "once") return [];
  const until = { run: "in this run", goal: `for the goal “${goalTitle ?? ""}”`, rule: "from now on" }[scope];
  const places = [...new Set([...action.targets, ...action.reaches])];
  const may = isApproval ? "may" : "may not";
  const asking = isApproval ? ", without asking" : "";
  return (places.length === 0 ? [null] : places).map(
    (place) =>
      `${agentName} ${may} use ${action.tool}${place === null ? "" : ` with ${visibleText(place)},`} ${until}${asking}.`,
  );
}

const DECIDED: Record<InboxEntry["kind"], Partial<Record<InboxEntry["status"], string>>> = {
  approval: { approved: "Approved", denied: "Denied", expired: "Expired, so denied" },
  question: { answered: "Answered", dismissed: "Set aside", expired: "Not answered in time" },
  sign_off: { approved: "Signed off", denied: "Not accepted" },
  unknown_effect: { approved: "Settled as done", denied: "Settled as not done" },
  budget: { approved: "Let go on", denied: "Kept paused", expired: "There is room again" },
  failed_run: {},
  sign_in: {},
  stopped: {},
};

const ANY_DECIDED: Record<InboxEntry["status"], string> = {
  pending: "Waits",
  approved: "Approved",
  denied: "Denied",
  answered: "Answered",
  dismissed: "Put away",
  expired: "Expired",
};

/** What became of an entry, in a word or two. */
export function outcomeOf({ kind, status }: Pick<InboxEntry, "kind" | "status">): string {
  return DECIDED[kind][status] ?? ANY_DECIDED[status];
}

const YES: Partial<Record<InboxEntry["kind"], string>> = {
  sign_off: "It is done",
  unknown_effect: "It took place",
  budget: "Let it go on",
};
const NO: Partial<Record<InboxEntry["kind"], string>> = {
  sign_off: "Not yet",
  unknown_effect: "It did not",
  budget: "Keep it paused",
};

export function yesLabel(kind: InboxEntry["kind"]): string {
  return YES[kind] ?? "Approve";
}

export function noLabel(kind: InboxEntry["kind"]): string {
  return NO[kind] ?? "Deny";
}

/** What somebody has decided and the server does not know yet. */
export function actionWords(kind: InboxEntry["kind"] | null, action: DecisionAction): string {
  if (action.type === "answer") return "choice" in action ? `Answer ${action.choice}` : `Answer: ${action.text}`;
  if (action.decision === "dismiss") return "Put away";
  const word = action.decision === "approve" ? yesLabel(kind ?? "approval") : noLabel(kind ?? "approval");
  const reach = { once: "", run: ", for this run", goal: ", for this goal", rule: ", as a rule" }[
    action.scope ?? "once"
  ];
  return `${word}${reach}`;
}
