import { newId } from "@bureau/protocol";
import { timeText } from "../clock.ts";
import { parseDuration } from "../domain/duration.ts";
import { guestOfThread } from "../store/links.ts";
import { ASK_PERSON, REPORT_BLOCKED, REQUEST_CHECK } from "../tools/signals.ts";
import type { LoadedCall } from "../store/load-run.ts";
import type { Journal } from "./journal.ts";
import type { LoopParts } from "./parts.ts";
import type { CallOutcome } from "./step.ts";

/** Turns in a row with an obstacle after which the goal is blocked. */
const BLOCKED_TURNS = 3;

/** Calls by which the agent speaks to the runtime. Null for every other tool. */
export async function signalOutcome(parts: LoopParts, journal: Journal, call: LoadedCall): Promise<CallOutcome | null> {
  const args = call.arguments as Record<string, unknown>;
  switch (call.name) {
    case ASK_PERSON:
      return await askPerson(parts, journal, call, args);
    case REQUEST_CHECK:
      return { status: "completed", text: "The runtime runs the checks now.", facts: { checkRequested: true } };
    case REPORT_BLOCKED:
      return reportBlocked(journal, textOf(args["reason"]));
    default:
      return null;
  }
}

async function askPerson(
  parts: LoopParts,
  journal: Journal,
  call: LoadedCall,
  args: Record<string, unknown>,
): Promise<CallOutcome> {
  const question = textOf(args["question"]);
  const interviewed = await guestOfThread(parts.reads, journal.run.threadId, parts.clock.now());
  const entry = {
    id: newId("question"),
    kind: "question" as const,
    agent_id: journal.agent.id,
    goal_id: journal.run.goalId,
    goal_version: journal.goal?.version ?? null,
    thread_id: journal.run.threadId,
    tool_call_id: call.id,
    check_index: null,
    title: question,
    detail: { question, assumption: args["assumption"] ?? null },
    choices: Array.isArray(args["choices"]) ? args["choices"].map(String) : [],
    action_hash: null,
    ...(interviewed === null ? {} : { assignee: interviewed }),
    ...assumedAfter(parts, textOf(args["assume_after"])),
    created_at: timeText(parts.clock.now()),
  };
  return { status: "awaiting_approval", text: question, inbox: [entry] };
}

/** When the question answers itself with its assumption; half of that time before, the person is reminded. */
function assumedAfter(parts: LoopParts, text: string) {
  const ms = parseDuration(text);
  if (ms === null) return {};
  const now = parts.clock.now();
  parts.onDue(now + ms / 2);
  return { remind_at: timeText(now + ms / 2), expires_at: timeText(now + ms), on_expiry: "assume" as const };
}

/** An obstacle counts once a turn; only when it stood for three turns in a row is the goal blocked. */
function reportBlocked(journal: Journal, obstacle: string): CallOutcome {
  const { turn } = journal.run;
  const { blockedTurn = 0, blockedTurns = 0 } = journal.facts;
  const turns = blockedTurn === turn ? blockedTurns : blockedTurn === turn - 1 ? blockedTurns + 1 : 1;
  const blocked = turns >= BLOCKED_TURNS;
  const text = blocked
    ? "Noted. The goal stops here and a person is told why."
    : `Noted (turn ${turns} of ${BLOCKED_TURNS} with an obstacle). Try another way first; the goal is blocked when it still stands after ${BLOCKED_TURNS} turns in a row.`;
  const facts = {
    blockedTurn: turn,
    blockedTurns: turns,
    obstacle,
    ...(blocked ? { blocked: `Blocked: ${obstacle}` } : {}),
    ...(journal.goal ? { verdictVersion: journal.goal.version } : {}),
  };
  return { status: "completed", text, facts };
}

/** Arguments were checked when the call was asked for; this only tells the compiler. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
