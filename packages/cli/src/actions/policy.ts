import {
  AppError,
  type ListedRule,
  type PolicyRules,
  type PolicySimulation,
  type SimulatePolicy,
  VERDICTS,
} from "@bureau/protocol";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { renderTable } from "../present/table.ts";
import { count, oneLine } from "../present/text.ts";
import { resolveReference } from "../references.ts";

const UNNAMED_SOURCE = "outside content";

export async function listRules(call: Call): Promise<void> {
  const { client } = await connect(call);
  const list = await client.listPolicyRules();
  answer(call, list, () => renderRules(call, list));
}

function renderRules(call: Call, { rules, advice }: PolicyRules): string {
  const lines = oncePerText(rules);
  const table =
    lines.length === 0
      ? "There are no rules. Writes outside ask, unless all of them was named by a person.\n"
      : renderTable(
          call.terminal,
          [
            { title: "RULE", value: (line) => line.rule.id },
            { title: "VERDICT", value: (line) => line.rule.verdict },
            { title: "FROM", value: (line) => FROM[line.rule.origin] },
            { title: "WHAT", value: (line) => oneLine(line.rule.text, 300) + line.more, flexible: true },
          ],
          lines,
        );
  const said = advice.map((each) => `  ${oneLine(each.text, 300)} (${oneLine(each.goalName, 80)})\n`);
  return said.length === 0 ? table : `${table}\nOnly advice, which agents read and nothing enforces:\n${said.join("")}`;
}

const FROM: Record<ListedRule["origin"], string> = {
  settings: "bureau.yaml",
  goal: "goal",
  person: "person",
  approval: "approval",
};

/** A constraint becomes a rule for each way a tool may be called; a person reads it once. */
function oncePerText(rules: readonly ListedRule[]): { rule: ListedRule; more: string }[] {
  const groups = Map.groupBy(rules, (rule) =>
    rule.origin === "goal" ? `${rule.goalId} ${rule.id.split(":").slice(0, -1).join(":")}` : rule.id,
  );
  return [...groups.values()].map((group) => ({
    rule: group[0]!,
    more: group.length > 1 ? ` (${count(group.length, "tool pattern")})` : "",
  }));
}

interface AddOptions {
  to?: string;
  agent?: string;
  goal?: string;
  afterOutside?: boolean;
}

export async function addRule(call: Call<AddOptions>): Promise<void> {
  const { to, agent, goal, afterOutside } = call.options;
  const given = argument(call, 0);
  const verdict = VERDICTS.find((each) => each === given);
  if (verdict === undefined) {
    throw new AppError("invalid", `A rule cannot be "${oneLine(given, 40)}".`, { hint: `Use ${VERDICTS.join(", ")}.` });
  }
  const { client } = await connect(call);
  const rule = await client.addPolicyRule({
    body: {
      verdict,
      tool: argument(call, 1),
      ...(to === undefined ? {} : { target: to }),
      ...(agent === undefined ? {} : { agent }),
      ...(goal === undefined ? {} : { goal: await resolveReference(client, "goal", goal) }),
      ...(afterOutside === true ? { afterOutside } : {}),
    },
  });
  answer(call, rule, () => `${rule.id}: ${oneLine(rule.text, 300)}\n`);
}

export async function removeRule(call: Call): Promise<void> {
  const { client } = await connect(call);
  const id = await ruleId(call);
  await client.removePolicyRule({ params: { ruleId: id } });
  answer(call, { id, removed: true }, () => `Removed ${id}.\n`);
}

/** The id of a rule, or its beginning if only one rule has it. */
async function ruleId(call: Call): Promise<string> {
  const reference = argument(call, 0);
  const { client } = await connect(call);
  const { rules } = await client.listPolicyRules();
  const found = rules.filter((rule) => rule.id === reference || rule.id.startsWith(reference));
  const one = found.find((rule) => rule.id === reference) ?? (found.length === 1 ? found[0] : undefined);
  if (one !== undefined) return one.id;
  throw new AppError(
    found.length === 0 ? "not_found" : "invalid",
    found.length === 0
      ? `There is no rule "${oneLine(reference, 80)}".`
      : `"${oneLine(reference, 80)}" is the beginning of ${found.length} rules.`,
    { hint: "`bureau policy list` shows the rules." },
  );
}

interface TestOptions {
  agent: string;
  args?: string;
  goal?: string;
  tainted?: boolean;
  source?: string[];
  words?: string;
  effect?: "read" | "write_workspace" | "write_outside";
  target?: string[];
  reaches?: string[];
  carriesOut?: boolean;
}

export async function testCall(call: Call<TestOptions>): Promise<void> {
  const { options } = call;
  const args = readObject(options.args);
  const { client } = await connect(call);
  const { source: sources = [], words, effect, target: targets, reaches, carriesOut } = options;
  const goal = options.goal === undefined ? undefined : await resolveReference(client, "goal", options.goal);
  const result = await client.simulatePolicy({
    body: {
      agent: await resolveReference(client, "agent", options.agent),
      tool: argument(call, 0),
      arguments: args,
      tainted: sources.length === 0 && options.tainted === true ? [UNNAMED_SOURCE] : sources,
      ...(goal === undefined ? {} : { goal }),
      ...(words === undefined ? {} : { words }),
      ...(effect === undefined ? {} : { effect }),
      ...(targets === undefined ? {} : { targets }),
      ...(reaches === undefined ? {} : { reaches }),
      ...(carriesOut === undefined ? {} : { carriesOut }),
    },
  });
  answer(call, result, () => renderSimulation(result));
}

function renderSimulation({ verdict, reason, rule, action }: PolicySimulation): string {
  const lines = [
    `${verdict}: ${oneLine(reason, 1_500)}`,
    "",
    `  call      ${oneLine(action.title, 300)}, ${action.effect}`,
  ];
  if (action.targets.length > 0) lines.push(`  targets   ${oneLine(action.targets.join(", "), 300)}`);
  if (action.content.length > 0) lines.push(`  content   ${oneLine(action.content.join(", "), 300)}`);
  if (action.reaches.length > 0) lines.push(`  reaches   ${oneLine(action.reaches.join(", "), 300)}`);
  if (rule !== null) lines.push(`  rule      ${rule.id}: ${oneLine(rule.text, 300)}`);
  return `${lines.join("\n")}\n`;
}

function readObject(text: string | undefined): SimulatePolicy["arguments"] {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as SimulatePolicy["arguments"];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("invalid", `--args is not JSON: ${reason}`, { cause: error });
  }
  throw new AppError("invalid", "--args is not a JSON object.", { hint: `Write it as '{"to":"bob@acme.com"}'.` });
}
