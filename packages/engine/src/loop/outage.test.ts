import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createGoal } from "../commands/create-goal.ts";
import { startRun } from "../commands/start-run.ts";
import { decideInboxEntry } from "../commands/decide-entry.ts";
import type { Caps } from "../domain/caps.ts";
import type { PolicyRule } from "../domain/policy.ts";
import { openDatabase } from "../store/database.ts";
import { watchTools } from "../testing/crash-points.ts";
import type { CrashScenario } from "../testing/crash-scenario.ts";
import { type CutMoment, cuttingProxy } from "../testing/cutting-proxy.ts";
import { owner } from "../testing/factories.ts";
import type { ModelReply } from "../testing/model-reply.ts";
import { listToolCalls } from "../queries/runs.ts";
import { cutAtEveryQuery, type OutageWorld, partsOverProxy } from "../testing/outage-scenario.ts";
import { testEngine } from "../testing/test-engine.ts";
import { fastClock } from "../testing/test-world.ts";
import { builtInTools } from "../tools/registry.ts";
import { defineTool } from "../tools/tool.ts";
import { driveRun } from "./drive-run.ts";
import { DEFAULT_RUN_LIMITS } from "./parts.ts";

const LIMIT_MS = 120_000;
const REPORT = "Risks\n";

/** What arrived at the provider, in order. */
const sent: string[] = [];

const sendMail = defineTool({
  name: "send_mail",
  kind: "mail.send",
  description: "Sends a mail.",
  parameters: z.strictObject({ to: z.string() }),
  effect: "write_outside",
  idempotent: false,
  describe: ({ to }) => ({ targets: [to], content: [], title: `Mail to ${to}` }),
  execute: async ({ to }, { effectKey }) => {
    sent.push(`${to} ${effectKey}`);
    return { text: `Sent to ${to}.`, receipt: { id: String(sent.length) } };
  },
  reconcile: async ({ to }) =>
    sent.some((mail) => mail.startsWith(to)) ? { outcome: "done", receipt: {}, text: "Sent." } : { outcome: "absent" },
});

/** Brings words of strangers into the run. */
const readMail = defineTool({
  name: "read_mail",
  description: "Reads a mail.",
  parameters: z.strictObject({}),
  effect: "read",
  idempotent: true,
  trust: "untrusted",
  execute: async () => ({ text: "Hello.", source: "mail from eve@evil.test" }),
});

const ALLOW_BOB: PolicyRule = {
  id: "rule_1",
  verdict: "allow",
  tool: "mail.send",
  target: "bob@acme.test",
  agent: null,
  goalId: null,
  runId: null,
  afterOutside: true,
  origin: "settings",
  text: "allow mail.send to bob@acme.test",
};

let world: OutageWorld;
let goals = 0;

beforeAll(async () => {
  const watched = watchTools([...builtInTools(), sendMail, readMail] as never, []);
  const engine = await testEngine({ script: () => "ok", tools: watched.tools, rules: [ALLOW_BOB] });
  const proxy = await cuttingProxy(engine.database.url);
  const database = await openDatabase({ url: proxy.url, maxConnections: 3 });
  world = { engine, watched, proxy, database, clock: fastClock(), rules: [ALLOW_BOB] };
});
afterAll(async () => {
  await world.database.close();
  await world.proxy.close();
  await world.engine.close();
});

const TURNS: NonNullable<ModelReply["toolCalls"]>[] = [
  [{ name: "read_mail", arguments: {} }],
  [{ name: "write_file", arguments: { path: "report.md", content: REPORT } }],
  [
    { name: "read_file", arguments: { path: "report.md" } },
    { name: "send_mail", arguments: { to: "bob@acme.test" } },
  ],
  [{ name: "send_mail", arguments: { to: "carol@acme.test" } }],
  [{ name: "request_check", arguments: {} }],
];

/** A goal whose work reads what is outside, writes a file, sends a mail by a rule and one on a yes, and is checked. */
const A_GOAL: CrashScenario = {
  script: ({ toolTurns }) => (TURNS[toolTurns] ? { toolCalls: TURNS[toolTurns] } : "Done."),
  start: () => {
    sent.length = 0;
    return createGoal(world.engine.commands, {
      agent: "writer",
      name: `goal ${(goals += 1)}`,
      spec: { brief: "Write report.md.", checks: [{ file: { path: "report.md", contains: "Risks" } }] as never },
    });
  },
  person: async (threadId) => {
    const { rows } = await world.engine.database.query(
      "SELECT id FROM inbox WHERE thread_id = $1 AND kind = 'approval' AND status = 'pending'",
      [threadId],
    );
    const entry = rows[0];
    if (entry) await decideInboxEntry(world.engine.commands, entry.id, { decision: "approve", by: owner("anna") });
    return entry !== undefined;
  },
  check: async ({ runs, calls }) => {
    expect(runs).toMatchObject([{ status: "completed", outcome: "done" }]);
    expect(calls.map(({ status }) => status)).toEqual(Array(6).fill("completed"));
    expect(sent.map((mail) => mail.split(" ")[0])).toEqual(["bob@acme.test", "carol@acme.test"]);
    expect(await readFile(join(world.engine.folder, "report.md"), "utf8")).toBe(REPORT);
    const { rows } = await world.engine.database.query(
      "SELECT DISTINCT sources FROM file_labels WHERE path = $1 AND run_id = $2",
      [join(world.engine.folder, "report.md"), runs[0]!.id],
    );
    expect(rows).toEqual([{ sources: [{ name: "mail from eve@evil.test", tool: "read_mail" }] }]);
  },
};

const USED = { inputTokens: 900, outputTokens: 100 };
const CAPS: Caps = { workspace: { day: { tokens: 100_000_000 }, total: {} }, agents: {} };

async function spent(): Promise<{ tokens: number; reserved: number; calls: number }> {
  const { rows } = await world.engine.database.query(
    "SELECT tokens, reserved_tokens AS reserved, calls FROM spending WHERE scope = 'workspace' AND day = 'infinity'",
  );
  return rows[0] ?? { tokens: 0, reserved: 0, calls: 0 };
}

/** A goal under caps that goes on in a second run, and that a judge decides on. */
function aCappedGoal(): CrashScenario {
  let before = { tokens: 0, calls: 0 };
  return {
    judged: true,
    script: ({ tools, toolTurns }) => {
      if (tools.length === 0) return { text: '{"verdict":"met","reason":"It is there."}', usage: USED };
      const write = { name: "write_file", arguments: { path: "report.md", content: REPORT } };
      return toolTurns === 0 ? { toolCalls: [write], usage: USED } : { text: "Done.", usage: USED };
    },
    start: async () => {
      before = await spent();
      return createGoal(world.engine.commands, {
        agent: "writer",
        name: `goal ${(goals += 1)}`,
        spec: { brief: "Write report.md.", checks: [{ judge: "The report is good" }] as never },
      });
    },
    parts: () => ({
      caps: { current: () => CAPS, reload: async () => CAPS },
      limits: { ...DEFAULT_RUN_LIMITS, steps: 2 },
    }),
    check: async ({ runs }) => {
      expect(runs).toMatchObject([
        { status: "completed", outcome: "yielded" },
        { status: "completed", outcome: "done" },
      ]);
      const now = await spent();
      expect(now).toMatchObject({ tokens: before.tokens + 2_000, calls: before.calls + 2, reserved: 0 });
    },
  };
}

const MOMENTS: [string, CutMoment][] = [
  ["before it is sent", "before"],
  ["when it was carried out and its answer is not heard", "after"],
  ["while it is on its way", "meanwhile"],
];

describe("connections to the database that all die at one query of a run, whichever it is,", () => {
  test.each(MOMENTS)(
    "%s, change nothing of what it does: files, labels, mails and checks",
    async (_name, moment) => {
      const cutAt = await cutAtEveryQuery(world, A_GOAL, moment);
      const others = ["INSERT INTO effects", "file_labels", "role' = 'person'"];
      for (const part of ["FOR UPDATE OF t", "COMMIT", ...(moment === "meanwhile" ? [] : others)]) {
        expect(
          cutAt.some((text) => text.includes(part)),
          `a cut at ${part}`,
        ).toBe(true);
      }
    },
    LIMIT_MS,
  );

  test.each(MOMENTS.slice(0, 2))(
    "%s, change nothing of what it may spend and of how it goes on in a further run",
    async (_name, moment) => {
      const cutAt = await cutAtEveryQuery(world, aCappedGoal(), moment);
      for (const part of ["FROM spending", "INSERT INTO runs", "UPDATE goals SET reserved_tokens"]) {
        expect(
          cutAt.some((text) => text.includes(part)),
          `a cut at ${part}`,
        ).toBe(true);
      }
    },
    LIMIT_MS,
  );
});

test("what the store cannot be asked about a call is no outcome of it: the next drive finds out", async () => {
  const { engine, proxy, clock } = world;
  sent.length = 0;
  const mail = { name: "send_mail", arguments: { to: "bob@acme.test" } };
  engine.model.setScript(({ toolTurns }) => (toolTurns === 0 ? { toolCalls: [mail] } : "Done."));
  const { id } = await startRun(engine.commands, { agent: "writer", text: "Do it." });
  const calls = async () => (await listToolCalls(engine.database, id, { after: 0, limit: 10 })).toolCalls;
  // A drive that does not wait is ended by the first connection that is lost.
  const lost = Object.assign(new Error("The connection was lost."), { code: "ECONNRESET" });
  const impatient = { ...clock, sleep: () => Promise.reject(lost) };
  for (const query of ["UPDATE effects e SET", "FROM effects WHERE tool_call_id"]) {
    const parts = partsOverProxy(world, { clock: impatient });
    proxy.cut(({ text }) => text.includes(query));
    await expect(driveRun(parts, id, 1)).rejects.toThrow("The connection was lost.");
    expect(proxy.cutAt?.text).toContain(query);
    expect(await calls()).toMatchObject([{ status: "running" }]);
    await parts.sandbox.close();
  }
  proxy.cut(null);
  const parts = partsOverProxy(world);
  await driveRun(parts, id, 1);
  await parts.sandbox.close();
  expect(await calls()).toMatchObject([{ status: "completed" }]);
  expect(sent).toHaveLength(1);
});
