import { chmod, chown, cp, mkdir, mkdtemp, readdir, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import { startInProcess } from "../testing/start-postgres.ts";
import { openDatabase, withReconnect } from "./database.ts";
import type { Database } from "./database.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import type { EmbeddedPostgres } from "./embedded-postgres.ts";
import { isRoot } from "./postgres-account.ts";
import { preparePlace } from "./postgres-place.ts";
import { isAlive, readPostmasterFile } from "./postgres-process.ts";
import type { PostgresRestart } from "./postgres-supervisor.ts";

const root = await mkdtemp(join(tmpdir(), "bureau-embedded-"));
// As root the server runs as another user, who has to pass through.
await chmod(root, 0o755);
const folders = new Set<string>();
const main = join(root, "main");
let server: EmbeddedPostgres;

beforeAll(async () => {
  server = await start(main);
});
afterAll(async () => {
  for (const folder of folders) await (await start(folder)).stop("fast");
  await rm(root, { recursive: true, force: true });
});

describe("startEmbeddedPostgres", () => {
  test("makes a database in an empty folder and gives its address", async () => {
    expect(server.state).toBe("created");
    const { rows } = await ask(
      server.url,
      "SELECT current_user AS name, current_database() AS database, lower('ÄÖ') AS text",
    );
    expect(rows).toEqual([{ name: "bureau", database: "bureau", text: "äö" }]);
  });

  test("opens nothing but a socket that only its user can reach", async () => {
    const { rows } = await ask(server.url, "SELECT current_setting('listen_addresses') AS addresses");
    expect(rows).toEqual([{ addresses: "" }]);
    const socketFolder = new URL(server.url).searchParams.get("host") ?? "";
    expect((await stat(socketFolder)).mode & 0o777).toBe(0o700);
  });

  test("puts commits on disk before they are answered", async () => {
    const names = ["fsync", "synchronous_commit", "full_page_writes"];
    const { rows } = await ask(server.url, `SELECT setting FROM pg_settings WHERE name IN ('${names.join("','")}')`);
    expect(rows.map((row) => row.setting)).toEqual(["on", "on", "on"]);
  });

  test("attaches to a server that runs, in the same and in another process", async () => {
    const second = await start(main);
    expect(second).toMatchObject({ state: "attached", url: server.url, processId: server.processId });
    const { report } = await startInProcess(main);
    expect(report).toMatchObject({ state: "attached", url: server.url, processId: server.processId });
  });

  test("starts a stopped server on its data", async () => {
    await ask(server.url, "CREATE TABLE kept AS SELECT 42 AS answer");
    await server.stop("fast");
    expect(isAlive(server.processId)).toBe(false);
    server = await start(main);
    expect(server.state).toBe("started");
    expect((await ask(server.url, "SELECT answer FROM kept")).rows).toEqual([{ answer: 42 }]);
  });

  test("makes the database again when a crash came before it was made", async () => {
    const admin = server.url.replace("/bureau?", "/postgres?");
    await ask(admin, "ALTER DATABASE bureau RENAME TO other");
    await start(main);
    expect((await ask(server.url, "SELECT current_database() AS name")).rows).toEqual([{ name: "bureau" }]);
    await ask(admin, "DROP DATABASE bureau");
    await ask(admin, "ALTER DATABASE other RENAME TO bureau");
  });

  test("four starts at once, on nothing, give one server", async () => {
    const folder = join(root, "race");
    folders.add(folder);
    await mkdir(folder);
    await mkdir(join(folder, "cluster.new-0badcafe"));
    const here = [start(folder), start(folder)];
    const elsewhere = [startInProcess(folder), startInProcess(folder)].map(async (one) => (await one).report);
    const all = await Promise.all([...here, ...elsewhere]);
    expect(new Set(all.map((one) => one.processId)).size).toBe(1);
    expect(all.filter((one) => one.state === "created")).toHaveLength(1);
    expect(all.filter((one) => one.state === "attached")).toHaveLength(3);
    expect((await readdir(folder)).toSorted((a, b) => a.localeCompare(b))).toEqual(["cluster", "postgres.log"]);
  });

  test("finds the data again when the folder was moved under a running server", async () => {
    const [before, after] = [join(root, "before"), join(root, "after")];
    const first = await start(before);
    await ask(first.url, "CREATE TABLE kept AS SELECT 42 AS answer");
    await rename(before, after);
    folders.delete(before);
    const second = await start(after);
    expect(second.state).toBe("started");
    expect(isAlive(first.processId)).toBe(false);
    expect((await ask(second.url, "SELECT answer FROM kept")).rows).toEqual([{ answer: 42 }]);
  });

  test("does not take the original's server for its own when the folder was copied", async () => {
    const [original, copied] = [join(root, "original"), join(root, "copied")];
    const first = await start(original);
    await ask(first.url, "CHECKPOINT");
    await cp(original, copied, { recursive: true });
    if (isRoot()) await giveTo(join(copied, "cluster"), (await stat(join(original, "cluster"))).uid);
    const second = await start(copied);
    expect(second.state).toBe("started");
    expect(second.url).not.toBe(first.url);
    expect(isAlive(first.processId)).toBe(true);
  });

  test("works in a folder whose path is far longer than a socket's may be", async () => {
    const folder = join(root, ...Array.from({ length: 4 }, (_, index) => `${index}-${"long".repeat(15)}`));
    const { state, url } = await start(folder);
    expect(folder.length).toBeGreaterThan(250);
    expect(state).toBe("created");
    expect((new URL(url).searchParams.get("host") ?? "").length).toBeLessThan(60);
  });
});

describe("after a crash", () => {
  test("of the process that started it, the server goes on and the next start attaches", async () => {
    const folder = join(root, "orphan");
    folders.add(folder);
    const starter = await startInProcess(folder, { stay: true });
    expect(starter.report.state).toBe("created");
    await starter.kill();
    expect(await start(folder)).toMatchObject({ state: "attached", processId: starter.report.processId });
  });

  test("of the server, the supervisor brings it back within 3 s with everything that was committed", async () => {
    const database = await openDatabase({ url: server.url, maxConnections: 4 });
    await database.query("CREATE TABLE survivors AS SELECT 1 AS id");
    const { restart, took } = await killAndAwait(server);
    expect(restart).toMatchObject({ outcome: "restarted", processId: server.processId });
    expect(took).toBeLessThan(3_000);
    expect(await countSurvivors(database)).toBe(1);
    await database.close();
  });

  test("of a server that was attached to, the supervisor notices too", async () => {
    const attached = await start(main);
    expect(attached.state).toBe("attached");
    const { restart } = await killAndAwait(attached);
    expect(restart).toMatchObject({ outcome: "restarted", processId: attached.processId });
    server = await start(main);
    expect(server).toMatchObject({ state: "attached", processId: attached.processId });
  });

  test("two supervisors bring back one server", async () => {
    const other = await start(main);
    const seen = restarts(other);
    const { restart } = await killAndAwait(server);
    expect((await seen.next).outcome).toBe("restarted");
    seen.stop();
    expect(restart).toMatchObject({ outcome: "restarted" });
    expect(other.processId).toBe(server.processId);
  });

  test("a file that names another living process does not stop the start", async () => {
    await crash(server);
    const { cluster } = await preparePlace(main);
    await writeFile(join(cluster, "postmaster.pid"), `${process.pid}\n${cluster}\n1\n5432\n/tmp\n\n\nready   \n`);
    server = await start(main);
    expect(server.state).toBe("started");
  });

  test("a socket's lock that names another living process does not stop the start", async () => {
    await crash(server);
    const { socketFolder } = await preparePlace(main);
    await writeFile(join(socketFolder, ".s.PGSQL.5432.lock"), `${process.pid}\n${main}\n1\n5432\n${socketFolder}\n`);
    server = await start(main);
    expect(server.state).toBe("started");
  });

  test("a lock left by a dead process, or by an earlier one with our number, does not stop the start", async () => {
    const { lock } = await preparePlace(main);
    for (const left of ["999999999 another-token\n", `${process.pid} another-token\n`]) {
      await server.stop("fast");
      await writeFile(lock, left);
      server = await start(main);
      expect(server.state).toBe("started");
    }
  });

  test("a server whose socket was deleted is replaced by one that can be reached", async () => {
    const file = await readPostmasterFile((await preparePlace(main)).cluster);
    await unlink(join(file?.socketFolder ?? "", `.s.PGSQL.${file?.port}`));
    const before = server.processId;
    server = await start(main);
    expect(server.state).toBe("started");
    expect(server.processId).not.toBe(before);
    expect((await ask(server.url, "SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });
});

describe("stopping", () => {
  test("an unused server stops, and a used one does not", async () => {
    const database = await openDatabase({ url: server.url, maxConnections: 1 });
    expect(await server.stopIfUnused()).toBe(false);
    await database.close();
    expect(await server.stopIfUnused()).toBe(true);
    expect(isAlive(server.processId)).toBe(false);
    const { cluster, socketFolder } = await preparePlace(main);
    expect(await readPostmasterFile(cluster)).toBeUndefined();
    await expect(stat(socketFolder)).rejects.toMatchObject({ code: "ENOENT" });
    server = await start(main);
  });
});

describe("what cannot be started is explained", () => {
  test("data of another major version", async () => {
    const folder = join(root, "old");
    const { cluster } = await preparePlace(folder);
    await mkdir(cluster);
    await writeFile(join(cluster, "PG_VERSION"), "15\n");
    await expect(startEmbeddedPostgres({ dataFolder: folder, log: ignore })).rejects.toMatchObject({
      code: "unavailable",
      message: `The database in ${folder} was made by PostgreSQL 15; this Bureau brings PostgreSQL 18.`,
      hint: expect.stringContaining("BUREAU_DATA"),
    });
  });

  test("a file where the folder should be", async () => {
    await writeFile(join(root, "file"), "");
    const starting = startEmbeddedPostgres({ dataFolder: join(root, "file"), log: ignore });
    await expect(starting).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("a file has its name"),
    });
  });

  test("a damaged database, with the server's own words and its log", async () => {
    const folder = join(root, "damaged");
    const damaged = await startEmbeddedPostgres({ dataFolder: folder, log: ignore, settings: { fsync: "off" } });
    await damaged.stop("fast");
    await unlink(join(folder, "cluster", "global", "pg_control"));
    await expect(startEmbeddedPostgres({ dataFolder: folder, log: ignore })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/did not start: .*could not (find the database system|open file)/),
      hint: expect.stringContaining("postgres.log"),
    });
  });
});

async function start(folder: string): Promise<EmbeddedPostgres> {
  folders.add(folder);
  // Only the main one is as people have it; the others need not wait for the disk.
  const settings = folder === main ? {} : { fsync: "off" };
  return startEmbeddedPostgres({ dataFolder: folder, log: ignore, settings });
}

async function giveTo(folder: string, userId: number): Promise<void> {
  await chown(folder, userId, -1);
  for (const entry of await readdir(folder, { recursive: true })) await chown(join(folder, entry), userId, -1);
}

async function ask(url: string, text: string) {
  const database = await openDatabase({ url, maxConnections: 1 });
  try {
    return await database.query(text);
  } finally {
    await database.close();
  }
}

async function countSurvivors(database: Database): Promise<unknown> {
  const { rows } = await withReconnect(() => database.query("SELECT count(*) AS count FROM survivors"));
  return rows[0].count;
}

async function killAndAwait(one: EmbeddedPostgres): Promise<{ restart: PostgresRestart; took: number }> {
  const seen = restarts(one);
  const startedAt = performance.now();
  process.kill(one.processId, "SIGKILL");
  const restart = await seen.next;
  seen.stop();
  return { restart, took: performance.now() - startedAt };
}

function restarts(one: EmbeddedPostgres): { all: PostgresRestart[]; next: Promise<PostgresRestart>; stop: () => void } {
  const all: PostgresRestart[] = [];
  let stop = ignore;
  const next = new Promise<PostgresRestart>((resolve) => {
    stop = one.supervise((restart) => {
      all.push(restart);
      resolve(restart);
    });
  });
  return { all, next, stop };
}

async function crash(one: EmbeddedPostgres): Promise<void> {
  process.kill(one.processId, "SIGKILL");
  while (isAlive(one.processId)) await systemClock.sleep(5);
}

function ignore(): void {}
