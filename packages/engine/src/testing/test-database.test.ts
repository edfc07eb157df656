import { afterAll, describe, expect, test } from "vitest";
import { testDatabase } from "./test-database.ts";

const database = await testDatabase();
afterAll(() => database.drop());

describe("testDatabase", () => {
  test("is migrated and empty", async () => {
    const { rows } = await database.query("SELECT count(*) AS goals FROM goals");
    expect(rows).toEqual([{ goals: 0 }]);
  });

  test("is apart from another one", async () => {
    const other = await testDatabase();
    try {
      await database.query("INSERT INTO settings (key, value) VALUES ('here', '1')");
      expect((await other.query("SELECT key FROM settings")).rows).toEqual([]);
    } finally {
      await other.drop();
    }
  });

  test("is gone after drop", async () => {
    const other = await testDatabase();
    await other.drop();
    await expect(testDatabase({ maxConnections: 1 }).then((next) => next.drop())).resolves.toBeUndefined();
    const { rows } = await database.query("SELECT 1 FROM pg_database WHERE datname = $1", [
      new URL(other.url).pathname.slice(1),
    ]);
    expect(rows).toEqual([]);
  });
});
