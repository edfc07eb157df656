import { AppError, type PolicyRule, SimulatePolicy } from "@bureau/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NO_CONNECTED_TOOLS } from "../connectors/connector.ts";
import { listRules } from "../queries/policy.ts";
import { simulatePolicy } from "../queries/simulate-policy.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { eventsAfter, lastSequence } from "../store/events.ts";
import { loadRules } from "../store/policy-rules.ts";
import type { GoalRow } from "../store/rows.ts";
import { aGoal, anAgent, aRun, testCommands, type TestCommands } from "../testing/factories.ts";
import { builtInTools } from "../tools/registry.ts";
import { change } from "./change.ts";
import { addPolicyRule, insertRule, removePolicyRule } from "./policy-rules.ts";

let world: TestCommands;

beforeAll(async () => {
  world = await testCommands();
});
afterAll(() => world.close());

async function failure(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw new Error(`expected an AppError, not ${String(error)}`);
  return error;
}

async function goalWith(constraints: string[], values: Partial<GoalRow> = {}): Promise<GoalRow> {
  const goal = await aGoal(world.database, { agent_id: world.agent.id, ...values });
  const spec = { ...goal.spec, constraints };
  await world.database.query("UPDATE goals SET spec = $2 WHERE id = $1", [goal.id, JSON.stringify(spec)]);
  return { ...goal, spec };
}

const add = (part: Partial<Parameters<typeof addPolicyRule>[1]> = {}) =>
  addPolicyRule(world.parts, { verdict: "ask", tool: "mail.send", afterOutside: false, by: "Ana", ...part });
const texts = (rules: readonly PolicyRule[]) => rules.map((rule) => rule.text);

describe("a rule of a person", () => {
  test("is added with its event, once, and removed with its event", async () => {
    const before = await lastSequence(world.database);
    const added = await add({ target: " *@acme.com ", agent: "home" });
    expect(added).toMatchObject({
      id: expect.stringMatching(/^rule_/),
      verdict: "ask",
      target: "*@acme.com",
      agent: "home",
      origin: "person",
      text: "ask mail.send to *@acme.com by home",
      createdBy: "Ana",
    });
    expect(await add({ target: "*@acme.com", agent: world.agent.id })).toEqual(added);
    expect((await listRules(world.database, [])).rules).toContainEqual(added);
    await removePolicyRule(world.parts, added.id);
    expect((await listRules(world.database, [])).rules).not.toContainEqual(added);
    const events = await eventsAfter(world.database, before, 10);
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ["policy.changed", { change: "added", rule: added }],
      ["policy.changed", { change: "removed", rule: added }],
    ]);
  });

  test.each([
    [{ verdict: "allow", target: "!*@acme.com" }, "invalid", "The rule's target cannot begin with !"],
    [{ verdict: "allow", afterOutside: true }, "invalid", "The rule's afterOutside needs a target"],
    [{ verdict: "deny", afterOutside: true, target: "x" }, "invalid", "means something only where it allows"],
    [{ agent: "nobody" }, "not_found", 'There is no agent "nobody".'],
    [{ goal: "nothing" }, "not_found", 'There is no goal "nothing".'],
    [{ run: "run_0" }, "not_found", 'There is no run "run_0".'],
  ] as const)("%j is refused: %s", async (part, code, message) => {
    const error = await failure(add(part));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  test("is removed once, and not where it stands in a file", async () => {
    const { id } = await add({ tool: "gone" });
    await removePolicyRule(world.parts, id);
    expect((await failure(removePolicyRule(world.parts, id))).code).toBe("not_found");
    expect((await failure(removePolicyRule(world.parts, "settings:1"))).message).toContain("stands in bureau.yaml");
    expect((await failure(removePolicyRule(world.parts, "constraint:goal_1:1:1"))).code).toBe("conflict");
  });

  test("of a run is gone when the run is over and another is made", async () => {
    const over = await aRun(world.database, { agent_id: world.agent.id });
    const open = await aRun(world.database, { agent_id: world.agent.id });
    const grant = (runId: string) =>
      change(world.parts, (change) =>
        insertRule(
          change,
          {
            verdict: "allow",
            tool: "mail.send",
            target: "bob@acme.com",
            agent: "home",
            goalId: null,
            runId,
            afterOutside: true,
            origin: "approval",
          },
          "Ana",
        ),
      );
    const first = await grant(over.id);
    expect(first.text).toBe("allow mail.send to bob@acme.com by home in one run, also after outside content");
    await world.database.query("UPDATE runs SET status = 'completed' WHERE id = $1", [over.id]);
    const second = await grant(open.id);
    const { rows } = await world.database.query("SELECT id FROM policy_rules WHERE run_id IS NOT NULL");
    expect(rows).toEqual([{ id: second.id }]);
    expect(await loadRules(world.database, { agent: "home", goalId: null, runId: open.id })).toContainEqual(
      expect.objectContaining({ id: second.id, origin: "approval" }),
    );
    expect(texts(await loadRules(world.database, { agent: "home", goalId: null, runId: null }))).not.toContain(
      second.text,
    );
  });

  test("is one too many when there are a thousand", async () => {
    await world.database.query(
      `INSERT INTO policy_rules (id, verdict, tool, origin, text, created_by, created_at)
       SELECT 'rule_many' || n, 'ask', 'many' || n, 'person', '', 'test', now() FROM generate_series(1, 1000) n`,
    );
    expect((await failure(add({ tool: "one more" }))).code).toBe("limit_reached");
    await world.database.query("DELETE FROM policy_rules WHERE id LIKE 'rule_many%'");
  });
});

describe("the rules of an agent at work", () => {
  test("are those for it: of all, of its goal, and what goals above ask or refuse", async () => {
    const top = await goalWith(["never send without my review", "be kind"]);
    const child = await goalWith(["no web access"], { parent_id: top.id });
    const other = await goalWith(["send nothing"]);
    await anAgent(world.database, { name: "writer", folder: "/writer" });
    const made = [
      await add({ verdict: "deny", tool: "all" }),
      await add({ verdict: "deny", tool: "homes", agent: "ho*" }),
      await add({ verdict: "deny", tool: "writers", agent: "writer" }),
      await add({ verdict: "deny", tool: "of_top", goal: top.id }),
      await add({ verdict: "allow", tool: "allowed_top", goal: top.id }),
      await add({ verdict: "allow", tool: "allowed_child", goal: child.id }),
      await add({ verdict: "deny", tool: "of_other", goal: other.id }),
    ];
    const rules = await loadRules(world.database, { agent: "home", goalId: child.id, runId: null });
    const people = rules.filter((rule) => rule.origin === "person").map((rule) => rule.tool);
    expect(people.toSorted()).toEqual(["all", "allowed_child", "homes", "of_top"]);
    expect([...new Set(texts(rules.filter((rule) => rule.origin === "goal")))]).toEqual([
      "no web access",
      "never send without my review",
    ]);
    expect(rules.every((rule) => rule.goalId === null || rule.goalId === child.id)).toBe(true);
    for (const { id } of made) await removePolicyRule(world.parts, id);
  });

  test("are listed with what is only advice", async () => {
    const goal = await goalWith(["Never delete mails", "stay calm"]);
    const settings = [{ ...(await add({ tool: "first" })), id: "settings:1", origin: "settings" as const }];
    const { rules, advice } = await listRules(world.database, settings);
    expect(rules[0]).toMatchObject({ id: "settings:1", createdBy: null });
    expect(rules.filter((rule) => rule.goalId === goal.id).map((rule) => rule.text)).toContain("Never delete mails");
    expect(advice).toContainEqual({ goalId: goal.id, goalName: goal.name, text: "stay calm" });
  });
});

describe("a simulation", () => {
  const SANDBOX = { state: async () => ({ available: true }) } as unknown as Sandbox;
  const simulate = (input: Partial<SimulatePolicy>, settings: PolicyRule[] = []) =>
    simulatePolicy(
      {
        database: world.database,
        settings,
        tools: builtInTools(),
        connectedTools: async () => NO_CONNECTED_TOOLS,
        sandbox: SANDBOX,
      },
      SimulatePolicy.parse({ agent: "home", tool: "fetch_url", ...input }),
    );

  test("of a tool that is there reads its arguments", async () => {
    const url = "https://x.org/a";
    const result = await simulate({ arguments: { url }, tainted: ["mail from bob@x.org"] });
    expect(result).toMatchObject({
      verdict: "ask",
      because: "carries_out",
      reason: "The run has read mail from bob@x.org; it could carry that out, and nobody named https://x.org/a.",
      action: { tool: "fetch_url", kind: "web.fetch", targets: [url], content: [], carriesOut: true },
    });
    expect((await simulate({ arguments: { url } })).verdict).toBe("allow");
    expect((await simulate({ arguments: { url }, tainted: ["x"], words: `Read ${url}` })).because).toBe("named");
    expect((await simulate({ tool: "web.fetch", arguments: { url } })).action.tool).toBe("fetch_url");
    expect((await failure(simulate({ arguments: { link: url } }))).message).toContain('"link" is not an argument');
    expect((await failure(simulate({ arguments: { url }, effect: "read" }))).code).toBe("invalid");
  });

  test("of a tool that is not there takes what is said of it, and the careful side", async () => {
    const input = { tool: "mail.send", arguments: { to: "bob@acme.com", body: "Hi there" }, targets: ["bob@acme.com"] };
    expect(await simulate(input)).toMatchObject({
      verdict: "ask",
      action: { effect: "write_outside", targets: ["bob@acme.com"], content: ["Hi there"] },
    });
    expect((await simulate({ ...input, effect: "read" })).verdict).toBe("allow");
    const rule = { ...(await add({ tool: "mail.send", verdict: "deny" })), origin: "settings" as const };
    await removePolicyRule(world.parts, rule.id);
    expect(await simulate(input, [rule])).toMatchObject({ verdict: "deny", because: "rule", rule: { id: rule.id } });
  });

  test("uses the rules and the words of a goal", async () => {
    const goal = await goalWith(["never post to #general"]);
    const spec = { ...goal.spec, brief: 'Send "Hi there" to bob@acme.com' };
    await world.database.query("UPDATE goals SET spec = $2 WHERE id = $1", [goal.id, JSON.stringify(spec)]);
    const send = { tool: "mail.send", arguments: { to: "bob@acme.com", body: "Hi there" }, tainted: ["a page"] };
    expect(await simulate({ ...send, goal: goal.id })).toMatchObject({ verdict: "allow", because: "named" });
    expect((await simulate(send)).verdict).toBe("ask");
    const post = { tool: "chat.post", targets: ["general"], goal: goal.id };
    expect(await simulate(post)).toMatchObject({ verdict: "deny", rule: { text: "never post to #general" } });
  });

  test("asks where the tool itself would", async () => {
    const bare = { state: async () => ({ available: false, reason: "There is no sandbox.", hint: "" }) };
    const result = await simulatePolicy(
      {
        database: world.database,
        settings: [],
        tools: builtInTools(),
        connectedTools: async () => NO_CONNECTED_TOOLS,
        sandbox: bare as unknown as Sandbox,
      },
      SimulatePolicy.parse({ agent: "home", tool: "run_command", arguments: { command: "ls" } }),
    );
    expect(result).toMatchObject({ verdict: "ask", reason: expect.stringContaining("There is no sandbox.") });
  });
});
