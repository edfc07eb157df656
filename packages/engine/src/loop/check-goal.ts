import { impliedChecks, newId, type Evidence, type ItemContent, type Usage } from "@bureau/protocol";
import { timeText } from "../clock.ts";
import { priceOf, remaining } from "../domain/budget.ts";
import { afterContinuation, fingerprint } from "../domain/progress.ts";
import { renderContinuation, renderFindings } from "../domain/prompt.ts";
import type { CheckContext, Finding } from "../goals/checker.ts";
import type { CallModel } from "../models/model.ts";
import type { Changes, NewEvidence, NewInboxEntry } from "../store/journal.ts";
import type { LoadedGoal } from "../store/load-run.ts";
import { settleAside } from "./admit-call.ts";
import { presentEntry } from "./call-tools.ts";
import { charge, type Journal, setFacts, usageOfCall } from "./journal.ts";
import type { LoopParts } from "./parts.ts";
import { noRoom, reserveSideCall } from "./side-call.ts";
import { type BegunStep, chargedEvents, event, mergeChanges, newItems, newStep, type PerformContext } from "./step.ts";

/**
 * Begins the checks of the goal. Only what they find can complete it.
 *
 * The commands of one round of checks keep their ids over a restart, so that a check that was at work when the
 * process died is found and not run twice.
 */
export function beginChecks(parts: LoopParts, journal: Journal): BegunStep {
  const step = newStep(parts, journal, { kind: "check", name: "checks" });
  return {
    intent: { run: { step_count: journal.run.stepCount }, steps: [step.row], events: step.events },
    perform: (context) => performChecks(parts, journal, step.row.id, context),
  };
}

async function performChecks(
  parts: LoopParts,
  journal: Journal,
  stepId: string,
  context: PerformContext,
): Promise<Changes> {
  const goal = journal.goal!;
  const startedAt = parts.clock.now();
  const spent: Spent = { usage: {}, overBudget: null };
  const checks = impliedChecks(goal.spec);
  const findings = await parts.runChecks(checks, checkContext(parts, journal, goal, context.signal, spent));
  const ended = timeText(parts.clock.now());
  const used: Changes = {
    ...charge(journal, { ...spent.usage, activeMs: parts.clock.now() - startedAt }),
    events: spent.usage.modelCalls ? chargedEvents(journal) : [],
  };
  used.goal = { ...used.goal, reserved_tokens: 0, reserved_micros: 0 };
  const aside = settleAside(parts, journal, {
    tokens: spent.usage.tokens ?? 0,
    micros: spent.usage.micros ?? 0,
    calls: spent.usage.modelCalls ?? 0,
    unheard: context.signal.aborted,
  });
  if (context.signal.aborted) {
    return mergeChanges(used, aside, {
      stepPatches: [{ id: stepId, status: "interrupted", error: "Stopped by a command.", ended_at: ended }],
      events: [stepEnded(journal, stepId, "interrupted", ended)],
    });
  }
  const evidence = findings.map((finding) => newEvidence(goal, stepId, finding, ended));
  const verdict = await judgeRound(parts, journal, stepId, findings);
  const stop = spent.overBudget ? setFacts(journal, { modelFailure: overBudgetFailure(spent.overBudget) }) : null;
  journal.run.attempts = 0;
  return mergeChanges(used, aside, verdict, {
    run: { attempts: 0, ...(stop ? { state: stop } : {}) },
    stepPatches: [{ id: stepId, status: "completed", error: null, ended_at: ended }],
    evidence,
    events: [
      stepEnded(journal, stepId, "completed", ended),
      ...evidence.map((row) => event(journal, "evidence.added", { evidence: presentEvidence(journal, row) })),
    ],
  });
}

function checkContext(
  parts: LoopParts,
  journal: Journal,
  goal: LoadedGoal,
  signal: AbortSignal,
  spent: Spent,
): CheckContext {
  const round = (journal.facts.checkCount ?? 0) + 1;
  const callModel: CallModel = async (request, options) => {
    spent.overBudget ??= await reserveSideCall(parts, journal, spent.usage, request, signal);
    if (spent.overBudget) return noRoom(request.model, spent.overBudget);
    const answer = await parts.models.call(request, options);
    if (answer.usage) {
      const more = usageOfCall(answer.usage, priceOf(answer.usage, parts.models.price(answer.model)));
      for (const key of Object.keys(more) as (keyof Usage)[])
        spent.usage[key] = (spent.usage[key] ?? 0) + (more[key] ?? 0);
    }
    return answer;
  };
  return {
    goalId: goal.id,
    brief: goal.spec.brief,
    done: goal.spec.done,
    folder: journal.agent.folder,
    sandbox: parts.sandbox,
    models: parts.models,
    callModel,
    clock: parts.clock,
    signal,
    signOffs: new Map(goal.signOffs.map((signOff) => [signOff.checkIndex, signOff])),
    commandId: (index) => checkCommandId(journal, round, index),
  };
}

/** Names the command of one check in one round, so that a restart finds it. */
export function checkCommandId(journal: Journal, round: number, index: number): string {
  return `${journal.run.id}-check-${round}-${index}`;
}

/** What the models of the checks have used, and why no more may be asked. */
interface Spent {
  usage: Partial<Usage>;
  overBudget: string | null;
}

function overBudgetFailure(sentence: string): NonNullable<Journal["facts"]["modelFailure"]> {
  return { type: "give_up", failure: "budget", sentence: `The checks could not be finished. ${sentence}` };
}

/** Passed, waiting for a sign-off, or not yet: then the agent is told what is missing, unless nothing moves any more. */
async function judgeRound(parts: LoopParts, journal: Journal, stepId: string, findings: Finding[]): Promise<Changes> {
  const goal = journal.goal!;
  const round = {
    checkRequested: false,
    checkCount: (journal.facts.checkCount ?? 0) + 1,
    verdictVersion: goal.version,
  };
  const open = findings.filter((finding) => finding.status !== "verified");
  if (open.length === 0) {
    const items = await newItems(parts, journal, stepId, [{ type: "notice", text: renderFindings(findings) }]);
    return { run: { state: setFacts(journal, { ...round, verdict: "passed" }) }, ...items };
  }
  const decided = new Set(goal.signOffs.map((signOff) => signOff.checkIndex));
  const waiting = open.filter((finding) => finding.kind === "person" && !decided.has(finding.checkIndex));
  if (waiting.length === open.length) return askSignOffs(parts, journal, stepId, findings, waiting, round);
  return goOn(parts, journal, stepId, findings, round);
}

async function askSignOffs(
  parts: LoopParts,
  journal: Journal,
  stepId: string,
  findings: Finding[],
  waiting: Finding[],
  round: Journal["facts"],
): Promise<Changes> {
  const goal = journal.goal!;
  const asked = waiting.filter((finding) => !goal.askedSignOffs.includes(finding.checkIndex));
  const inbox = asked.map((finding) => signOffEntry(parts, journal, goal, finding, findings));
  goal.askedSignOffs.push(...asked.map((finding) => finding.checkIndex));
  const items = await newItems(parts, journal, stepId, [{ type: "notice", text: renderFindings(findings) }]);
  return {
    run: { state: setFacts(journal, { ...round, verdict: "sign_off" }) },
    inbox,
    items: items.items,
    events: [
      ...items.events,
      ...inbox.map((entry) => event(journal, "sign_off.requested", { entry: presentEntry(journal, entry) })),
    ],
  };
}

async function goOn(
  parts: LoopParts,
  journal: Journal,
  stepId: string,
  findings: Finding[],
  round: Journal["facts"],
): Promise<Changes> {
  const goal = journal.goal!;
  const now = fingerprint({
    findings,
    folder: await parts.folderDigest(journal.agent.folder),
    plan: journal.facts.plan ?? null,
    calls: journal.recentCalls.slice(-5),
  });
  const idle = afterContinuation({ fingerprint: goal.fingerprint, idleCount: goal.idleCount }, now);
  goal.fingerprint = idle.fingerprint;
  goal.idleCount = idle.idleCount;
  const contents: ItemContent[] = [];
  if (!idle.stop) {
    const budgetLeft = remaining(goal.usage, { tokens: 0, micros: 0 }, goal.spec.budget);
    contents.push({
      type: "message",
      role: "runtime",
      text: renderContinuation({ findings, idle: idle.idleCount, budgetLeft }),
    });
  }
  const items = await newItems(parts, journal, stepId, contents);
  const facts = setFacts(journal, {
    ...round,
    verdict: "failed",
    stalled: idle.stop ? idle.sentence : null,
    yielded: true,
  });
  return {
    run: { state: facts },
    goal: { fingerprint: idle.fingerprint, idle_count: idle.idleCount },
    ...items,
  };
}

function signOffEntry(
  parts: LoopParts,
  journal: Journal,
  goal: LoadedGoal,
  finding: Finding,
  findings: Finding[],
): NewInboxEntry {
  return {
    id: newId("approval"),
    kind: "sign_off",
    agent_id: journal.agent.id,
    goal_id: goal.id,
    goal_version: goal.version,
    thread_id: journal.run.threadId,
    tool_call_id: null,
    check_index: finding.checkIndex,
    title: `Is this done? ${goal.spec.title}`,
    detail: { requirement: finding.requirement, done: goal.spec.done, evidence: findings },
    choices: [],
    action_hash: null,
    created_at: timeText(parts.clock.now()),
  };
}

function newEvidence(goal: LoadedGoal, stepId: string, finding: Finding, checkedAt: string): NewEvidence {
  return {
    id: newId("evidence"),
    goal_id: goal.id,
    goal_version: goal.version,
    step_id: stepId,
    check_index: finding.checkIndex,
    kind: finding.kind,
    requirement: finding.requirement,
    status: finding.status,
    detail: finding.detail,
    artifact: finding.artifact,
    checked_at: checkedAt,
  };
}

function presentEvidence(journal: Journal, row: NewEvidence): Evidence {
  return {
    id: row.id as Evidence["id"],
    goalId: row.goal_id as Evidence["goalId"],
    goalVersion: row.goal_version,
    runId: journal.run.id as Evidence["runId"],
    checkIndex: row.check_index,
    kind: row.kind,
    requirement: row.requirement,
    status: row.status,
    detail: row.detail,
    artifact: row.artifact,
    checkedAt: row.checked_at,
  };
}

function stepEnded(journal: Journal, stepId: string, status: "completed" | "interrupted", endedAt: string) {
  return event(journal, `step.${status}`, { step: { id: stepId, status, endedAt } });
}
