import type { PolicyRule } from "@bureau/protocol";
import { type Meaning, meaningOf } from "./constraint-meaning.ts";
import type { Subject } from "./constraint-words.ts";

/** Longer texts are advice: nobody would find the rule in them again. */
const MAX_CHARACTERS = 300;

export interface ConstraintRules {
  rules: PolicyRule[];
  /** Constraints that only the agent reads. */
  advice: string[];
  /** Each constraint with the first of its rules, and with all of them. */
  ofConstraint: { text: string; rule: PolicyRule | null; rules: PolicyRule[] }[];
}

/** How the tools of a verb are called: by kind, and by the names that servers commonly give. */
function named(verb: string): string[] {
  return [`*.${verb}`, `${verb}_*`, `*.${verb}_*`, `*__${verb}_*`];
}

const TOOLS: Record<Subject, readonly string[]> = {
  send: ["send", "reply", "forward", "post"].flatMap(named),
  mail: [
    "mail.send",
    "mail.reply",
    "mail.forward",
    ...["send", "reply", "reply_to", "forward"].flatMap((verb) => [`*${verb}_mail*`, `*${verb}_email*`]),
  ],
  reply: named("reply"),
  forward: named("forward"),
  post: ["post", "publish", "tweet"].flatMap(named),
  pay: [...["pay", "buy", "purchase", "transfer"].flatMap(named), "*send_money", "*send_payment"],
  delete: ["delete", "remove", "erase"].flatMap(named),
  delete_mail: ["mail.delete", "mail.trash", "*delete_mail*", "*delete_email*", "*trash_mail*", "*trash_email*"],
  web: ["fetch_url", "*.fetch", "*web_search", "*search_web", "*_webpage", "*fetch_page"],
};

/**
 * Reads the constraints of a goal, English or German, as rules.
 *
 * A text becomes a rule only when every word of it is understood; any other is advice, for a wrong rule is worse
 * than none. A rule can ask or deny, never allow.
 */
export function rulesOfConstraints(constraints: readonly string[], goal: { id: string }): ConstraintRules {
  const ofConstraint = constraints.map((text, index) => {
    const meaning = text.length > MAX_CHARACTERS ? null : meaningOf(text);
    const rules = meaning === null ? [] : rulesOf(meaning, { text, goalId: goal.id, index });
    return { text, rule: rules[0] ?? null, rules };
  });
  return {
    rules: ofConstraint.flatMap((each) => each.rules),
    advice: ofConstraint.filter((each) => each.rule === null).map((each) => each.text),
    ofConstraint,
  };
}

function rulesOf(meaning: Meaning, from: { text: string; goalId: string; index: number }): PolicyRule[] {
  const tools = [...new Set(meaning.subjects.flatMap((subject) => TOOLS[subject]))];
  const targets = meaning.targets.length > 0 ? meaning.targets : [null];
  return tools
    .flatMap((tool) => targets.map((target) => ({ tool, target })))
    .map(({ tool, target }, place) => ({
      id: `constraint:${from.goalId}:${from.index + 1}:${place + 1}`,
      verdict: meaning.verdict,
      tool,
      target,
      agent: null,
      goalId: from.goalId,
      runId: null,
      afterOutside: false,
      origin: "goal",
      text: from.text,
    }));
}
