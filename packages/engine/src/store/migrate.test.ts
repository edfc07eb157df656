import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { testDatabase } from "../testing/test-database.ts";
import type { TestDatabase } from "../testing/test-database.ts";
import { openDatabase } from "./database.ts";
import { migrate, requireServerVersion } from "./migrate.ts";

const root = await mkdtemp(join(tmpdir(), "bureau-migrations-"));
let folder: string;
let database: TestDatabase;

afterAll(() => rm(root, { recursive: true, force: true }));

describe("migrate", () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(root, "case-"));
    database = await testDatabase();
    await database.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  });
  afterEach(() => database.drop());

  test("applies files in order and records them", async () => {
    await files({
      "001-init.sql": "CREATE TABLE a (x int)",
      "002-more.sql": "ALTER TABLE a ADD y int; INSERT INTO a VALUES (1, 2)",
    });
    expect(await migrate(database, { folder })).toEqual(["001-init", "002-more"]);
    expect((await database.query("SELECT number, name FROM bureau_migrations ORDER BY number")).rows).toEqual([
      { number: 1, name: "init" },
      { number: 2, name: "more" },
    ]);
    expect((await database.query("SELECT * FROM a")).rows).toEqual([{ x: 1, y: 2 }]);
  });

  test("does nothing the second time, with one query", async () => {
    await files({ "001-init.sql": "CREATE TABLE a (x int)" });
    await migrate(database, { folder });
    let queries = 0;
    const query = (...parameters: Parameters<typeof database.query>) => {
      queries += 1;
      return database.query(...parameters);
    };
    expect(await migrate({ ...database, query: query as typeof database.query }, { folder })).toEqual([]);
    expect(queries).toBe(1);
  });

  test("goes on from where an older program stopped", async () => {
    await files({ "001-init.sql": "CREATE TABLE a (x int)" });
    await migrate(database, { folder });
    await files({ "002-more.sql": "CREATE TABLE b (x int)" });
    expect(await migrate(database, { folder })).toEqual(["002-more"]);
  });

  test("four at once apply each file once", async () => {
    await files({
      "001-init.sql": "CREATE TABLE a (x int); SELECT pg_sleep(0.05)",
      "002-more.sql": "CREATE TABLE b (x int)",
    });
    const others = await Promise.all([1, 2, 3].map(() => openDatabase({ url: database.url, maxConnections: 2 })));
    const applied = await Promise.all([database, ...others].map((one) => migrate(one, { folder })));
    await Promise.all(others.map((one) => one.close()));
    expect(applied.flat().sort()).toEqual(["001-init", "002-more"]);
  });

  test("a failing file leaves no part of itself", async () => {
    await files({
      "001-init.sql": "CREATE TABLE a (x int)",
      "002-bad.sql": "CREATE TABLE b (x int); SELECT nothing FROM nowhere",
    });
    await expect(migrate(database, { folder })).rejects.toThrow("nowhere");
    expect((await database.query("SELECT to_regclass('a') AS a, to_regclass('b') AS b")).rows).toEqual([
      { a: "a", b: null },
    ]);
    expect((await database.query("SELECT name FROM bureau_migrations")).rows).toEqual([{ name: "init" }]);
  });

  test("a process that dies before the commit leaves nothing", async () => {
    await files({ "001-init.sql": "CREATE TABLE a (x int)" });
    const dying = await openDatabase({
      url: database.url,
      maxConnections: 1,
      onWrite: () => {
        throw new Error("killed");
      },
    });
    await expect(migrate(dying, { folder })).rejects.toThrow("killed");
    await dying.close();
    expect((await database.query("SELECT to_regclass('a') AS a")).rows).toEqual([{ a: null }]);
    expect(await migrate(database, { folder })).toEqual(["001-init"]);
  });

  test("a database that is newer than the program is refused", async () => {
    await files({ "001-init.sql": "CREATE TABLE a (x int)", "002-more.sql": "CREATE TABLE b (x int)" });
    await migrate(database, { folder });
    await rm(join(folder, "002-more.sql"));
    await expect(migrate(database, { folder })).rejects.toMatchObject({
      code: "conflict",
      message: "The database is newer than this program: it has migration 002-more, and this program ends at 001-init.",
      hint: expect.stringContaining("Update Bureau"),
    });
  });

  test("a migration recorded under another name is refused", async () => {
    await files({ "001-init.sql": "CREATE TABLE a (x int)" });
    await migrate(database, { folder });
    await rm(join(folder, "001-init.sql"));
    await files({ "001-start.sql": "CREATE TABLE a (x int)" });
    await expect(migrate(database, { folder })).rejects.toMatchObject({
      code: "conflict",
      message: "The database has migration 001-init where this program has 001-start.",
    });
  });

  test("a gap in the file numbers is refused", async () => {
    await files({ "001-init.sql": "SELECT 1", "003-more.sql": "SELECT 1" });
    await expect(migrate(database, { folder })).rejects.toThrow("003-more.sql should be number 2");
  });

  test("tables are made in public whatever the user's search path", async () => {
    await database.query("CREATE SCHEMA bureau");
    await files({ "001-init.sql": "CREATE TABLE a (x int)" });
    await migrate(database, { folder });
    expect((await database.query("SELECT to_regclass('public.a')::text AS a")).rows).toEqual([{ a: "a" }]);
  });
});

describe("requireServerVersion", () => {
  test.each(["15.0", "16.4 (Debian 16.4-1)", "18.4", "19beta1"])("PostgreSQL %s is accepted", (version) => {
    expect(() => requireServerVersion(version)).not.toThrow();
  });

  test.each(["14.13", "9.6.24"])("PostgreSQL %s is refused with what to do", (version) => {
    expect(() => requireServerVersion(version)).toThrow(
      `The database server is PostgreSQL ${version}; Bureau needs 15 or newer.`,
    );
  });
});

async function files(contents: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(contents)) await writeFile(join(folder, name), text);
}
