import type { ListedRule, PolicyRule, PolicyRules, Verdict } from "@bureau/protocol";

/** What Bureau made of a constraint: rules that it holds calls to, or nothing but words for the agent. */
export type Ruling =
  | { kind: "rules"; sentence: string; rules: readonly PolicyRule[] }
  | { kind: "advice" }
  | { kind: "unknown" };

const VERDICT_WORDS: Record<Verdict, string> = { allow: "Allows", ask: "Asks before", deny: "Refuses" };

/** What holds for one constraint of a goal. Unknown: it was not saved yet, or the goal is over. */
export function rulingOf(policy: PolicyRules | undefined, goalId: string, text: string): Ruling {
  const rules = (policy?.rules ?? []).filter(
    (rule) => rule.origin === "goal" && rule.goalId === goalId && rule.text === text,
  );
  if (rules.length > 0) return { kind: "rules", sentence: sayRules(rules), rules };
  const isAdvice = policy?.advice.some((advice) => advice.goalId === goalId && advice.text === text) ?? false;
  return { kind: isAdvice ? "advice" : "unknown" };
}

/** The same for a goal that is written down nowhere yet. */
export function rulingOfDraft(rules: readonly PolicyRule[], advice: readonly string[], text: string): Ruling {
  const own = rules.filter((rule) => rule.text === text);
  if (own.length > 0) return { kind: "rules", sentence: sayRules(own), rules: own };
  return { kind: advice.includes(text) ? "advice" : "unknown" };
}

/** Rules that people made for this goal alone, on cards or by hand. */
export function grantedRules(policy: PolicyRules | undefined, goalId: string): ListedRule[] {
  return (policy?.rules ?? []).filter((rule) => rule.goalId === goalId && rule.origin !== "goal");
}

/** `Asks before each send, reply, forward and post to all but *@acme.com`. */
export function sayRules(rules: readonly Pick<PolicyRule, "verdict" | "tool" | "target">[]): string {
  const [first] = rules;
  if (first === undefined) return "";
  const tools = uniqueTools(rules.map(({ tool }) => tool));
  const targets = [...new Set(rules.flatMap(({ target }) => (target === null ? [] : [target])))];
  const what = tools.includes("*") ? "call" : listed(tools, "and");
  return `${VERDICT_WORDS[first.verdict]} each ${what}${targets.length === 0 ? "" : ` ${sayTargets(targets)}`}`;
}

function sayTargets(targets: readonly string[]): string {
  const others = targets.filter((target) => target.startsWith("!")).map((target) => target.slice(1));
  const named = targets.filter((target) => !target.startsWith("!"));
  const parts = [
    ...(named.length === 0 ? [] : [`to ${listed(named, "or")}`]),
    ...(others.length === 0 ? [] : [`to all but ${listed(others, "and")}`]),
  ];
  return parts.join(", ");
}

/** Patterns such as `*.send`, `send_*` and `mail.send` as words, each meaning once. */
function uniqueTools(patterns: readonly string[]): string[] {
  const known = new Map<string, string>();
  for (const pattern of patterns) {
    if (pattern === "*") return ["*"];
    const words = pattern
      .split(/[^a-zA-Z0-9]+/)
      .filter((word) => word !== "" && word !== "to")
      .map((word) => (word === "email" ? "mail" : word));
    const key = words.toSorted().join(" ");
    if (!known.has(key)) known.set(key, words.join(" "));
  }
  return [...known.values()];
}

function listed(words: readonly string[], and: string): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${and} ${words.at(-1)}`;
}
