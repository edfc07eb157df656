import type { Ability, ListedRule, ToolEffect, Verdict } from "@bureau/protocol";
import { matchesGlob } from "./glob.ts";
import { clause, listed, oneLine, sentence } from "./plain-words.ts";
import { decide } from "./policy.ts";

/** What is known of a tool without a call to it. */
export interface ToolFacts {
  name: string;
  kind: string;
  effect: ToolEffect;
  /** Its arguments may carry something out of the workspace. */
  carriesOut: boolean;
  /** Why a call of it must not run by itself, whatever policy says. */
  needsApproval: string | null;
}

export interface AbilitiesQuestion {
  /** The agent's name. */
  agent: string;
  tools: readonly ToolFacts[];
  /** Every rule that there is, in the order that policy looks at them. */
  rules: readonly ListedRule[];
  /** Titles of the agent's open goals, by id: rules of other goals are left out. */
  goals: Readonly<Record<string, string>>;
  /** Hosts that its commands may connect to. */
  hosts: readonly string[];
}

const NAMED_TOOLS = 8;
/** Nobody named these, so they stand for any target and any words. */
const ANY_TARGET = "https://somewhere.invalid/";
const ANY_WORDS = "words that nobody wrote";

/** What built-in tools do, each group in one sentence. */
const DEEDS: readonly { tools: readonly string[]; text: (hosts: readonly string[]) => string }[] = [
  {
    tools: ["read_file", "list_files", "search_files"],
    text: () => "reads, lists and searches the files in its folder",
  },
  { tools: ["write_file", "edit_file"], text: () => "writes and changes files in its folder" },
  {
    tools: ["run_command"],
    text: (hosts) =>
      `runs commands in a sandbox that can write only its folder, ${hosts.length === 0 ? "without a network" : `and reach ${listed(hosts, NAMED_TOOLS)}`}`,
  },
  { tools: ["fetch_url"], text: () => "fetches pages of the public web" },
  { tools: ["plan"], text: () => "keeps a plan that you see" },
  { tools: ["ask_person"], text: () => "asks a person a question, in the inbox" },
  { tools: ["request_check", "report_blocked"], text: () => "asks for the check of its goal, or says what it lacks" },
];

/** Held by the program itself: no rule, no setting and no yes changes them. */
const NEVER: readonly string[] = [
  "declares a goal done: only checks that passed do",
  "writes goal files, bureau.yaml or mcp.json: they say what it may do",
  "leaves its folder by a path or a link, or looks into Bureau's own data",
  "reads the value of a secret",
  "does the same thing outside a second time for the same goal",
];

/** What an agent does by itself, asks for first and never does, in sentences and with the reason of each. */
export function abilitiesOf(question: AbilitiesQuestion): Ability[] {
  return [
    ...toolAbilities(question),
    ...question.rules.filter((rule) => rule.goalId === null).flatMap((rule) => ruleAbility(rule, question)),
    ...goalAbilities(question),
    ...NEVER.map((text): Ability => ability(`It never ${text}`, "deny", { because: "built in" })),
  ];
}

interface Judged extends ToolFacts {
  verdict: Verdict;
  /** It asks once it has read content from outside. */
  asksLater: boolean;
  because: string;
}

function judge(tool: ToolFacts, { agent, rules }: AbilitiesQuestion): Judged {
  const action = {
    tool: tool.name,
    kind: tool.kind,
    effect: tool.effect,
    reversible: false,
    targets: tool.effect === "write_outside" || tool.carriesOut ? [ANY_TARGET] : [],
    content: [ANY_WORDS],
    carriesOut: tool.carriesOut,
    reaches: [],
    title: tool.name,
  };
  const general = rules.filter((rule) => rule.goalId === null && rule.runId === null);
  const asker = { action, agent, goalId: null, runId: null, words: "", sameCallsInRun: 0 };
  const decision = decide(general, { ...asker, taint: [] });
  const later = decide(general, { ...asker, taint: [{ name: "content from outside", tool: "any" }] });
  const needs = decision.verdict === "allow" ? tool.needsApproval : null;
  return {
    ...tool,
    verdict: needs === null ? decision.verdict : "ask",
    asksLater: needs === null && decision.verdict === "allow" && later.verdict === "ask",
    because: needs ?? (decision.rule === null ? DEFAULTS[tool.effect] : `rule: ${oneLine(decision.rule.text, 200)}`),
  };
}

const DEFAULTS: Record<ToolEffect, string> = {
  read: "by default, reading is allowed",
  write_workspace: "by default, work within the workspace is allowed",
  write_outside: "by default, what acts outside asks, unless you named all of it yourself",
};

function toolAbilities(question: AbilitiesQuestion): Ability[] {
  const judged = question.tools.map((tool) => judge(tool, question));
  const builtIn = DEEDS.flatMap(({ tools, text }) => {
    const own = judged.filter((tool) => tools.includes(tool.name));
    return grouped(own).map((group) => told(group, text(question.hosts)));
  });
  const known = new Set(DEEDS.flatMap(({ tools }) => tools));
  const others = grouped(judged.filter((tool) => !known.has(tool.name)));
  return [...builtIn, ...others.map((group) => told(group, othersText(group)))];
}

/** Tools of which the same is to be said. */
function grouped(tools: readonly Judged[]): Judged[][] {
  const key = (tool: Judged) =>
    [tool.verdict, tool.asksLater, tool.because, tool.effect, serverOf(tool.name)].join("\0");
  return [...Map.groupBy(tools, key).values()];
}

function told(group: readonly Judged[], text: string): Ability {
  const [first] = group;
  const { verdict = "ask", because = "", asksLater = false } = first ?? {};
  const lead = verdict === "allow" ? "It " : verdict === "ask" ? "It asks before it " : "It never ";
  const later = asksLater ? "; once it has read content from outside, it asks first unless you named where to" : "";
  return ability(`${lead}${text}${later}`, verdict, { because, tools: group.map((tool) => tool.name) });
}

function othersText(group: readonly Judged[]): string {
  const server = serverOf(group[0]?.name ?? "");
  const names = listed(
    group.map((tool) => oneLine(tool.name, 60)),
    NAMED_TOOLS,
  );
  const of = server === null ? "" : ` of the server ${oneLine(server, 60)}`;
  switch (group[0]?.effect) {
    case "read":
      return `reads with ${names}${of}`;
    case "write_workspace":
      return `changes the workspace with ${names}${of}`;
    default:
      return `acts outside with ${names}${of}`;
  }
}

/** Tools of connected servers are named after them. */
function serverOf(name: string): string | null {
  const at = name.indexOf("__");
  return at > 0 ? name.slice(0, at) : null;
}

const WHO: Record<ListedRule["origin"], string> = {
  settings: "a rule in bureau.yaml",
  goal: "a constraint of the goal",
  person: "a rule that a person made",
  approval: "granted on a card in the inbox",
};

function ruleAbility(rule: ListedRule, { agent }: AbilitiesQuestion): Ability[] {
  const isFor = rule.runId === null && (rule.agent === null || matchesGlob(rule.agent, agent) !== false);
  if (!isFor) return [];
  const what = rule.tool === "*" ? "anything" : oneLine(rule.tool, 100);
  const target =
    rule.target === null
      ? ""
      : rule.target.startsWith("!")
        ? ` to all but ${oneLine(rule.target.slice(1), 100)}`
        : ` to ${oneLine(rule.target, 100)}`;
  const by = rule.createdBy === null ? "" : `, by ${oneLine(rule.createdBy, 60)}`;
  const outside = rule.afterOutside ? ", also after it has read content from outside" : "";
  const lead =
    rule.verdict === "allow" ? "It calls" : rule.verdict === "ask" ? "It asks before it calls" : "It never calls";
  return [ability(`${lead} ${what}${target}${outside}`, rule.verdict, { because: `${WHO[rule.origin]}${by}` })];
}

/** One sentence a constraint, however many rules it makes. */
function goalAbilities({ rules, goals }: AbilitiesQuestion): Ability[] {
  const own = rules.filter((rule) => rule.goalId !== null && Object.hasOwn(goals, rule.goalId));
  const byText = Map.groupBy(own, (rule) => `${rule.goalId}\0${rule.verdict}\0${rule.text}`);
  return [...byText.values()].map(([rule]) =>
    ability(`For the goal "${clause(goals[rule!.goalId!] ?? "", 100)}": ${clause(rule!.text, 200)}`, rule!.verdict, {
      because: WHO[rule!.origin],
      goalId: rule!.goalId,
    }),
  );
}

function ability(
  text: string,
  verdict: Verdict,
  { because, tools = [], goalId = null }: { because: string; tools?: string[]; goalId?: string | null },
): Ability {
  return { sentence: sentence(text), verdict, tools, because, goalId };
}
