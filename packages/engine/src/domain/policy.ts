import type { DecisionReason, PolicyRule, Verdict } from "@bureau/protocol";
import type { Action, Source } from "./action.ts";
import { isHarmless, type Named, namedIn } from "./named.ts";
import { allowing, isFor, namesTarget, speaksOf } from "./rule-match.ts";
import { looksSecret } from "./secret-paths.ts";

/** Identical calls that may carry something out before a person is asked. */
const MAX_SAME_CALLS = 2;
const SHOWN_CHARACTERS = 120;
const SHOWN_VALUES = 3;

export type { PolicyRule, Verdict };

export interface PolicyQuestion {
  action: Action;
  /** The agent's name. */
  agent: string;
  goalId: string | null;
  runId: string | null;
  /** Outside content that the run has read. */
  taint: readonly Source[];
  /** Everything that a person wrote for this work: messages, the goal's title, brief and what done means. */
  words: string;
  /** Identical calls of this run so far. */
  sameCallsInRun: number;
}

export interface Decision {
  verdict: Verdict;
  /** In plain words, for the agent and for the person. */
  reason: string;
  rule: PolicyRule | null;
  because: DecisionReason;
}

/**
 * What happens to a call.
 *
 * A deny wins over all else; then what a person granted on a card; then rules that ask; then rules that allow; then
 * the default, by which work in the workspace goes on, and what leaves it asks unless the person named all of it.
 * A run that has read outside content is never allowed more than one that has not.
 */
export function decide(rules: readonly PolicyRule[], question: PolicyQuestion): Decision {
  const { action } = question;
  const own = rules.filter((rule) => isFor(rule, question));
  const denied = own.find((rule) => rule.verdict === "deny" && speaksOf(rule, action));
  if (denied !== undefined) return byRule(denied, `A rule denies it: ${shown(denied.text)}`);
  const allows = own.filter((rule) => rule.verdict === "allow" && holdsAfter(rule, question));
  const granted = allowing(
    allows.filter((rule) => rule.origin === "approval"),
    action,
  );
  if (granted !== null) {
    return { ...byRule(granted, `A person granted it: ${shown(granted.text)}`), because: "approval" };
  }
  const asking = own.find((rule) => rule.verdict === "ask" && speaksOf(rule, action));
  if (asking !== undefined) return byRule(asking, `A rule asks for a person's yes: ${shown(asking.text)}`);
  const allowed = allowing(allows, action);
  if (allowed !== null) return byRule(allowed, `A rule allows it: ${shown(allowed.text)}`);
  return byDefault(question);
}

/** Whether an allow holds in a run that may have read outside content. */
function holdsAfter(rule: PolicyRule, { action, taint }: PolicyQuestion): boolean {
  if (taint.length === 0) return true;
  const staysInside = action.effect !== "write_outside" && !action.carriesOut && action.reaches.length === 0;
  if (rule.origin === "approval") return rule.afterOutside;
  return staysInside || (rule.afterOutside && namesTarget(rule));
}

function byRule(rule: PolicyRule, text: string): Decision {
  return { verdict: rule.verdict, reason: /[.!?]$/.test(text) ? text : `${text}.`, rule, because: "rule" };
}

function byDefault(question: PolicyQuestion): Decision {
  const { action } = question;
  const named = namedIn(question.words);
  switch (action.effect) {
    case "write_outside":
      return onWrite(question, named);
    case "read":
      return onReach(question, named) ?? onCarry(question, named) ?? free("default", "It reads, which is allowed.");
    case "write_workspace":
      // A command that has a network writes in the workspace and may carry out what it finds there.
      return (
        onReach(question, named) ??
        onCarry(question, named) ??
        free("default", "It stays in the workspace, which is allowed.")
      );
    default:
      return ask("default", `What "${shown(action.tool)}" does is not known, so a person decides.`);
  }
}

function onWrite(question: PolicyQuestion, named: Named): Decision {
  const { action, taint } = question;
  const because: DecisionReason = taint.length > 0 ? "outside_content" : "default";
  const values = [...action.targets, ...action.reaches, ...action.content];
  if (values.every(isHarmless)) {
    return ask(because, `${readText(taint)}It acts outside the workspace, and does not say on what.`);
  }
  const targets = unnamed([...action.targets, ...action.reaches], named);
  const content = unnamed(action.content, named);
  if (targets.length + content.length === 0) {
    return free("named", "It acts outside the workspace, and the person named all of it.");
  }
  const missing = targets.length > 0 ? listText(targets) : `its content ${listText(content)}`;
  const start = taint.length > 0 ? readText(taint) : "It acts outside the workspace; ";
  return ask(because, `${start}nobody named ${missing}.`);
}

/** Asks when a read opens what nobody named. */
function onReach({ action, taint }: PolicyQuestion, named: Named): Decision | null {
  const secret = unnamed(action.reaches.filter(looksSecret), named);
  if (secret.length > 0) {
    return ask("reaches", `${readText(taint)}${listText(secret)} looks like it holds secrets, and nobody named it.`);
  }
  const reached = taint.length === 0 ? [] : unnamed(action.reaches, named);
  return reached.length === 0 ? null : ask("reaches", `${readText(taint)}nobody named ${listText(reached)}.`);
}

/** Asks when a read, or a command with a network, could carry out what the run has read. */
function onCarry({ action, taint, sameCallsInRun }: PolicyQuestion, named: Named): Decision | null {
  if (!action.carriesOut || taint.length === 0) return null;
  const targets = unnamed(action.targets, named);
  // The words of a search may come in any order; those of a command mean something else in another one.
  const isAsked = (value: string) => action.effect === "read" && (isSmall(value) || named.hasQuery(value));
  const missing = [...targets, ...unnamed(action.content, named)].filter((value) => !isAsked(value));
  if (missing.length > 0) {
    return ask("carries_out", `${readText(taint)}it could carry that out, and nobody named ${listText(missing)}.`);
  }
  if (sameCallsInRun >= MAX_SAME_CALLS) {
    return ask("repeats", `${readText(taint)}the same call was already made ${sameCallsInRun} times in this run.`);
  }
  return free("named", "It reaches outside, and the person named all that it carries.");
}

/** The number of a page or of results: what goes where a person said it should can carry no more with it. */
function isSmall(value: string): boolean {
  return /^\d{1,2}$/.test(value) || value === "100";
}

function unnamed(values: readonly string[], named: Named): string[] {
  return values.filter((value) => !named.has(value));
}

/** "The run has read mail from bob@x.org; ", or nothing. */
function readText(taint: readonly Source[]): string {
  const names = [...new Set(taint.map((source) => source.name))];
  const [first] = names;
  if (first === undefined) return "";
  const others = names.length > 1 ? ` and ${names.length - 1} more` : "";
  return `The run has read ${shown(first)}${others}; `;
}

function listText(values: readonly string[]): string {
  const more = values.length > SHOWN_VALUES ? ` and ${values.length - SHOWN_VALUES} more` : "";
  const quoted = values
    .slice(0, SHOWN_VALUES)
    .map((value) => (/^[^\s"]+$/.test(value) ? shown(value) : `"${shown(value)}"`));
  return `${quoted.join(", ")}${more}`;
}

/** On one line, without characters that change how a line reads. */
function shown(text: string): string {
  const line = text
    .slice(0, SHOWN_CHARACTERS * 2)
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim();
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line;
}

function free(because: DecisionReason, reason: string): Decision {
  return { verdict: "allow", reason, rule: null, because };
}

function ask(because: DecisionReason, text: string): Decision {
  return { verdict: "ask", reason: `${text.charAt(0).toUpperCase()}${text.slice(1)}`, rule: null, because };
}
