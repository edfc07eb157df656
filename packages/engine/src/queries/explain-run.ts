import type { After, Effect, Evidence, InboxEntry, RunExplanation, Step } from "@bureau/protocol";
import { explainRun, explainStep, type StoryCall } from "../domain/explain-run.ts";
import type { Queryable } from "../store/database.ts";
import { runFromRow, type RunRow } from "../store/rows.ts";
import { findRun } from "./lookup.ts";
import { listSteps } from "./runs.ts";

/** Calls, entries, effects and results of checks that one paragraph is made of. */
const MAX_CALLS = 2_000;
const MAX_ENTRIES = 200;
const MAX_EFFECTS = 200;
const MAX_EVIDENCE = 500;
/** Of an argument or a text that a sentence names a part of. */
const MAX_CHARACTERS = 1_000;

const cut = (sql: string) => `left(${sql}, ${MAX_CHARACTERS})`;

/** Of a call only what sentences name: its arguments may hold whole files. */
const CALL = `'id', c.id, 'stepId', c.step_id, 'name', c.name, 'status', c.status, 'effect', c.effect, 'askedBy', c.asked_by,
  'path', ${cut("c.arguments->>'path'")}, 'command', ${cut("c.arguments->>'command'")}, 'url', ${cut("c.arguments->>'url'")}`;

interface StoryRow {
  agent: string;
  goal_title: string | null;
  asked: string | null;
  calls: StoryCall[] | null;
  call_count: number;
  entries: Pick<InboxEntry, "kind" | "status" | "title" | "answer" | "decidedBy">[] | null;
  effects: Pick<Effect, "status" | "title" | "approvedBy" | "error" | "undoneBy">[] | null;
  evidence: Pick<Evidence, "checkIndex" | "requirement" | "status" | "detail">[] | null;
}

/** The run in a paragraph, and its steps after a number in a sentence each. */
export async function explainOneRun(database: Queryable, runId: string, query: After): Promise<RunExplanation> {
  const row = await findRun(database, runId);
  const [story, part] = await Promise.all([readStory(database, row), listSteps(database, row.id, query)]);
  const calls = await callsOfSteps(database, row.id, part.steps);
  const text = explainRun({
    run: runFromRow(row),
    agent: story.agent,
    goalTitle: story.goal_title,
    asked: story.asked,
    calls: story.calls ?? [],
    callCount: story.call_count,
    entries: story.entries ?? [],
    effects: story.effects ?? [],
    evidence: story.evidence ?? [],
  });
  const timeline = part.steps.map((step) => ({
    stepId: step.id,
    number: step.number,
    kind: step.kind,
    status: step.status,
    name: step.name,
    startedAt: step.startedAt,
    durationMs: step.endedAt === null ? null : Math.max(0, Date.parse(step.endedAt) - Date.parse(step.startedAt)),
    tokens: step.usage?.tokens ?? 0,
    micros: step.usage?.micros ?? 0,
    sentence: explainStep(step, calls),
    toolCallId: calls.find((call) => call.stepId === step.id)?.id ?? null,
  }));
  return { runId: row.id, text, timeline, nextAfter: part.nextAfter };
}

/** All of it in one query. What was asked is the first message that the run was shown and no agent wrote. */
async function readStory(database: Queryable, run: RunRow): Promise<StoryRow> {
  const { rows } = await database.query<StoryRow>({
    name: "run_story",
    text: `
      SELECT a.name AS agent, g.spec->>'title' AS goal_title,
        (SELECT ${cut("i.content->>'text'")} FROM items i
         WHERE i.thread_id = r.thread_id AND i.type = 'message' AND i.content->>'role' <> 'agent'
           AND (i.run_id = r.id OR (i.run_id IS NULL AND i.created_at <= r.created_at + interval '1 second'))
         ORDER BY (i.run_id = r.id) DESC NULLS LAST, i.position DESC LIMIT 1) AS asked,
        (SELECT jsonb_agg(jsonb_build_object(${CALL}) ORDER BY c.position, c.id) FROM (
           SELECT * FROM tool_calls WHERE run_id = r.id ORDER BY position, id LIMIT ${MAX_CALLS}) c) AS calls,
        (SELECT count(*)::int FROM tool_calls WHERE run_id = r.id) AS call_count,
        (SELECT jsonb_agg(jsonb_build_object('kind', n.kind, 'status', n.status, 'title', ${cut("n.title")},
           'answer', ${cut("n.answer")}, 'decidedBy', n.decided_by) ORDER BY n.created_at, n.id) FROM (
           SELECT * FROM inbox WHERE run_id = r.id ORDER BY created_at, id LIMIT ${MAX_ENTRIES}) n) AS entries,
        (SELECT jsonb_agg(jsonb_build_object('status', f.status, 'title', ${cut("f.title")}, 'approvedBy', f.approved_by,
           'error', ${cut("f.error")}, 'undoneBy', f.undone_by) ORDER BY f.id) FROM (
           SELECT * FROM effects WHERE run_id = r.id ORDER BY id LIMIT ${MAX_EFFECTS}) f) AS effects,
        (SELECT jsonb_agg(jsonb_build_object('checkIndex', v.check_index, 'requirement', ${cut("v.requirement")},
           'status', v.status, 'detail', ${cut("v.detail")}) ORDER BY v.checked_at, v.id) FROM (
           SELECT * FROM evidence WHERE goal_id = r.goal_id AND run_id = r.id
           ORDER BY checked_at DESC, id DESC LIMIT ${MAX_EVIDENCE}) v) AS evidence
      FROM runs r JOIN agents a ON a.id = r.agent_id LEFT JOIN goals g ON g.id = r.goal_id WHERE r.id = $1`,
    values: [run.id],
  });
  return rows[0]!;
}

/** The calls that these steps asked for or made. */
async function callsOfSteps(database: Queryable, runId: string, steps: readonly Step[]): Promise<StoryCall[]> {
  const { rows } = await database.query<{ call: StoryCall }>({
    name: "calls_of_steps",
    text: `SELECT jsonb_build_object(${CALL}) AS call FROM tool_calls c
           WHERE c.run_id = $1 AND (c.step_id = ANY($2) OR c.asked_by = ANY($2))
           ORDER BY c.position, c.id LIMIT ${MAX_CALLS}`,
    values: [runId, steps.map((step) => step.id)],
  });
  return rows.map((row) => row.call);
}
