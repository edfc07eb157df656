import { mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId, NO_USAGE } from "@bureau/protocol";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../testing/test-database.ts";
import { openBlobs } from "./blobs.ts";
import { extractBackup, loadBackup } from "./backup-restore.ts";
import { type BackupReport, writeBackup } from "./backup.ts";
import { createTarWriter, readTar } from "./backup-tar.ts";
import { open } from "node:fs/promises";

let base: string;
let source: TestDatabase;
const databases: TestDatabase[] = [];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "bureau-backup-"));
  source = await anotherDatabase();
});

afterEach(async () => {
  for (const database of databases.splice(0)) await database.drop();
  await rm(base, { recursive: true, force: true });
});

async function anotherDatabase(): Promise<TestDatabase> {
  const database = await testDatabase();
  databases.push(database);
  return database;
}

/** A workspace with files, stored content, and a run in each state that a restore must settle. */
async function fill(): Promise<{ workspace: string; runs: Record<string, string>; blob: string }> {
  const workspace = join(base, "acme");
  await mkdir(join(workspace, "agents", "writer"), { recursive: true });
  await mkdir(join(workspace, ".bureau"), { recursive: true });
  await writeFile(join(workspace, "bureau.yaml"), "# settings\n");
  await writeFile(join(workspace, ".bureau", "token"), "secret-token");
  await writeFile(join(workspace, ".env"), "OPENAI_API_KEY=secret-key");
  await writeFile(join(workspace, "agents", "writer", "AGENTS.md"), "Größe und Ruhe\n");
  await writeFile(join(workspace, "agents", "writer", "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
  await writeFile(join(workspace, `${"long-".repeat(30)}name.md`), "long");
  await symlink("AGENTS.md", join(workspace, "agents", "writer", "CLAUDE.md"));
  const blob = await openBlobs({ folder: join(workspace, ".bureau", "blobs") }).put("large content");
  const agent = newId("agent");
  await source.query(
    "INSERT INTO agents (id, name, folder, status) VALUES ($1, 'writer', $2, 'enabled'), ($3, 'shop', '/elsewhere/shop', 'paused')",
    [agent, join(workspace, "agents", "writer"), newId("agent")],
  );
  const runs: Record<string, string> = {};
  for (const [status, reason] of [
    ["running", null],
    ["waiting", "timer"],
    ["waiting", "approval"],
    ["completed", null],
  ]) {
    const [thread, run] = [newId("thread"), newId("run")];
    await source.query("INSERT INTO threads (id, agent_id, title, status) VALUES ($1, $2, $3, 'open')", [
      thread,
      agent,
      'It\'s "quoted"\t\\ \n and tabbed',
    ]);
    await source.query(
      "INSERT INTO runs (id, thread_id, agent_id, status, trigger, wait_reason, executor_id, usage) VALUES ($1, $2, $3, $4, 'person', $5, 'slot-0', $6)",
      [run, thread, agent, status, reason, JSON.stringify(NO_USAGE)],
    );
    runs[reason ?? status ?? ""] = run;
  }
  await source.query("UPDATE event_counter SET last_seq = 9007199254740993");
  await source.query(
    `INSERT INTO tool_calls (id, run_id, asked_by, provider_call_id, position, name, arguments, action_hash, status, effect, idempotent, created_at)
     VALUES ($1, $2, 'step', 'p', 1, 'plan', 'null', 'h', 'completed', 'read', true, '2026-01-02 03:04:05.678901+00')`,
    [newId("toolCall"), runs["completed"]],
  );
  return { workspace, runs, blob };
}

async function backUp(workspace: string): Promise<BackupReport> {
  const blobs = openBlobs({ folder: join(workspace, ".bureau", "blobs") });
  return writeBackup({ database: source, workspace, blobs, version: "0.1.0", now: 0 }, join(base, "acme.tar"));
}

async function rowsOf(database: TestDatabase, table: string): Promise<unknown[]> {
  const { rows } = await database.query(`SELECT to_jsonb(t)::text AS row FROM ${table} t ORDER BY 1`);
  return rows.map((row) => row.row);
}

describe("a backup", () => {
  test("comes back whole: files, links, stored content and every row", async () => {
    const { workspace, blob } = await fill();
    const report = await backUp(workspace);
    const folder = join(base, "restored");
    const target = await anotherDatabase();
    const extracted = await extractBackup(report.path, folder);
    expect(await loadBackup(target, extracted, folder)).toBe(report.rows);

    expect(await readFile(join(folder, "agents", "writer", "AGENTS.md"), "utf8")).toBe("Größe und Ruhe\n");
    expect(await readFile(join(folder, `${"long-".repeat(30)}name.md`), "utf8")).toBe("long");
    expect((await stat(join(folder, "agents", "writer", "run.sh"))).mode & 0o777).toBe(0o755);
    expect(await readlink(join(folder, "agents", "writer", "CLAUDE.md"))).toBe("AGENTS.md");
    expect(Buffer.from(await openBlobs({ folder: join(folder, ".bureau", "blobs") }).get(blob)).toString()).toBe(
      "large content",
    );
    for (const table of ["threads", "tool_calls", "event_counter", "settings"]) {
      expect(await rowsOf(target, table)).toEqual(await rowsOf(source, table));
    }
  });

  test("takes the encrypted vault along, without its key, and gives it to its owner alone", async () => {
    const { workspace } = await fill();
    await mkdir(join(workspace, ".bureau", "vault"), { mode: 0o700 });
    await writeFile(join(workspace, ".bureau", "vault", "secrets.age"), "encrypted", { mode: 0o600 });
    await writeFile(join(workspace, ".bureau", "vault", "key"), "AGE-SECRET-KEY-1TEST", { mode: 0o600 });
    const report = await backUp(workspace);
    expect(report.vault).toBe(true);
    expect(await readFile(report.path, "latin1")).not.toContain("AGE-SECRET-KEY-1TEST");
    const folder = join(base, "restored");
    expect((await extractBackup(report.path, folder)).vault).toBe(true);
    const vault = join(folder, ".bureau", "vault");
    expect(await readFile(join(vault, "secrets.age"), "utf8")).toBe("encrypted");
    expect((await stat(vault)).mode & 0o777).toBe(0o700);
    expect((await stat(join(vault, "secrets.age"))).mode & 0o777).toBe(0o600);
  });

  test("opens nothing: devices, sessions, passkeys and subscriptions are not in it", async () => {
    const { workspace } = await fill();
    await source.query(
      `INSERT INTO devices (id, name, person_id, token_hash, scope, created_by, created_at)
       VALUES ('dev_1', 'Stolen phone', 'pers_owner', 'the-hash-of-a-token', 'full', 'owner', now())`,
    );
    await source.query(
      `INSERT INTO sessions (id, cookie_hash, device_id, created_at, last_seen_at, expires_at)
       VALUES ('sess_1', 'the-hash-of-a-cookie', 'dev_1', now(), now(), now() + interval '1 day')`,
    );
    await source.query(
      `INSERT INTO passkeys (id, credential_id, public_key, counter, host, name, synced, created_by, created_at)
       VALUES ('pkey_1', 'a-credential', 'key', 0, 'localhost', 'Stolen key', true, 'owner', now())`,
    );
    await source.query(
      `INSERT INTO push_subscriptions (id, endpoint, endpoint_hash, p256dh, auth, content, closing, created_at)
       VALUES ('psub_1', 'https://push.test/one', 'the-hash-of-an-endpoint', 'x', 'x', false, true, now())`,
    );
    await source.query(
      `INSERT INTO push_tokens (token_hash, entry_id, subscription_id, action_hash, decision, expires_at)
       VALUES ('the-hash-of-a-decision', 'appr_1', 'psub_1', 'x', 'approve', now())`,
    );
    const { path } = await backUp(workspace);
    const bytes = await readFile(path, "latin1");
    const texts = ["token", "cookie", "decision"].map((noun) => `the-hash-of-a-${noun}`);
    for (const text of ["Stolen phone", "Stolen key", "a-credential", "push.test", ...texts])
      expect(bytes).not.toContain(text);
  });

  test("holds no token and no key", async () => {
    const { workspace } = await fill();
    const report = await backUp(workspace);
    const bytes = await readFile(report.path, "latin1");
    expect(bytes).not.toContain("secret-token");
    expect(bytes).not.toContain("secret-key");
    expect(report.leftOut).toEqual([".env"]);
    expect(report.outside).toEqual(["/elsewhere/shop"]);
  });

  test("lets agents work in the new place, and queues what was at work", async () => {
    const { workspace, runs } = await fill();
    const report = await backUp(workspace);
    const folder = join(base, "restored");
    const target = await anotherDatabase();
    await loadBackup(target, await extractBackup(report.path, folder), folder);
    const agents = await target.query("SELECT name, folder FROM agents ORDER BY name");
    expect(agents.rows).toEqual([
      { name: "shop", folder: "/elsewhere/shop" },
      { name: "writer", folder: join(folder, "agents", "writer") },
    ]);
    const { rows } = await target.query("SELECT id, status, executor_id FROM runs");
    const status = Object.fromEntries(rows.map((row) => [row.id, row.status]));
    expect(status[runs["running"] ?? ""]).toBe("queued");
    expect(status[runs["timer"] ?? ""]).toBe("queued");
    expect(status[runs["approval"] ?? ""]).toBe("waiting");
    expect(status[runs["completed"] ?? ""]).toBe("completed");
  });

  test("is refused when a byte of it changed, and leaves nothing behind", async () => {
    const { workspace } = await fill();
    const report = await backUp(workspace);
    const bytes = await readFile(report.path);
    const at = bytes.indexOf("Ruhe");
    bytes[at] = 0x72;
    await writeFile(report.path, bytes);
    const folder = join(base, "restored");
    await expect(extractBackup(report.path, folder)).rejects.toMatchObject({
      code: "invalid",
      message: /AGENTS.md is damaged/,
    });
    await expect(stat(join(folder, "bureau.yaml"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("is not restored over anything, and does not write over a file", async () => {
    const { workspace } = await fill();
    const report = await backUp(workspace);
    await expect(extractBackup(report.path, workspace)).rejects.toMatchObject({ code: "conflict" });
    await expect(backUp(workspace)).rejects.toMatchObject({ code: "conflict", message: /exists already/ });
    const target = await anotherDatabase();
    await target.query("INSERT INTO agents (id, name, folder, status) VALUES ('agt_1', 'mine', '/mine', 'enabled')");
    const folder = join(base, "restored");
    await expect(loadBackup(target, await extractBackup(report.path, folder), folder)).rejects.toMatchObject({
      code: "conflict",
    });
    expect((await target.query("SELECT name FROM agents")).rows).toEqual([{ name: "mine" }]);
  });

  test.each(["files/../../escape", "/etc/escape", "files/.bureau/token", "elsewhere/x", "blobs/short"])(
    "with an entry %s is refused",
    async (path) => {
      const archive = join(base, "evil.tar");
      const file = await open(archive, "w");
      const tar = createTarWriter(file);
      await tar.add({ path, type: "file", mode: 0o644, bytes: 1 }, [Buffer.from("x")]);
      await tar.end();
      await file.close();
      await expect(extractBackup(archive, join(base, "restored"))).rejects.toMatchObject({ code: "invalid" });
    },
  );
});

test("an archive gives back any names, contents and links", async () => {
  const name = fc
    .string({ unit: "binary", minLength: 1, maxLength: 300 })
    .filter((text) => !text.includes("\0") && text.trim() === text && text.isWellFormed());
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ path: name, content: fc.uint8Array({ maxLength: 2_000 }), target: fc.option(name) }), {
        maxLength: 6,
      }),
      async (entries) => {
        const path = join(base, "any.tar");
        const file = await open(path, "w+");
        const tar = createTarWriter(file);
        for (const { path: entryPath, content, target } of entries) {
          if (target === null)
            await tar.add({ path: entryPath, type: "file", mode: 0o640, bytes: content.length }, [content]);
          else await tar.add({ path: entryPath, type: "link", mode: 0o777, bytes: 0, target }, []);
        }
        await tar.end();
        const found = [];
        for await (const { entry, content } of readTar(file)) {
          const chunks = [];
          for await (const chunk of content) chunks.push(chunk);
          found.push([entry.path, entry.target ?? null, Buffer.concat(chunks).toString("hex")]);
        }
        await file.close();
        expect(found).toEqual(
          entries.map((entry) => [
            entry.path,
            entry.target,
            entry.target === null ? Buffer.from(entry.content).toString("hex") : "",
          ]),
        );
      },
    ),
    { numRuns: 50 },
  );
});
