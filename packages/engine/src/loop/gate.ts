import type { Action } from "../domain/action.ts";
import { rulesOfConstraints } from "../domain/constraint-rules.ts";
import { type Decision, decide } from "../domain/policy.ts";
import { loadRules } from "../store/policy-rules.ts";
import { actionHash } from "../tools/action-hash.ts";
import { actionOf } from "../tools/action-of.ts";
import type { Tool } from "../tools/tool.ts";
import type { Journal } from "./journal.ts";
import type { LoopParts } from "./parts.ts";

const MAX_WORDS_BYTES = 200_000;

export interface Gated {
  action: Action;
  decision: Decision;
}

/**
 * What policy says of one call, as the run stands now. The one place where this is decided.
 *
 * With `fresh`, by the rules as they are in the store; else as they were a second ago at most.
 */
export async function gateCall(
  parts: LoopParts,
  journal: Journal,
  tool: Tool,
  args: unknown,
  { fresh }: { fresh: boolean },
): Promise<Gated> {
  const action = actionOf(tool, args, { agent: journal.agent.name });
  const { rules } = await parts.policy(fresh);
  const { goal } = journal;
  const asker = { agent: journal.agent.name, goalId: journal.run.goalId, runId: journal.run.id };
  const own = goal ? rulesOfConstraints(goal.spec.constraints, { id: goal.id }).rules : [];
  // What a goal above refuses or asks for holds for this one too.
  const above = goal?.parentId ? await loadRules(parts.reads, asker) : [];
  const decision = decide([...rules, ...own, ...above], {
    ...asker,
    action,
    taint: journal.facts.taint ?? [],
    words: needsWords(action) ? await personsWords(parts, journal) : "",
    sameCallsInRun: journal.facts.carried?.[actionHash(tool.name, args)] ?? 0,
  });
  return { action, decision };
}

function needsWords(action: Action): boolean {
  return action.effect === "write_outside" || action.carriesOut || action.reaches.length > 0;
}

/** All that a person wrote for this work. Read when a decision first needs it, and again after each command. */
async function personsWords(parts: LoopParts, journal: Journal): Promise<string> {
  journal.words ??= await readWords(parts, journal);
  return journal.words;
}

async function readWords(parts: LoopParts, { run, goal }: Journal): Promise<string> {
  const { rows } = await parts.reads.query<{ text: string }>(
    `SELECT left(content->>'text', $2) AS text FROM items
     WHERE thread_id = $1 AND type = 'message' AND content->>'role' = 'person' ORDER BY position DESC LIMIT 500`,
    [run.threadId, MAX_WORDS_BYTES],
  );
  const spec = goal ? [goal.spec.title, goal.spec.brief, goal.spec.done ?? ""] : [];
  return [...spec, ...rows.map(({ text }) => text)].join("\n").slice(0, MAX_WORDS_BYTES);
}
