import { CreateGoal } from "@bureau/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { stopAll } from "../commands/stop-all.ts";
import type { Caps } from "../domain/caps.ts";
import { createModels } from "../models/models.ts";
import { readSpending } from "../store/spending.ts";
import type { ModelScript } from "../testing/model-server.ts";
import { testWorld, type World } from "../testing/test-world.ts";
import { localDay } from "../clock.ts";
import { composeAgent, composeGoal } from "./compose.ts";
import type { LoopParts } from "./parts.ts";

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

async function aWorld(script: ModelScript, part: Partial<LoopParts> = {}): Promise<World> {
  const world = await testWorld(script, { parts: part });
  worlds.push(world);
  return world;
}

const caps = (tokens: number) => {
  const all: Caps = { workspace: { day: { tokens }, total: {} }, agents: {} };
  return { current: () => all, reload: async () => all };
};
const goal = {
  title: "Report",
  brief: "Write the report.",
  done: "report.md names three risks",
  constraints: ["never send without my review"],
};
const text = "Write the report";

describe("composing a goal", () => {
  test("asks with a model, and drafts what was answered; nothing is created", async () => {
    const world = await aWorld(({ lastText }) =>
      lastText.includes('"answers":[]')
        ? { text: '{"questions":[{"question":"For whom?","suggestions":["The board","Everyone"]}]}' }
        : { text: `Here it is:\n\`\`\`json\n${JSON.stringify({ goal: { ...goal, agent: "writer" } })}\n\`\`\`` },
    );
    const first = await composeGoal(world, { text, answers: [] });
    expect(first).toEqual({
      by: "model",
      why: null,
      questions: [{ question: "For whom?", suggestions: ["The board", "Everyone"] }],
      draft: null,
    });
    const second = await composeGoal(world, { text, answers: [{ question: "For whom?", answer: "The board" }] });
    expect(second).toMatchObject({ by: "model", questions: [], draft: { agent: "writer", spec: goal, advice: [] } });
    expect(second.draft?.rules[0]).toMatchObject({ verdict: "ask", origin: "goal" });
    expect(CreateGoal.safeParse({ spec: second.draft?.spec, agent: second.draft?.agent }).success).toBe(true);
    const { rows } = await world.database.query(
      "SELECT (SELECT count(*) FROM goals) + (SELECT count(*) FROM runs) AS count",
    );
    expect(Number(rows[0].count)).toBe(0);
  });

  test("asks a model again where its answer cannot be used, a bounded number of times, then asks plainly", async () => {
    let calls = 0;
    const world = await aWorld(() => {
      calls += 1;
      return { text: calls === 1 ? "Gladly!" : '{"goal":{"title":"x"}}' };
    });
    const composed = await composeGoal(world, { text, answers: [] });
    expect(calls).toBe(3);
    expect(composed).toMatchObject({ by: "plain", why: "The model gave no answer that could be used." });
    expect(composed.questions).toHaveLength(3);
  });

  test("takes no fourth question", async () => {
    const world = await aWorld(() => ({ text: '{"questions":["And now?"]}' }));
    const answers = ["a", "b", "c"].map((question) => ({ question, answer: "x" }));
    const composed = await composeGoal(world, { text, answers });
    expect(composed).toMatchObject({ by: "plain", questions: [], draft: { agent: "writer", spec: { title: text } } });
  });

  test("works without a model, in a rehearsal and while everything is stopped", async () => {
    const world = await aWorld(() => ({ text: JSON.stringify({ goal }) }));
    const { parts } = world;
    const none = { ...world, parts: { ...parts, models: createModels({ providers: {} }) } };
    expect(await composeGoal(none, { text, answers: [] })).toMatchObject({ by: "plain", why: "No model is set." });
    const rehearsed = { ...world, parts: { ...parts, models: { ...parts.models, rehearsal: true } } };
    expect(await composeGoal(rehearsed, { text, answers: [] })).toMatchObject({ by: "plain" });
    await stopAll(world.commands, "owner");
    const stopped = await composeGoal(world, { text, answers: [] });
    expect(stopped).toMatchObject({ by: "plain", why: "The model did not answer: Everything is stopped." });
    expect(world.model.requests).toEqual([]);
  });

  test("names the agent that was asked for, and refuses one that is not there", async () => {
    const world = await aWorld(() => ({ text: JSON.stringify({ goal }) }));
    expect((await composeGoal(world, { text, agent: "writer", answers: [] })).draft?.agent).toBe("writer");
    await expect(composeGoal(world, { text, agent: "nobody", answers: [] })).rejects.toMatchObject({
      code: "not_found",
    });
  });

  test("counts under the caps what it used, and makes no call beyond them", async () => {
    const world = await aWorld(() => ({ text: JSON.stringify({ goal }) }), { caps: caps(5_000) });
    await composeGoal(world, { text, agent: "writer", answers: [] });
    const spent = await readSpending(world.database, localDay(world.parts.clock.now()));
    const { tokens, reservedTokens } = spent.get("workspace")!.day;
    expect(tokens).toBeGreaterThan(0);
    expect(tokens).toBeLessThan(1_500);
    expect(reservedTokens).toBe(0);
    expect(spent.get(`agent:${world.agentId}`)!.day.tokens).toBe(tokens);
    const full = { ...world, parts: { ...world.parts, caps: caps(500) } };
    expect((await composeGoal(full, { text, answers: [] })).by).toBe("plain");
    expect(world.model.requests).toHaveLength(1);
  });
});

describe("composing an agent", () => {
  test("interviews, and drafts a name that is free and its instructions", async () => {
    const world = await aWorld(({ lastText }) =>
      lastText.includes('"answers":[]')
        ? { text: '{"questions":[{"question":"How long?","suggestions":[]}]}' }
        : { text: '{"agent":{"name":"writer","instructions":"# Writer\\n\\nWrites."}}' },
    );
    const asked = await composeAgent(world, { text: "Someone who writes", answers: [] });
    expect(asked.questions).toHaveLength(1);
    const { draft } = await composeAgent(world, {
      text: "Someone who writes",
      answers: [{ question: "How long?", answer: "Short" }],
    });
    expect(draft).toEqual({ name: "writer-2", instructions: "# Writer\n\nWrites.\n" });
  });
});
