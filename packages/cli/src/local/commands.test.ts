import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { initWorkspace, readConfig, readSettings, type RunningServer, startServer } from "@bureau/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ModelServer, type ScriptRequest, startModelServer } from "../../../engine/src/testing/model-server.ts";
import { testDatabase, type TestDatabase } from "../../../engine/src/testing/test-database.ts";
import { type Outcome, runCommandLine } from "../testing/test-terminal.ts";

let folder: string;
let model: ModelServer;
let database: TestDatabase;
let server: RunningServer;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "bureau-commands-")));
  await initWorkspace(folder, "empty");
  model = await startModelServer({ script });
  database = await testDatabase();
  const config = readConfig({ workspace: folder, port: 0 }, await readSettings(folder), {}, folder);
  const provider = { kind: "openai-compatible" as const, baseUrl: model.openaiUrl, apiKey: "none" };
  const models = { default: "test/scripted", providers: { test: provider } };
  server = await startServer({ ...config, databaseUrl: database.url, models }, () => undefined);
});

afterAll(async () => {
  await server.stop();
  await model.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Answers by the first words of the person. */
function script(request: ScriptRequest) {
  const asked = request.messages.find((message) => message.role === "user")?.text ?? "";
  const turn = request.toolTurns;
  if (asked.includes("silence")) return { text: "" };
  if (asked.includes("question")) {
    if (turn > 0) return { text: `Thanks. ${request.lastText}` };
    return {
      toolCalls: [{ name: "ask_person", arguments: { question: "Which launch?", choices: ["spring", "autumn"] } }],
    };
  }
  if (asked.includes("report") && turn === 0) {
    return {
      text: "I write it.",
      toolCalls: [{ name: "write_file", arguments: { path: "report.md", content: "## Risks\n" } }],
    };
  }
  if (request.tools.includes("request_check") && turn === 1)
    return { toolCalls: [{ name: "request_check", arguments: {} }] };
  return { text: "All is written.", deltas: 3 };
}

function bureau(...argv: string[]): Promise<Outcome> {
  return runCommandLine(argv, { folder });
}

describe("a run", () => {
  test("gives the agent's words on standard output, its tools on standard error, and 0", async () => {
    const { code, out, err } = await bureau("run", "Write a report");
    expect(code).toBe(0);
    expect(out).toBe("I write it.\nAll is written.\n");
    expect(err).toContain("write_file report.md, 1 line");
  });

  test("in JSON is one event a line, the result last", async () => {
    const outcome = await bureau("run", "--json", "Say something");
    const lines = outcome.lines();
    expect(lines.map((line) => line["type"])).toContain("run.completed");
    expect(lines.at(-1)).toMatchObject({
      type: "result",
      exitCode: 0,
      run: { status: "completed", outcome: "answered" },
    });
  });

  test("that answers and does nothing ends with 6", async () => {
    const { code, err } = await bureau("run", "silence");
    expect(code).toBe(6);
    expect(err).toContain("nothing done");
  });

  test("in a folder of its own needs no AGENTS.md, and is told what would help", async () => {
    const elsewhere = join(folder, "agents-not", "shop");
    await mkdir(elsewhere, { recursive: true });
    const { code, err } = await bureau("run", "--cwd", elsewhere, "Write a report");
    expect(code).toBe(0);
    expect(err).toContain("has no AGENTS.md");
    expect(await readFile(join(elsewhere, "report.md"), "utf8")).toBe("## Risks\n");
  });

  test("that asks ends with 7, and goes on with the answer", async () => {
    const asked = await bureau("run", "--json", "A question first");
    expect(asked.code).toBe(7);
    const { id: runId } = asked.lines().at(-1)!["run"] as { id: string };

    const hey = await bureau("hey");
    expect(hey.out).toMatch(/1\. .*Which launch\?/);
    expect((await bureau("inbox", "show", "1")).out).toContain("2. autumn");
    expect(await bureau("inbox", "answer", "1", "--choice", "2")).toMatchObject({
      code: 0,
      out: "Answered: Which launch?\n",
    });
    const tail = await bureau("run", "tail", runId.slice(0, -3));
    expect(tail.code).toBe(0);
    expect(tail.out).toContain("autumn");
  });

  test("that asks can be given to somebody by a reply, and what is not understood decides nothing", async () => {
    expect((await bureau("run", "A question first")).code).toBe(7);
    await bureau("hey");
    const reply = await bureau("inbox", "reply", "1 → @me, tomorrow");
    expect(reply).toMatchObject({ code: 0, out: "for owner: Which launch?\n" });
    expect((await bureau("inbox", "show", "1")).out).toContain("For owner to decide.");
    const unclear = await bureau("inbox", "reply", "1 no; 1 perhaps");
    expect(unclear).toMatchObject({ code: 2, err: expect.stringContaining('Not understood: "perhaps"') });
    expect(await bureau("inbox", "approve", "1", "--for", "goal")).toMatchObject({ code: 2 });
    expect(await bureau("inbox", "approve", "1; 2", "--for", "goal")).toMatchObject({
      code: 2,
      err: expect.stringContaining("several parts"),
    });
    expect(await bureau("inbox", "approve", "1", "--for", "ever")).toMatchObject({ code: 2 });
    expect((await bureau("inbox", "answer", "1", "spring")).code).toBe(0);
  });
});

describe("a policy", () => {
  test("is added to, listed, tried out and taken from", async () => {
    expect((await bureau("policy", "list")).out).toContain("There are no rules.");
    const args = ["mail.send", "--agent", basename(folder), "--args", '{"to":"bob@acme.com","body":"Hi there"}'];
    const call = [...args, "--target", "bob@acme.com"];
    expect((await bureau("policy", "test", ...call, "--source", "mail from eve@x.org")).out).toContain(
      "ask: The run has read mail from eve@x.org; nobody named bob@acme.com.",
    );
    expect((await bureau("policy", "test", ...call, "--words", 'Send "Hi there" to bob@acme.com')).out).toContain(
      "allow:",
    );
    const added = await bureau("policy", "add", "deny", "mail.*", "--to", "!*@evil.com", "--json");
    expect(added.lines()[0]).toMatchObject({ verdict: "deny", target: "!*@evil.com", createdBy: "owner" });
    const id = added.lines()[0]!["id"] as string;
    expect((await bureau("policy", "test", ...call, "--json")).lines()[0]).toMatchObject({
      verdict: "deny",
      rule: { id },
    });
    await bureau(
      "goal",
      "add",
      "Tell Bob",
      "--name",
      "told",
      "--constraint",
      "send nothing",
      "--constraint",
      "be kind",
      "--draft",
    );
    const listed = (await bureau("policy", "list")).out;
    expect(listed).toMatch(/deny {2,}person {2,}deny mail\.\* to all but \*@evil\.com/);
    expect(listed).toMatch(/deny {2,}goal {2,}send nothing \(16 tool patterns\)/);
    expect(listed).toContain("be kind (told)");
    expect(await bureau("policy", "remove", id.slice(0, -2))).toMatchObject({ code: 0, out: `Removed ${id}.\n` });
    expect(await bureau("policy", "remove", id)).toMatchObject({ code: 4 });
  });

  test.each([
    [["policy", "add", "maybe", "mail.send"], 'A rule cannot be "maybe".'],
    [["policy", "add", "allow", "mail.send", "--after-outside"], "needs a target that is not everything"],
    [["policy", "test", "mail.send", "--agent", "x", "--args", "{"], "--args is not JSON"],
    [["policy", "test", "mail.send", "--agent", "x", "--args", "[]"], "--args is not a JSON object."],
  ])("with a mistake ends with 2: %j", async (argv, message) => {
    const { code, err } = await bureau(...argv);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

describe("a goal", () => {
  test("that is waited for ends with 0 once its checks pass, and shows what was found", async () => {
    const added = await bureau(
      "goal",
      "add",
      "Write a report",
      "--name",
      "first",
      "--check",
      "file: report.md contains ## Risks",
      "--wait",
    );
    expect(added.code).toBe(0);
    expect(added.err).toContain('✓ verified: report.md contains "## Risks"');
    const shown = await bureau("goal", "show", "fir");
    expect(shown.out).toMatch(/first {2}done {2}version 1[\s\S]*✓ verified[\s\S]*Used: .*tokens/);
  });

  test("in JSON has its checks, evidence and runs", async () => {
    const { code, lines } = await bureau("goal", "show", "first", "--json");
    expect(code).toBe(0);
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toMatchObject({
      name: "first",
      status: "done",
      checks: [{ file: { path: "report.md" } }],
      evidence: [{ status: "verified" }],
      runs: [{ status: "completed" }],
    });
  });

  test("that cannot reach done ends with 6", async () => {
    const { code, err } = await bureau(
      "goal",
      "add",
      "Write a report",
      "--name",
      "never",
      "--check",
      "file: other.md contains x",
      "--budget-turns",
      "1",
      "--wait",
    );
    expect(code).toBe(6);
    expect(err).toContain("✗ not met: ");
  });

  test("that needs a sign-off ends with 7, and a yes in words ends it", async () => {
    const { code, err } = await bureau(
      "goal",
      "add",
      "Write a report",
      "--name",
      "signed",
      "--check",
      "person: owner",
      "--wait",
    );
    expect(code).toBe(7);
    expect(err).toContain("bureau inbox approve");
    expect((await bureau("inbox", "list", "--goal", "signed")).out).toMatch(/1 {2}sign off {2}pending/);
    expect((await bureau("inbox", "approve", "all")).out).toContain("approved");
    const { runs } = (await bureau("goal", "show", "signed", "--json")).lines()[0] as { runs: { id: string }[] };
    expect((await bureau("run", "tail", runs[0]?.id ?? "")).code).toBe(0);
    expect((await bureau("goal", "show", "signed")).out).toContain("✓ verified");
  });

  test("is edited, paused and stopped, each said in its own sentence", async () => {
    await bureau("goal", "add", "Write a report", "--name", "held", "--draft");
    expect((await bureau("goal", "edit", "held", "--done", "It is there")).out).toContain("held: draft.");
    expect((await bureau("goal", "stop", "held")).out).toContain("held: abandoned.");
    expect(await bureau("goal", "edit", "held")).toMatchObject({ code: 2 });
  });

  test("from a file outside the workspace is taken up as text", async () => {
    const outside = await mkdtemp(join(tmpdir(), "bureau-goal-"));
    await writeFile(
      join(outside, "g.md"),
      "---\ndone: it is there\nchecks:\n  - file: report.md\n---\nWrite a report\n",
    );
    const { code, lines } = await bureau("goal", "add", "--file", join(outside, "g.md"), "--draft", "--json");
    expect(code).toBe(0);
    expect(lines()[0]).toMatchObject({
      status: "draft",
      done: "it is there",
      checks: [{ file: { path: "report.md" } }],
    });
    await rm(outside, { recursive: true });
  });
});

describe("push and passkey", () => {
  test("say what is missing, and that there are none", async () => {
    expect((await bureau("push", "status")).out).toContain("Notifications cannot be pushed.");
    expect((await bureau("push", "status", "--json")).lines()[0]).toMatchObject({ publicKey: null, subscriptions: [] });
    expect((await bureau("push", "test")).code).toBe(5);
    expect((await bureau("passkey", "list")).out).toContain("There are no passkeys.");
  });
});

describe("a device", () => {
  test("is added with a token that opens the API, listed and revoked", async () => {
    const added = await bureau("device", "add", "Ana's phone", "--scope", "inbox", "--expires", "30d");
    expect(added.code).toBe(0);
    const token = added.out.split("\n")[0] ?? "";
    const ask = () => fetch(`${server.url}/api/hey`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask()).status).toBe(200);
    const listed = await bureau("device", "list");
    expect(listed.out).toMatch(/Ana's phone +inbox +active/);
    expect(listed.out).not.toContain(token);
    const revoked = await bureau("device", "revoke", "ana's phone");
    expect(revoked.out).toBe("Ana's phone is revoked: its token, its sessions and its streams are over.\n");
    expect((await ask()).status).toBe(401);
    expect((await bureau("device", "list")).out).toContain("There are no devices.");
    expect((await bureau("device", "list", "--all", "--json")).lines()[0]).toMatchObject({
      devices: [{ name: "Ana's phone", status: "revoked", createdBy: "owner" }],
    });
  });

  test("is not needed to end every session", async () => {
    const init = { method: "POST", headers: { "content-type": "application/json" } };
    await fetch(`${server.url}/api/session`, { ...init, body: JSON.stringify({ token: server.token }) });
    expect((await bureau("device", "revoke", "--sessions")).out).toContain("1 session ended.");
  });

  test.each([
    [["device", "add", "x", "--expires", "soon"]],
    [["device", "add", "x", "--scope", "all"]],
    [["device", "add", "owner"]],
    [["device", "revoke"]],
    [["device", "revoke", "x", "--sessions"]],
  ])("that cannot be is refused with 2: %j", async (argv) => {
    expect(await bureau(...argv)).toMatchObject({ code: 2, out: "" });
  });
});

describe("what is not there or not possible", () => {
  test.each([
    [["goal", "show", "nothing"], 4],
    [["run", "show", "run_"], 2],
    [["run", "cancel", "run_0000000000000000000000000x"], 4],
    [["inbox", "show", "99"], 4],
    [["inbox", "approve", "maybe later"], 2],
    [["agent", "add", "/none/at/all"], 4],
    [["goal", "list", "--status", "sleeping"], 2],
    [["thread", "show", "thr_", "--after", "x"], 2],
    [["up", "--port", "0"], 5],
  ])("%j ends with %i", async (argv, code) => {
    const outcome = await bureau(...argv);
    expect(outcome).toMatchObject({ code, out: "" });
    expect(outcome.err).not.toBe("");
  });
});

describe("agents, threads, tasks and paths", () => {
  test("agents are made, listed and paused", async () => {
    expect((await bureau("agent", "new", "scribe", "--instructions", "You write.")).code).toBe(0);
    expect((await bureau("agent", "list")).out).toMatch(/scribe +enabled +\//);
    expect((await bureau("agent", "pause", "scr")).out).toContain("scribe is paused.");
    expect((await bureau("agent", "resume", "scribe")).code).toBe(0);
    expect((await bureau("agent", "show", "scribe", "--json")).lines()[0]).toMatchObject({
      name: "scribe",
      goals: [],
      runs: [],
    });
    expect((await bureau("agent", "new", "scribe")).code).toBe(5);
  });

  test("a thread is shown, and spoken to", async () => {
    const { threads } = (await bureau("thread", "list", "--json")).lines()[0] as {
      threads: { id: string; title: string }[];
    };
    const thread = threads.find((one) => one.title.startsWith("Say something"))?.id ?? "";
    expect((await bureau("thread", "show", thread)).out).toContain("All is written.");
    const reply = (await bureau("thread", "steer", thread, "And again", "--json")).lines()[0];
    expect(reply).toMatchObject({ steered: false, run: { threadId: thread } });
    expect((await bureau("thread", "tail", thread)).code).toBe(0);
    expect((await bureau("task", "list")).out).toBe("There are no such tasks.\n");
  });

  test("path names everything, the address too", async () => {
    const { lines } = await bureau("path", "--json");
    expect(lines()[0]).toMatchObject({ workspace: folder, token: join(folder, ".bureau", "token"), url: server.url });
  });
});

describe("secrets", () => {
  const value = "ghp_5up3rS3cretV4lue";

  test("are set from standard input or a variable, listed without their values, and removed", async () => {
    const set = await runCommandLine(["secret", "set", "GITHUB_TOKEN"], { folder, input: `${value}\n` });
    expect(set).toMatchObject({ code: 0, out: expect.stringContaining("GITHUB_TOKEN is set") });
    const environment = { MY_KEY: "another-value-1" };
    const from = ["secret", "set", "OTHER_KEY", "--from-env", "MY_KEY"];
    expect((await runCommandLine(from, { folder, environment })).code).toBe(0);
    const list = await bureau("secret", "list", "--json");
    expect(list.lines()[0]).toMatchObject({ secrets: [{ name: "GITHUB_TOKEN" }, { name: "OTHER_KEY", usedBy: [] }] });
    expect(`${set.out}${set.err}${list.out}${(await bureau("secret", "list")).out}`).not.toContain(value);
    expect(await bureau("run", `Use ${value} now`)).toMatchObject({
      code: 2,
      err: expect.stringContaining("holds the value of the secret GITHUB_TOKEN"),
    });
    expect(await bureau("secret", "remove", "OTHER_KEY")).toMatchObject({ code: 0, out: "OTHER_KEY is forgotten.\n" });
    expect((await bureau("secret", "remove", "OTHER_KEY")).code).toBe(4);
  });

  test.each([
    [["secret", "set", "lower"], value],
    [["secret", "set", "EMPTY"], "\n"],
    [["secret", "set", "SHORT"], "abc"],
    [["secret", "set", "FROM_NOWHERE", "--from-env", "NOT_SET"], ""],
    [["secret", "set", "ARGUMENT", value], ""],
  ])("%j is refused, and no value is shown", async (argv, input) => {
    const outcome = await runCommandLine(argv, { folder, input });
    expect(outcome).toMatchObject({ code: 2, out: "" });
    expect(outcome.err).not.toContain(value);
  });
});

describe("care", () => {
  test("a backup made while Bureau is up is restored to an empty database, once", async () => {
    const target = await testDatabase();
    const file = join(folder, "..", `${basename(folder)}.tar`);
    const restored = `${folder}-restored`;
    try {
      const backup = await runCommandLine(["backup", file, "--json"], {
        folder,
        environment: { DATABASE_URL: database.url },
      });
      expect(backup.code).toBe(0);
      const restore = ["restore", file, restored, "--json"];
      const environment = { DATABASE_URL: target.url };
      const outcome = await runCommandLine(restore, { folder, environment });
      expect(outcome.code).toBe(0);
      expect(outcome.lines()[0]).toMatchObject({ folder: restored, rows: backup.lines()[0]?.["rows"] });
      const { rows } = await target.query("SELECT name FROM agents WHERE folder = $1", [restored]);
      expect(rows).toHaveLength(1);
      expect((await runCommandLine(restore, { folder, environment })).code).toBe(5);
    } finally {
      await target.drop();
      await rm(file, { force: true });
      await rm(restored, { recursive: true, force: true });
    }
  });

  test("the doctor names what is missing with what mends it, and ends with 6", async () => {
    const outcome = await runCommandLine(["doctor", "--json"], {
      folder,
      environment: { DATABASE_URL: database.url, BUREAU_MODEL: "test/none", BUREAU_PORT: "0" },
    });
    expect(outcome.code).toBe(6);
    const { findings } = outcome.lines()[0] as { findings: { name: string; status: string; hint: string | null }[] };
    const status = Object.fromEntries(findings.map((finding) => [finding.name, finding.status]));
    expect(status).toMatchObject({
      Node: "ok",
      Workspace: "ok",
      Database: "ok",
      Address: "ok",
      Model: "missing",
      "Server: Database": "ok",
    });
  });

  test("prune says what it removed", async () => {
    const outcome = await runCommandLine(["prune", "--days", "1"], {
      folder,
      environment: { DATABASE_URL: database.url },
    });
    expect(outcome).toMatchObject({ code: 0, out: expect.stringContaining("Removed 0 steps") });
  });
});

describe("usage", () => {
  test("is told by goal, agent or day, with what is left under the caps of the settings as they are now", async () => {
    const settings = join(folder, "bureau.yaml");
    const before = await readFile(settings, "utf8");
    await writeFile(settings, `${before}\ncaps: { day: { runs: 500, money: 5 } }\n`);
    const { code, out } = await bureau("usage", "--by", "agent");
    expect(code).toBe(0);
    expect(out).toContain("In all");
    expect(out).toContain("the workspace today: $5.00 left of $5.00");
    expect((await bureau("usage", "--json")).lines()[0]).toMatchObject({
      caps: [{ limit: "micros" }, { limit: "runs", cap: 500, left: 500 }],
    });
    await writeFile(settings, before);
    expect((await bureau("usage", "--by", "day")).out).not.toContain("Caps:");
    expect((await bureau("usage", "--by", "week")).code).toBe(2);
  });
});

describe("stopping everything", () => {
  test("is said first by hey and the inbox, holds for new runs, and is lifted", async () => {
    expect((await bureau("stop")).code).toBe(2);
    const started = Date.now();
    const stopped = await bureau("stop", "--all", "--json");
    expect(Date.now() - started).toBeLessThan(1_000);
    expect(stopped.lines()[0]).toMatchObject({ halted: { by: "owner" }, ending: 0 });
    expect((await bureau("hey")).out).toMatch(/^Everything is stopped, by owner/);
    expect((await bureau("inbox", "list")).out).toMatch(/^Everything is stopped, by owner/);
    const requests = model.count();
    const run = await bureau("run", "Say something");
    expect(run.code).toBe(7);
    expect(`${run.out}${run.err}`).toContain("everything is stopped");
    expect(model.count()).toBe(requests);
    expect((await bureau("resume", "--all")).out).toContain("Work may go on.");
    await expect.poll(() => model.count(), { timeout: 5_000 }).toBeGreaterThan(requests);
    expect((await bureau("hey")).out).not.toContain("Everything is stopped");
  });

  test("without a server is kept for the next one", async () => {
    const other = await realpath(await mkdtemp(join(tmpdir(), "bureau-stopped-")));
    try {
      expect((await runCommandLine(["stop", "--all"], { folder: other })).code).not.toBe(0);
      await mkdir(join(other, ".bureau"));
      const stop = () => runCommandLine(["stop", "--all", "--json"], { folder: other });
      expect((await stop()).lines()[0]).toMatchObject({ runs: 0, ending: 0 });
      expect((await runCommandLine(["resume", "--all"], { folder: other })).out).toContain("is lifted");
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });
});
