import type { ActivityEntry, ActivityKind, EventType } from "@bureau/protocol";
import { clause, oneLine, sentence } from "./plain-words.ts";

/** An event with the names of what it speaks of, as they are now. */
export interface ToldEvent {
  type: EventType;
  data: Record<string, unknown>;
  agentName: string | null;
  goalTitle: string | null;
  threadTitle: string | null;
  /** The entry of the inbox, the effect or the task that it is about. */
  entry: { id: string; title: string; decidedBy: string | null; answer: string | null } | null;
  effect: { id: string; title: string; approvedBy: string | null; error: string | null } | null;
}

export type Told = Pick<ActivityEntry, "kind" | "sentence" | "by" | "subjectId">;

type Teller = (event: ToldEvent) => Omit<Told, "kind"> | null;

interface Telling {
  kind: ActivityKind;
  tell: Teller;
}

/** What is told of each event; null: nothing that a person would look for in what happened. */
const TELLINGS: Record<EventType, Telling | null> = {
  "agent.created": { kind: "agent", tell: (event) => plain(`${agentOf(event)} was added`) },
  "agent.updated": {
    kind: "agent",
    tell: (event) =>
      plain(`${agentOf(event)} ${statusOf(event, "agent") === "paused" ? "was paused" : "may work again"}`),
  },
  "thread.created": null,
  "item.added": null,
  "goal.created": { kind: "goal", tell: (event) => plain(`The goal ${goalOf(event)} was set for ${agentOf(event)}`) },
  "goal.updated": { kind: "goal", tell: tellGoal },
  "evidence.added": null,
  "task.created": {
    kind: "task",
    tell: (event) =>
      about(`${agentOf(event)} was given the task ${quoted(textOf(event, "task", "title"))}`, idOf(event, "task")),
  },
  "task.updated": {
    kind: "task",
    tell: (event) => {
      const status = statusOf(event, "task");
      if (status !== "done" && status !== "canceled") return null;
      return about(`The task ${quoted(textOf(event, "task", "title"))} is ${status}`, idOf(event, "task"));
    },
  },
  "run.created": null,
  "run.queued": null,
  "run.started": null,
  "run.waiting": null,
  "run.completed": {
    kind: "run",
    tell: (event) => plain(withSentence(`${agentOf(event)} ended a run${forGoal(event)}`, event)),
  },
  "run.failed": {
    kind: "run",
    tell: (event) => plain(withSentence(`A run of ${agentOf(event)} failed${forGoal(event)}`, event)),
  },
  "run.canceled": { kind: "run", tell: (event) => plain(`A run of ${agentOf(event)} was canceled${forGoal(event)}`) },
  "step.started": null,
  "step.completed": null,
  "step.failed": null,
  "step.interrupted": null,
  "tool_call.started": null,
  "tool_call.completed": { kind: "effect", tell: (event) => tellEffect(event, "done") },
  "tool_call.failed": { kind: "effect", tell: (event) => tellEffect(event, "failed") },
  "tool_call.denied": null,
  "tool_call.interrupted": { kind: "effect", tell: (event) => tellEffect(event, "unknown") },
  "tool_call.canceled": null,
  "approval.requested": {
    kind: "decision",
    tell: (event) => ofEntry(event, `${agentOf(event)} asked for a yes: ${titleOf(event)}`, null),
  },
  "approval.decided": { kind: "decision", tell: tellApproval },
  "question.asked": {
    kind: "decision",
    tell: (event) => ofEntry(event, `${agentOf(event)} asked: ${titleOf(event)}`, null),
  },
  "question.answered": {
    kind: "decision",
    tell: (event) => decided(event, (by) => `${by} answered ${quoted(titleOf(event))}${answerOf(event)}`),
  },
  "sign_off.requested": {
    kind: "decision",
    tell: (event) => ofEntry(event, `${agentOf(event)} asked for a sign-off: ${titleOf(event)}`, null),
  },
  "sign_off.decided": {
    kind: "decision",
    tell: (event) =>
      decided(
        event,
        (by) =>
          `${by} ${statusOf(event, "entry") === "approved" ? "signed off" : "did not sign off"} ${quoted(titleOf(event))}`,
      ),
  },
  "inbox.added": {
    kind: "decision",
    tell: (event) => ofEntry(event, `In the inbox${forGoal(event)}: ${titleOf(event)}`, null),
  },
  "inbox.closed": {
    kind: "decision",
    tell: (event) =>
      decider(event) === null ? null : decided(event, (by) => `${by} closed ${quoted(titleOf(event))}`),
  },
  "inbox.assigned": {
    kind: "decision",
    tell: (event) => {
      const to = textOf(event, "entry", "assignee");
      return to === null
        ? null
        : ofEntry(event, `${quoted(titleOf(event))} was given to ${oneLine(to, 60)} to decide`, null);
    },
  },
  "inbox.reminded": null,
  "effect.changed": { kind: "effect", tell: (event) => tellEffect(event, statusOf(event, "effect")) },
  "artifact.published": { kind: "artifact", tell: tellPublished },
  "artifact.commented": { kind: "artifact", tell: tellComment },
  "artifact.archived": {
    kind: "artifact",
    tell: (event) => {
      const how = statusOf(event, "artifact") === "archived" ? "was archived" : "is in the list again";
      return about(`${artifactOf(event)} ${how}`, idOf(event, "artifact"));
    },
  },
  "policy.changed": {
    kind: "policy",
    tell: ({ data }) => {
      const rule = recordOf(data["rule"]);
      const by = textIn(rule, "createdBy");
      const isAdded = data["change"] === "added";
      return {
        sentence: sentence(
          `A rule was ${isAdded ? `added${by === null ? "" : ` by ${oneLine(by, 60)}`}` : "removed"}: ${clause(textIn(rule, "text") ?? "", 200)}`,
        ),
        by: isAdded ? by : null,
        subjectId: textIn(rule, "id"),
      };
    },
  },
  "person.added": { kind: "workspace", tell: (event) => tellPerson(event, "belongs to the workspace now") },
  "person.removed": { kind: "workspace", tell: (event) => tellPerson(event, "was removed from the workspace") },
  "rehearsal.drifted": null,
  "everything.stopped": {
    kind: "workspace",
    tell: ({ data }) => {
      const by = textIn(recordOf(data["halted"]), "by");
      return {
        sentence: sentence(`Everything was stopped${by === null ? "" : ` by ${oneLine(by, 60)}`}`),
        by,
        subjectId: null,
      };
    },
  },
  "everything.resumed": { kind: "workspace", tell: () => plain("Everything may go on again") },
};

/** Types of events of which something may be told, by kind. */
export function typesOf(kinds: readonly ActivityKind[] | null): EventType[] {
  return (Object.keys(TELLINGS) as EventType[]).filter((type) => {
    const telling = TELLINGS[type];
    return telling !== null && (kinds === null || kinds.includes(telling.kind));
  });
}

/** The event in a sentence; null when there is nothing to tell of it. Never throws, whatever the event holds. */
export function tellEvent(event: ToldEvent): Told | null {
  const telling = TELLINGS[event.type];
  const told = telling?.tell(event) ?? null;
  return telling === null || told === null ? null : { kind: telling.kind, ...told };
}

const GOAL_CHANGES: ReadonlyMap<string, string> = new Map([
  ["done", "is done"],
  ["abandoned", "was given up"],
  ["blocked", "is blocked"],
  ["paused", "was paused"],
]);

function tellPublished(event: ToldEvent): ReturnType<Teller> {
  const version = recordOf(event.data["artifactVersion"]);
  const what = `version ${Number(version["number"])} of ${artifactOf(event)}`;
  const isByHand = textIn(version, "origin") === "hand";
  const said = isByHand
    ? `The file was changed by hand: ${what}`
    : `${agentOf(event)} published ${what}${forGoal(event)}`;
  return about(said, idOf(event, "artifact"));
}

function tellComment(event: ToldEvent): ReturnType<Teller> {
  const comment = recordOf(event.data["comment"]);
  const what = artifactOf(event);
  const id = idOf(event, "artifact");
  if (event.data["change"] === "reopened") return about(`A comment on ${what} is open again`, id);
  const isResolved = event.data["change"] === "resolved";
  const by = textIn(comment, isResolved ? "resolvedBy" : "by");
  const did = isResolved ? "is done with a comment on" : "commented on";
  return { ...about(`${oneLine(by ?? "Somebody", 60)} ${did} ${what}`, id), by };
}

function artifactOf(event: ToldEvent): string {
  return quoted(textOf(event, "artifact", "title"));
}

function tellGoal(event: ToldEvent): Omit<Told, "kind"> | null {
  const change = GOAL_CHANGES.get(statusOf(event, "goal") ?? "");
  if (change === undefined) return null;
  const said = clause(textOf(event, "goal", "sentence") ?? "", 200);
  return plain(`The goal ${goalOf(event)} ${change}${said === "" ? "" : `: ${said}`}`);
}

const EFFECT_CHANGES: ReadonlyMap<string, string> = new Map([
  ["done", "did"],
  ["failed", "failed at"],
  ["unknown", "cannot tell whether this took place:"],
  ["taken_back", "took back"],
]);

function tellEffect(event: ToldEvent, status: string | null): Omit<Told, "kind"> | null {
  const change = EFFECT_CHANGES.get(status ?? "");
  if (change === undefined || event.effect === null) return null;
  const { title, approvedBy, error, id } = event.effect;
  const yes = approvedBy === null || status !== "done" ? "" : `, on the yes of ${clause(approvedBy, 80)}`;
  const why = status === "failed" && error !== null ? `: ${clause(error, 120)}` : "";
  return about(`${agentOf(event)} ${change} ${quoted(title)}${yes}${why}`, id);
}

function tellPerson(event: ToldEvent, change: string): Omit<Told, "kind"> {
  const role = textOf(event, "person", "role");
  const name = oneLine(textOf(event, "person", "name") ?? "Somebody", 60);
  return about(`${name} ${change}${role === null ? "" : `, as ${role}`}`, idOf(event, "person"));
}

function tellApproval(event: ToldEvent): Omit<Told, "kind"> {
  const status = statusOf(event, "entry");
  if (status === "expired") return ofEntry(event, `Nobody decided in time: ${titleOf(event)}`, null);
  return decided(event, (by) => `${by} ${status === "approved" ? "approved" : "denied"} ${quoted(titleOf(event))}`);
}

function decided(event: ToldEvent, text: (by: string) => string): Omit<Told, "kind"> {
  const by = decider(event);
  return ofEntry(event, text(by === null ? "Somebody" : oneLine(by, 60)), by);
}

function ofEntry(event: ToldEvent, text: string, by: string | null): Omit<Told, "kind"> {
  return { sentence: sentence(text), by, subjectId: idOf(event, "entry") };
}

function decider(event: ToldEvent): string | null {
  return textOf(event, "entry", "decidedBy") ?? event.entry?.decidedBy ?? null;
}

function answerOf(event: ToldEvent): string {
  const answer = textOf(event, "entry", "answer") ?? event.entry?.answer ?? null;
  return answer === null || answer === "" ? "" : `: ${clause(answer, 120)}`;
}

function plain(text: string): Omit<Told, "kind"> {
  return about(text, null);
}

function about(text: string, subjectId: string | null): Omit<Told, "kind"> {
  return { sentence: sentence(text), by: null, subjectId };
}

function withSentence(text: string, event: ToldEvent): string {
  const said = clause(textOf(event, "run", "sentence") ?? "", 200);
  return said === "" ? text : `${text}: ${said}`;
}

function agentOf(event: ToldEvent): string {
  return oneLine(event.agentName ?? textOf(event, "agent", "name") ?? "An agent", 60);
}

function goalOf(event: ToldEvent): string {
  return quoted(event.goalTitle ?? textOf(event, "goal", "title"));
}

function forGoal({ goalTitle, threadTitle }: ToldEvent): string {
  if (goalTitle !== null) return `, for ${quoted(goalTitle)}`;
  return threadTitle === null ? "" : `, in ${quoted(threadTitle)}`;
}

function titleOf(event: ToldEvent): string {
  return clause(textOf(event, "entry", "title") ?? event.entry?.title ?? "what is not kept any more", 160);
}

function quoted(text: string | null): string {
  return `"${clause(text ?? "what is not kept any more", 120)}"`;
}

function statusOf(event: ToldEvent, part: string): string | null {
  return textOf(event, part, "status");
}

function idOf(event: ToldEvent, part: string): string | null {
  return textOf(event, part, "id");
}

function textOf(event: ToldEvent, part: string, field: string): string | null {
  return textIn(recordOf(event.data[part]), field);
}

function textIn(record: Record<string, unknown>, field: string): string | null {
  const value = Object.hasOwn(record, field) ? record[field] : null;
  return typeof value === "string" ? value : null;
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
