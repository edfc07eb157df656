import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { answerInboxEntry } from "../commands/answer-question.ts";
import { createGoal } from "../commands/create-goal.ts";
import { decideInboxEntry } from "../commands/decide-entry.ts";
import { startRun } from "../commands/start-run.ts";
import { getGoal } from "../queries/goals.ts";
import { owner } from "../testing/factories.ts";
import type { Stored } from "../testing/crash-invariants.ts";
import { watchTools, type WatchedTools } from "../testing/crash-points.ts";
import { crashAtEveryWrite, crashTwice, type CrashScenario } from "../testing/crash-scenario.ts";
import type { ModelReply, ScriptRequest } from "../testing/model-reply.ts";
import { testEngine, type TestEngine } from "../testing/test-engine.ts";
import { builtInTools } from "../tools/registry.ts";
import { defineTool, OutcomeUnknown } from "../tools/tool.ts";
import { DEFAULT_RUN_LIMITS } from "./parts.ts";

const LIMIT_MS = 120_000;
const LEDGER = "ledger.txt";

/** Not repeatable, and nothing tells afterwards whether it happened. */
const sendNote = defineTool({
  name: "send_note",
  description: "Adds a line to the ledger.",
  parameters: z.strictObject({ text: z.string() }),
  effect: "write_outside",
  idempotent: false,
  async execute({ text }, { folder }) {
    await appendFile(join(folder, LEDGER), `${text}\n`);
    return { text: `Sent ${text}.` };
  },
});

const sendAfterYes = defineTool({
  ...sendNote,
  name: "send_after_yes",
  needsApproval: async () => "It leaves the folder.",
});

const loseTrack = defineTool({
  ...sendNote,
  name: "send_and_lose_track",
  async execute(args, context) {
    await sendNote.execute(args, context);
    throw new OutcomeUnknown("The connection broke after it was sent.");
  },
});

/** The provider can be asked, so nothing is left unknown. */
const sendAndAsk = defineTool({
  ...sendNote,
  name: "send_and_ask",
  reconcile: async ({ text }) =>
    (await ledger()).includes(text)
      ? { outcome: "done", receipt: { id: text }, text: `Sent ${text}.` }
      : { outcome: "absent" },
});

const sendSoon = defineTool({ ...sendAndAsk, name: "send_soon", undoWindowMs: 1 });

const sendAndLook = defineTool({
  ...sendNote,
  name: "send_and_look",
  recover: () => Promise.reject(new Error("The place to look at is gone.")),
});

let engine: TestEngine;
let watched: WatchedTools;
let goalCount = 0;
let runCount = 0;

beforeAll(async () => {
  // A command is run by a process of its own, which outlives this one. What publishes dies in a write, and never ends.
  watched = watchTools(
    [...builtInTools(), sendNote, sendAfterYes, loseTrack, sendAndLook, sendAndAsk, sendSoon],
    ["run_command", "publish_artifact"],
  );
  engine = await testEngine({ script: () => "ok", tools: watched.tools });
});
afterAll(() => engine.close());

type Calls = NonNullable<ModelReply["toolCalls"]>;

/** Answers with the calls of each turn in order, then with a text. */
function turns(...all: Calls[]): CrashScenario["script"] {
  return ({ toolTurns }) => {
    const toolCalls = all[toolTurns];
    return toolCalls ? { toolCalls } : "Done.";
  };
}

function aRun(input: Omit<CrashScenario, "start">): CrashScenario {
  const start = () => startRun(engine.commands, { agent: "writer", text: `Do it, ${(runCount += 1)}.` });
  return { ...input, start };
}

function aGoal(
  checks: object[],
  input: Omit<CrashScenario, "start" | "check"> & Partial<CrashScenario>,
): CrashScenario {
  return {
    check: async (stored) => {
      expect(stored.runs.at(-1)).toMatchObject({ status: "completed", outcome: "done" });
      expect(await getGoal(engine.database, stored.runs[0]!.goalId!)).toMatchObject({ status: "done" });
    },
    start: () =>
      createGoal(engine.commands, {
        agent: "writer",
        name: `goal ${(goalCount += 1)}`,
        spec: { brief: "Write report.md.", checks: checks as never, budget: { tokens: 5_000_000 } },
      }),
    ...input,
  };
}

async function ledger(): Promise<string[]> {
  const text = await readFile(join(engine.folder, LEDGER), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

function statuses({ calls }: Stored): string[] {
  return calls.map((call) => `${call.name} ${call.status}`);
}

function expectAnswered({ runs }: Stored): void {
  expect(runs).toMatchObject([{ status: "completed", outcome: "answered" }]);
}

/** Each note is in the ledger at most once; it is there if its call completed, and its call says so if that is not known. */
async function expectNotesOnce({ calls }: Stored): Promise<void> {
  const lines = await ledger();
  expect(new Set(lines).size).toBe(lines.length);
  for (const call of calls.filter(({ name }) => name.startsWith("send"))) {
    expect(["completed", "interrupted"]).toContain(call.status);
    const { text } = call.arguments as { text: string };
    if (call.status === "completed") expect(lines).toContain(text);
    else expect(call.result).toContain("interrupted");
  }
}

/** Adds a line of its run: a command that a dead process had just asked for may still begin when the run is over. */
function aCommand({ messages }: ScriptRequest, before: string): Calls[number] {
  const line = messages.find((message) => message.role === "user")?.text.replace(/\D/g, "");
  return { name: "run_command", arguments: { command: `${before}echo line${line} >> ${LEDGER}` } };
}

async function expectCommandOnce(stored: Stored): Promise<void> {
  expectAnswered(stored);
  const call = stored.calls.find(({ name }) => name === "run_command")!;
  const line = /line\d+/.exec(JSON.stringify(call.arguments))?.[0];
  const times = (await ledger()).filter((other) => other === line).length;
  expect(["completed", "interrupted"]).toContain(call.status);
  if (call.status === "completed") expect(times).toBe(1);
  else expect(times).toBeLessThanOrEqual(1);
}

/** Text first, then a file that replaces it. */
function publications({ messages }: ScriptRequest): Calls[] {
  const artifact = /art_\w+/.exec(messages.map(({ text }) => text).join(" "))?.[0] ?? "none";
  return [
    [{ name: "publish_artifact", arguments: { title: "Report", content: "# One\n" } }],
    [{ name: "publish_artifact", arguments: { title: "Report", content: "# Two\n", artifact } }],
  ];
}

/** Each call has published one version, told it once, and the plain file holds the newest. */
async function expectPublishedOnce({ calls, items, runs }: Stored): Promise<void> {
  const { rows } = await engine.database.query(
    `SELECT a.id, a.name, a.file, a.version, v.number, v.tool_call_id FROM artifacts a
     JOIN artifact_versions v ON v.artifact_id = a.id WHERE a.thread_id = $1 ORDER BY v.number`,
    [runs[0]!.threadId],
  );
  expect(rows.map((row) => row.number)).toEqual([1, 2]);
  expect(rows.map((row) => row.tool_call_id)).toEqual(calls.map((call) => call.id));
  expect(new Set(rows.map((row) => row.id)).size).toBe(1);
  const told = items.flatMap(({ content }) => (content.type === "artifact" ? [content.version] : []));
  expect(told).toEqual([1, 2]);
  const events = await engine.database.query(
    "SELECT data->'artifactVersion'->'number' AS number FROM events WHERE thread_id = $1 AND type = 'artifact.published' ORDER BY id",
    [runs[0]!.threadId],
  );
  expect(events.rows.map((row) => row.number)).toEqual([1, 2]);
  const path = join(engine.workspace, "artifacts", rows[0].name, rows[0].file);
  expect(await readFile(path, "utf8")).toBe("# Two\n");
}

async function pending(threadId: string, kind: string): Promise<string | null> {
  const { rows } = await engine.database.query(
    "SELECT id FROM inbox WHERE thread_id = $1 AND kind = $2 AND status = 'pending'",
    [threadId, kind],
  );
  return rows[0]?.id ?? null;
}

async function approve(threadId: string): Promise<boolean> {
  const entry = await pending(threadId, "approval");
  if (entry !== null) await decideInboxEntry(engine.commands, entry, { decision: "approve", by: owner("owner") });
  return entry !== null;
}

const SCENARIOS: Record<string, () => CrashScenario> = {
  "a read": () =>
    aRun({
      script: turns([{ name: "read_file", arguments: { path: "notes.md" } }]),
      files: { "notes.md": "hello\n" },
      check: (stored) => {
        expectAnswered(stored);
        expect(statuses(stored)).toEqual(["read_file completed"]);
      },
    }),
  "a written file": () =>
    aRun({
      script: turns([{ name: "write_file", arguments: { path: "a.md", content: "a\n" } }]),
      check: async (stored) => {
        expectAnswered(stored);
        expect(statuses(stored)).toEqual(["write_file completed"]);
        expect(await readFile(join(engine.folder, "a.md"), "utf8")).toBe("a\n");
      },
    }),
  "a publication, and a second version of it": () =>
    aRun({
      script: (request) => turns(...publications(request))(request),
      check: async (stored) => {
        expectAnswered(stored);
        expect(new Set(statuses(stored))).toEqual(new Set(["publish_artifact completed"]));
        await expectPublishedOnce(stored);
      },
    }),
  "an edit": () =>
    aRun({
      script: turns([{ name: "edit_file", arguments: { path: "a.md", old_text: "one", new_text: "two" } }]),
      files: { "a.md": "one\n" },
      check: async (stored) => {
        expectAnswered(stored);
        const text = await readFile(join(engine.folder, "a.md"), "utf8");
        if (stored.calls[0]!.status === "completed") expect(text).toBe("two\n");
        else expect([stored.calls[0]!.status, text]).toEqual(["interrupted", "one\n"]);
      },
    }),
  "a note that must not be sent twice": () =>
    aRun({
      script: turns(
        [{ name: "send_note", arguments: { text: "one" } }],
        [{ name: "send_note", arguments: { text: "two" } }],
      ),
      check: async (stored) => {
        expectAnswered(stored);
        await expectNotesOnce(stored);
      },
    }),
  "a command": () =>
    aRun({
      script: (request) => turns([aCommand(request, "")])(request),
      person: approve,
      check: expectCommandOnce,
    }),
  "a command beside other calls": () =>
    aRun({
      script: (request) =>
        turns([
          aCommand(request, "sleep 0.05; "),
          { name: "list_files", arguments: {} },
          { name: "write_file", arguments: { path: "a.md", content: "a" } },
        ])(request),
      person: approve,
      check: expectCommandOnce,
    }),
  "a note whose sending cannot be known of": () =>
    aRun({
      script: turns([{ name: "send_and_lose_track", arguments: { text: "one" } }]),
      check: async (stored) => {
        expectAnswered(stored);
        expect(statuses(stored)).toEqual(["send_and_lose_track interrupted"]);
        expect((await ledger()).length).toBeLessThanOrEqual(1);
      },
    }),
  "a note that cannot be looked for": () =>
    aRun({
      script: turns([{ name: "send_and_look", arguments: { text: "one" } }]),
      check: async (stored) => {
        expectAnswered(stored);
        await expectNotesOnce(stored);
      },
    }),
  "notes of a provider that can be asked": () =>
    aRun({
      script: turns(
        [{ name: "send_and_ask", arguments: { text: "one" } }],
        [
          { name: "send_soon", arguments: { text: "two" } },
          { name: "send_and_ask", arguments: { text: "one" } },
        ],
      ),
      check: async (stored) => {
        expectAnswered(stored);
        expect((await ledger()).toSorted()).toEqual(["one", "two"]);
        expect(new Set(statuses(stored))).toEqual(new Set(["send_and_ask completed", "send_soon completed"]));
      },
    }),
  "several calls in one answer": () =>
    aRun({
      script: turns([
        { name: "read_file", arguments: { path: "notes.md" } },
        { name: "send_note", arguments: { text: "one" } },
        { name: "write_file", arguments: { path: "a.md", content: "a" } },
        { name: "edit_file", arguments: { path: "notes.md", old_text: "hello", new_text: "bye" } },
        { name: "no_such_tool", arguments: {} },
      ]),
      files: { "notes.md": "hello\n" },
      check: async (stored) => {
        expectAnswered(stored);
        await expectNotesOnce(stored);
        expect(await readFile(join(engine.folder, "a.md"), "utf8")).toBe("a");
      },
    }),
  "a question": () =>
    aRun({
      script: turns([{ name: "ask_person", arguments: { question: "Which?" } }]),
      person: async (threadId) => {
        const entry = await pending(threadId, "question");
        if (entry !== null) await answerInboxEntry(engine.commands, entry, { text: "The second.", by: owner("owner") });
        return entry !== null;
      },
      check: (stored) => {
        expectAnswered(stored);
        expect(stored.calls).toMatchObject([{ status: "completed", result: expect.stringContaining("The second.") }]);
      },
    }),
  "an approval": () =>
    aRun({
      script: turns([
        { name: "read_file", arguments: { path: "notes.md" } },
        { name: "send_after_yes", arguments: { text: "approved" } },
      ]),
      files: { "notes.md": "hello\n" },
      person: approve,
      check: async (stored) => {
        expectAnswered(stored);
        await expectNotesOnce(stored);
      },
    }),
  "a goal to its end": () =>
    aGoal([{ file: { path: "report.md", contains: "Risks" } }], {
      script: turns(
        [{ name: "plan", arguments: { steps: [{ text: "Write", status: "open" }] } }],
        [{ name: "write_file", arguments: { path: "report.md", content: "Draft\n" } }],
        [{ name: "request_check", arguments: {} }],
        [{ name: "edit_file", arguments: { path: "report.md", old_text: "Draft", new_text: "Risks" } }],
        [{ name: "write_file", arguments: { path: "report.md", content: "Risks\n" } }],
        [{ name: "request_check", arguments: {} }],
      ),
    }),
  "a sign-off": () =>
    aGoal([{ file: { path: "report.md" } }, { person: "owner" }], {
      script: turns([{ name: "write_file", arguments: { path: "report.md", content: "Risks\n" } }]),
      person: async (threadId) => {
        const entry = await pending(threadId, "sign_off");
        if (entry !== null) await decideInboxEntry(engine.commands, entry, { decision: "approve", by: owner("owner") });
        return entry !== null;
      },
    }),
  "a goal that goes on in further runs": () =>
    aGoal([{ file: { path: "report.md", contains: "3" } }], {
      parts: () => ({ limits: { ...DEFAULT_RUN_LIMITS, steps: 5 } }),
      script: ({ toolTurns }) => ({
        toolCalls: [{ name: "write_file", arguments: { path: "report.md", content: `${Math.min(toolTurns, 3)}` } }],
      }),
      varies: true,
    }),
  "a call that the provider puts off": () =>
    aRun({
      script: failing({ status: 529, retryAfterMs: 60_000 }),
      check: expectAnswered,
    }),
  "a call that fails and is made again": () =>
    aRun({ script: failing({ status: 500, retryAfterMs: 1 }), check: expectAnswered }),
  "a summary of old items": () => aRun(compacted()),
  "a thread that is too long and cannot be made shorter": () =>
    aRun({
      script: () => ({ fault: "context_overflow" }),
      check: ({ runs }) => expect(runs).toMatchObject([{ status: "failed", failure: "model" }]),
    }),
};

/** The first call of each conversation fails once. */
function failing(failure: ModelReply): CrashScenario["script"] {
  const seen = new Set<string>();
  return ({ lastText, toolTurns }) => {
    if (!seen.has(lastText)) {
      seen.add(lastText);
      return failure;
    }
    return turns([{ name: "list_files", arguments: {} }])({ toolTurns } as ScriptRequest);
  };
}

const PARTS = 6;

/** Reads one long file after another with little room, so that summaries are needed. */
function compacted(): Omit<CrashScenario, "start"> {
  const files = Object.fromEntries(
    Array.from({ length: PARTS }, (_, part) => [`part${part + 1}.md`, `${"word ".repeat(20)}\n`.repeat(60)]),
  );
  const limits = { contextTokens: 6_000, maxOutputTokens: 400 };
  return {
    files,
    parts: (models) => ({ models: { ...models, limits: () => limits } }),
    script: (request) => {
      if (request.tools.length === 0) return "Parts were read.";
      const last = request.messages.findLast((message) => message.toolCalls.length > 0)?.toolCalls[0]?.arguments;
      const part = Number(/\d+/.exec((last as { path?: string } | undefined)?.path ?? "")?.[0] ?? 0);
      const inputTokens = Math.round(JSON.stringify(request.body).length / 4);
      const usage = { inputTokens, outputTokens: 10 };
      if (part === PARTS) return { text: "Read.", usage };
      return { toolCalls: [{ name: "read_file", arguments: { path: `part${part + 1}.md` } }], usage };
    },
    check: (stored) => {
      expectAnswered(stored);
      expect(stored.calls.map((call) => (call.arguments as { path: string }).path)).toEqual(Object.keys(files));
      expect(stored.items.filter((item) => item.content.type === "summary").length).toBeGreaterThan(0);
    },
  };
}

describe("a process that dies at any write, and is started again,", () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    test(
      `ends ${name} with nothing lost and nothing twice`,
      async () => {
        expect(await crashAtEveryWrite(engine, watched, scenario())).toBeGreaterThan(5);
      },
      LIMIT_MS,
    );
  }
});

describe("a process that dies, and whose successor dies too,", () => {
  test(
    "loses nothing and does nothing twice",
    async () => {
      const point = fc.record({ moment: fc.constantFrom("before", "after"), write: fc.integer({ min: 1, max: 14 }) });
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...Object.values(SCENARIOS)), point, point, (scenario, first, second) =>
          crashTwice(engine, watched, scenario(), first, second),
        ),
        { numRuns: 40, endOnFailure: true },
      );
    },
    LIMIT_MS,
  );
});
