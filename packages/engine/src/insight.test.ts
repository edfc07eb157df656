import { applyEvents, EMPTY_VIEW, newId, NO_USAGE, type View } from "@bureau/protocol";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGoal } from "./commands/create-goal.ts";
import { pauseAgent, resumeAgent } from "./commands/pause-agent.ts";
import { pauseGoal } from "./commands/pause-goal.ts";
import { addPolicyRule } from "./commands/policy-rules.ts";
import { startRun } from "./commands/start-run.ts";
import { createInsight } from "./insight.ts";
import type { InsightApi } from "./engine-api.ts";
import { listInbox } from "./queries/inbox.ts";
import { listItems } from "./queries/threads.ts";
import { usage } from "./queries/usage.ts";
import { eventsAfter } from "./store/events.ts";
import { anEntry } from "./testing/factories.ts";
import { testWorld, type World } from "./testing/test-world.ts";
import { builtInTools } from "./tools/registry.ts";

let world: World;
let insight: InsightApi;
let runId: string;

beforeAll(async () => {
  world = await testWorld(
    ({ toolTurns }) =>
      toolTurns > 0
        ? "The report is written."
        : { toolCalls: [{ name: "write_file", arguments: { path: "report.md", content: "## Risks\n" } }] },
    { rules: [] },
  );
  const { database, parts, workspace } = world;
  insight = createInsight({ database, parts, workspace, tools: builtInTools(), policy: [], caps: async () => [] });
  runId = (await startRun(world.commands, { text: "Write the report on quokkas", agent: "writer" })).id;
  await world.driveAll();
});
afterAll(() => world.close());

describe("an explanation", () => {
  test("tells of a run that was driven to its end, in a paragraph and step by step", async () => {
    const explained = await insight.explainRun(runId, { after: 0, limit: 50 });
    expect(explained.text).toContain('Writer was asked "Write the report on quokkas".');
    expect(explained.text).toContain("It wrote report.md.");
    expect(explained.text).toContain("It ended with an answer.");
    expect(explained.timeline.map((entry) => entry.sentence)).toEqual([
      "Asked test/scripted, which asked for write_file.",
      "Wrote report.md.",
      "Asked test/scripted, which answered.",
    ]);
    expect(explained.timeline[1]?.toolCallId).toMatch(/^call_/);
    expect(explained.timeline.every((entry) => entry.durationMs !== null)).toBe(true);
    expect(explained.timeline[0]?.tokens).toBeGreaterThan(0);
    expect(explained.nextAfter).toBeNull();
    expect((await insight.explainRun(runId, { after: 0, limit: 2 })).nextAfter).toBe(2);
  });

  test("is not there for a run that is not", async () => {
    await expect(insight.explainRun("run_x", { after: 0, limit: 1 })).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("the history of events", () => {
  async function replay(query: { run?: string; thread?: string }): Promise<{ view: View; parts: number }> {
    let view = EMPTY_VIEW;
    let after = 0;
    for (let parts = 1; parts < 100; parts += 1) {
      const part = await insight.eventHistory({ ...query, after, limit: 4 });
      expect(part.events.length).toBeLessThanOrEqual(4);
      view = applyEvents(view, part.events);
      if (part.nextAfter === null) return { view, parts };
      expect(part.nextAfter).toBeGreaterThan(after);
      after = part.nextAfter;
    }
    throw new Error("the history has no end");
  }

  test("of a run, folded part by part, is the run and its steps as they are now", async () => {
    const other = await startRun(world.commands, { text: "Something else", agent: "writer" });
    await world.driveAll();
    const { view, parts } = await replay({ run: runId });
    expect(parts).toBeGreaterThan(2);
    expect(view.runs[runId]).toMatchObject({ status: "completed", outcome: "answered" });
    expect(view.runs[other.id]).toBeUndefined();
    expect(Object.values(view.steps)).toHaveLength(3);
    const all = await eventsAfter(world.database, 0, 500);
    const whole = applyEvents(
      EMPTY_VIEW,
      all.filter((event) => event.runId === runId),
    );
    expect(view).toEqual({ ...whole, lastSeq: view.lastSeq });
  });

  test("of a thread has all its items", async () => {
    const { rows } = await world.database.query("SELECT thread_id FROM runs WHERE id = $1", [runId]);
    const { thread_id: thread } = rows[0];
    const { view } = await replay({ thread });
    const { items } = await listItems(world.database, thread, { after: 0, limit: 100 });
    expect(view.items[thread]).toEqual(items);
  });

  test("begins near the thing's own beginning, however much happened before", async () => {
    await world.database.query(
      `INSERT INTO events (type, at, data) SELECT 'step.started', now() - interval '1 day', '{}' FROM generate_series(1, 3000)`,
    );
    const { threadId } = await createGoal(world.commands, { text: "Later work", agent: "writer", draft: true });
    const part = await insight.eventHistory({ thread: threadId, after: 0, limit: 1 });
    expect(part.events.map((event) => event.threadId)).toEqual([threadId]);
  });
});

describe("activity", () => {
  test("tells what happened, newest first, by agent, goal and kind", async () => {
    const goal = await createGoal(world.commands, { text: "Count the quokkas", agent: "writer", draft: true });
    await pauseAgent(world.commands, "writer");
    await resumeAgent(world.commands, "writer");
    const rule = { verdict: "ask" as const, tool: "mail.send", afterOutside: false, by: "ana" };
    await addPolicyRule(world.commands, rule);
    const all = await insight.listActivity({ limit: 50 });
    const sentences = all.entries.map((entry) => entry.sentence);
    expect(sentences.slice(0, 4)).toEqual([
      "A rule was added by ana: ask mail.send.",
      "Writer may work again.",
      "Writer was paused.",
      'The goal "Count the quokkas" was set for writer.',
    ]);
    expect(sentences.some((text) => text.startsWith("Writer ended a run, in "))).toBe(true);
    expect(all.entries.map((entry) => entry.seq)).toEqual(
      all.entries.map((entry) => entry.seq).toSorted((a, b) => b - a),
    );
    expect(all.nextBefore).toBeNull();
    const ofGoal = await insight.listActivity({ goal: goal.name, limit: 50 });
    expect(ofGoal.entries.map((entry) => entry.kind)).toEqual(["goal"]);
    const runs = await insight.listActivity({ agent: "writer", kind: ["run"], limit: 1 });
    expect(runs.entries).toHaveLength(1);
    const next = await insight.listActivity({ kind: ["run"], limit: 50, before: runs.nextBefore! });
    expect(next.entries.every((entry) => entry.seq < runs.entries[0]!.seq)).toBe(true);
    await pauseGoal(world.commands, goal.id).catch(() => undefined);
  });

  test("looks at a bounded number of events, and says where to go on", async () => {
    await world.database.query(
      "INSERT INTO events (type, at, data) SELECT 'step.started', now(), '{}' FROM generate_series(1, 20100)",
    );
    const first = await insight.listActivity({ kind: ["policy"], limit: 50 });
    expect(first.entries).toEqual([]);
    const next = await insight.listActivity({ kind: ["policy"], limit: 50, before: first.nextBefore! });
    expect(next.entries).toHaveLength(1);
  });
});

describe("what was done outside", () => {
  test("is found, and told of, by the call of the run that did it", async () => {
    expect((await insight.search({ q: "pelican", limit: 5 })).hits).toEqual([]);
    const { rows } = await world.database.query("SELECT thread_id FROM runs WHERE id = $1", [runId]);
    await world.database.query(
      `INSERT INTO effects (id, key, status, tool, kind, title, arguments, action_hash, agent_id, run_id, thread_id,
         tool_call_id, approved_by, proposed_at)
       VALUES ('eff_1', 'k', 'done', 'mail__send', 'mail.send', 'mail to bob', '{"body": "The pelican has landed"}', 'h',
         $1, $2, $3, 'call_out', 'ana', now())`,
      [world.agentId, runId, rows[0].thread_id],
    );
    await world.database.query(
      `INSERT INTO events (type, at, thread_id, run_id, data)
       VALUES ('tool_call.completed', now(), $1, $2, '{"toolCall": {"id": "call_out", "status": "completed"}}')`,
      [rows[0].thread_id, runId],
    );
    const { hits } = await insight.search({ q: "pelican", limit: 5 });
    expect(hits).toMatchObject([{ kind: "effect", id: "eff_1", title: "mail to bob", runId }]);
    const { entries } = await insight.listActivity({ kind: ["effect"], limit: 5 });
    expect(entries.map((entry) => entry.sentence)).toEqual(['Writer did "mail to bob", on the yes of ana.']);
    const { text } = await insight.explainRun(runId, { after: 0, limit: 1 });
    expect(text).toContain('Outside the workspace: "mail to bob" was done, on the yes of ana.');
  });
});

describe("long lists", () => {
  test("a thread is read from its end backwards, each item once", async () => {
    const { threadId } = await createGoal(world.commands, { text: "Long", agent: "writer", draft: true });
    await world.database.query(
      `INSERT INTO items (id, thread_id, position, type, content, created_at)
       SELECT 'item_l' || n, $1, n + 1, 'message', jsonb_build_object('type', 'message', 'role', 'person', 'text', 'n'), now()
       FROM generate_series(1, 25) n`,
      [threadId],
    );
    const seen: number[] = [];
    let before: number | null = 0;
    while (before !== null) {
      const part = await listItems(world.database, threadId, { after: 0, before, limit: 10 });
      seen.push(...part.items.map((item) => item.position));
      expect(part.nextAfter).toBeNull();
      before = part.nextBefore;
    }
    expect(seen.length).toBeGreaterThanOrEqual(25);
    expect(seen).toEqual(seen.toSorted((a, b) => b - a));
    expect(new Set(seen).size).toBe(seen.length);
  });

  test("three hundred entries of the inbox with long details are half a megabyte as a summary", async () => {
    const detail = {
      arguments: { to: ["bob@x.org"], body: "words ".repeat(3_000), html: "x".repeat(20_000) },
      because: "Nobody named it. ".repeat(40),
      sources: Array.from({ length: 50 }, (_, index) => ({ name: `mail ${index}`, tool: "mail" })),
    };
    for (let count = 0; count < 300; count += 1) {
      await anEntry(world.database, { kind: "approval", title: "Send a mail to bob@x.org ".repeat(20), detail });
    }
    const query = { status: ["pending" as const], limit: 300 };
    const { entries } = await listInbox(world.database, { ...query, view: "summary" });
    expect(entries).toHaveLength(300);
    expect(Buffer.byteLength(JSON.stringify(entries))).toBeLessThan(500_000);
    expect(entries[0]?.detail).toMatchObject({ arguments: { to: ["bob@x.org"] } });
    expect((await listInbox(world.database, { ...query, limit: 1 })).entries[0]?.detail).toEqual(detail);
  });
});

describe("usage", () => {
  test("is told for one agent or goal, and day by day", async () => {
    const report = await usage(world.database, { by: "agent", agent: "writer", series: "day" });
    expect(report.rows).toHaveLength(1);
    expect(report.days.length).toBeGreaterThanOrEqual(1);
    expect(report.days.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(report.total.tokens);
    expect(report.days[0]?.key).toBe(world.agentId);
    const goal = await createGoal(world.commands, { text: "Unused", agent: "writer", draft: true });
    const unused = await usage(world.database, { by: "day", goal: goal.name });
    expect(unused).toEqual({ rows: [], total: NO_USAGE, days: [] });
    await expect(usage(world.database, { by: "day", agent: "nobody" })).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("an agent", () => {
  test("is told what it may do, from rules and constraints as they are", async () => {
    await createGoal(world.commands, {
      spec: {
        brief: "Mail",
        title: "Mail",
        constraints: ["never send without my review", "be kind"],
        budget: { tokens: 5_000 },
      },
      agent: "writer",
      draft: true,
    });
    const abilities = await insight.agentAbilities("writer");
    expect(abilities.doesByItself.flatMap((each) => each.tools)).toContain("read_file");
    expect(abilities.asksFirst.map((each) => each.sentence)).toContain(
      'For the goal "Mail": never send without my review.',
    );
    expect(abilities.asksFirst.map((each) => each.sentence)).toContain("It asks before it calls mail.send.");
    expect(abilities.advice.map(({ text }) => text)).toEqual(["be kind"]);
    expect(abilities.budgets).toEqual(['For the goal "Mail" 5,000 tokens are left.']);
  });

  test("shows the files that it reads, who may write them, its skills and what it remembers", async () => {
    const { workspace, folder } = world;
    await writeFile(join(workspace, "AGENTS.md"), "We sell umbrellas.\n");
    for (const [path, text] of [
      ["skills/minutes/SKILL.md", "---\nname: minutes\ndescription: Takes minutes\n---\nDo it."],
      ["agents/writer/skills/broken/SKILL.md", "No front matter"],
      ["agents/writer/.claude/skills/minutes/SKILL.md", "---\nname: minutes\ndescription: >\n  Others\n---\n"],
      ["agents/writer/.codex/skills/odd/skill.md", '---\nname: "odd: one"\ndescription: [\n---\n'],
      ["memory/tone.md", "---\nsource: ana\n---\n# Write short sentences\n"],
      ["agents/writer/memory/deep/x.md", "Likes tea\n"],
    ] as const) {
      await mkdir(join(workspace, path, ".."), { recursive: true });
      await writeFile(join(workspace, path), text);
    }
    await symlink("/etc", join(workspace, "skills", "out"));
    await mkdir(join(folder, "skills", "linked"));
    await symlink("/etc/hostname", join(folder, "skills", "linked", "SKILL.md"));
    expect((await insight.agentContext("writer")).files).toMatchObject([
      { path: "AGENTS.md", text: "We sell umbrellas.\n", editors: "person" },
      {
        path: "agents/writer/AGENTS.md",
        text: "You write reports.\n",
        editors: "person_and_agent",
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
    const { skills } = await insight.agentSkills("writer");
    expect(skills.map(({ name, path, problems }) => [name, path, problems.length])).toEqual([
      ["broken", "agents/writer/skills/broken/SKILL.md", 2],
      ["linked", "agents/writer/skills/linked/SKILL.md", 1],
      ["minutes", "agents/writer/.claude/skills/minutes/SKILL.md", 0],
      ["odd: one", "agents/writer/.codex/skills/odd/skill.md", 3],
      ["minutes", "skills/minutes/SKILL.md", 1],
    ]);
    expect(skills[2]?.description).toBe("Others");
    expect((await insight.agentMemory("writer")).files).toMatchObject([
      { path: "memory/tone.md", title: "Write short sentences", scope: "workspace" },
      { path: "agents/writer/memory/deep/x.md", title: "Likes tea", scope: "agent" },
    ]);
    await expect(insight.agentMemory(newId("agent"))).rejects.toMatchObject({ code: "not_found" });
  });
});
