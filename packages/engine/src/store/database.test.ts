import net from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { testDatabase } from "../testing/test-database.ts";
import { isConnectionError, openDatabase, withReconnect } from "./database.ts";

const database = await testDatabase();
await database.query("CREATE TABLE notes (id bigint PRIMARY KEY)");
afterAll(() => database.drop());

describe("values", () => {
  test("whole numbers are numbers while they are exact, and text beyond", async () => {
    const { rows } = await database.query("SELECT 42::bigint AS small, 9007199254740993::bigint AS large");
    expect(rows).toEqual([{ small: 42, large: "9007199254740993" }]);
  });

  test("moments are dates and documents are objects", async () => {
    const { rows } = await database.query(
      `SELECT '2026-01-02T03:04:05.678Z'::timestamptz AS at, '{"a":[1]}'::jsonb AS data`,
    );
    expect(rows).toEqual([{ at: new Date("2026-01-02T03:04:05.678Z"), data: { a: [1] } }]);
  });
});

describe("transaction", () => {
  test("is kept when the work resolves and gives its result", async () => {
    const result = await database.transaction(async (transaction) => {
      await transaction.query("INSERT INTO notes VALUES (1)");
      return "kept";
    });
    expect(result).toBe("kept");
    expect(await ids("id = 1")).toEqual([1]);
  });

  test("is undone when the work rejects", async () => {
    await expect(
      database.transaction(async (transaction) => {
        await transaction.query("INSERT INTO notes VALUES (2)");
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    expect(await ids("id = 2")).toEqual([]);
  });

  test("whose query failed is not taken for committed, even when the work hides the failure", async () => {
    const work = database.transaction(async (transaction) => {
      await transaction.query("INSERT INTO notes VALUES (3)");
      await transaction.query("SELECT nonsense").catch(() => undefined);
    });
    await expect(work).rejects.toMatchObject({ code: "internal" });
    expect(await ids("id = 3")).toEqual([]);
  });

  test("is undone when the hook before its commit throws", async () => {
    let writes = 0;
    const crashing = await openDatabase({
      url: database.url,
      maxConnections: 1,
      onWrite: () => {
        writes += 1;
        if (writes === 2) throw new Error("crash at write 2");
      },
    });
    await crashing.transaction((transaction) => transaction.query("INSERT INTO notes VALUES (10)"));
    const second = crashing.transaction((transaction) => transaction.query("INSERT INTO notes VALUES (11)"));
    await expect(second).rejects.toThrow("crash at write 2");
    await crashing.close();
    expect(await ids("id IN (10, 11)")).toEqual([10]);
  });

  test("on a connection that is cut while nothing runs on it rejects, and the pool goes on", async () => {
    const work = database.transaction(async (transaction) => {
      const { rows } = await transaction.query("SELECT pg_backend_pid() AS process_id");
      const gone = new Promise((resolve) => transaction.once("end", resolve));
      await database.query("SELECT pg_terminate_backend($1)", [rows[0].process_id]);
      await gone;
      await transaction.query("INSERT INTO notes VALUES (4)");
    });
    const error: unknown = await work.catch((failure: unknown) => failure);
    expect(isConnectionError(error)).toBe(true);
    expect(await ids("id = 4")).toEqual([]);
  });
});

describe("connections", () => {
  test("all cut at once while idle leave a pool that works", async () => {
    await Promise.all([1, 2, 3, 4].map(() => database.query("SELECT pg_sleep(0.01)")));
    const client = await database.connect();
    const ended = new Promise((resolve) => client.once("end", resolve));
    await cutOthers();
    await ended;
    expect(await withReconnect(() => ids("id = 1"))).toEqual([1]);
  });

  test("carry the program's name", async () => {
    const { rows } = await database.query("SHOW application_name");
    expect(rows).toEqual([{ application_name: "bureau" }]);
  });

  test("to a server that is not there fail with an address and no password", async () => {
    const free = await freePort();
    const opening = openDatabase({ url: `postgresql://me:secret@127.0.0.1:${free}/x`, maxConnections: 1 });
    const error = (await opening.catch((failure: unknown) => failure)) as Error;
    expect(error).toMatchObject({ code: "unavailable", message: expect.stringContaining(`me@127.0.0.1:${free}/x`) });
    expect(error.message).not.toContain("secret");
    expect(isConnectionError(error)).toBe(true);
  });

  test("closing twice is fine", async () => {
    const other = await openDatabase({ url: database.url, maxConnections: 1 });
    await expect(Promise.all([other.close(), other.close()])).resolves.toHaveLength(2);
  });
});

describe("isConnectionError", () => {
  test.each(["57P01", "57P02", "57P03", "08006", "ECONNREFUSED", "ECONNRESET"])("recognises %s", (code) => {
    expect(isConnectionError(Object.assign(new Error("x"), { code }))).toBe(true);
    expect(isConnectionError(new Error("outer", { cause: Object.assign(new Error("x"), { code }) }))).toBe(true);
  });

  test("knows a missing socket from a missing file", () => {
    expect(isConnectionError(Object.assign(new Error("x"), { code: "ENOENT", syscall: "connect" }))).toBe(true);
    expect(isConnectionError(Object.assign(new Error("x"), { code: "ENOENT", syscall: "open" }))).toBe(false);
  });

  test.each(["23505", "42P01", "53100", "40001"])("leaves %s to the caller", (code) => {
    expect(isConnectionError(Object.assign(new Error("x"), { code }))).toBe(false);
  });
});

describe("withReconnect", () => {
  test("waits, longer each time, until the work succeeds", async () => {
    const clock = manualClock();
    let attempts = 0;
    const result = await withReconnect(
      async () => {
        attempts += 1;
        if (attempts < 5) throw Object.assign(new Error("x"), { code: "57P03" });
        return "done";
      },
      { clock },
    );
    expect(result).toBe("done");
    expect(clock.waits).toEqual([20, 40, 80, 160]);
  });

  test("gives up at its limit with the last error", async () => {
    const clock = manualClock();
    const failing = () => Promise.reject(Object.assign(new Error("still away"), { code: "ECONNREFUSED" }));
    await expect(withReconnect(failing, { clock, limitMs: 1_000 })).rejects.toThrow("still away");
    expect(clock.now()).toBeLessThanOrEqual(1_000);
  });

  test("waits for room on the disk too, and for nothing once its signal is given", async () => {
    const stop = new AbortController();
    let attempts = 0;
    const failing = async () => {
      attempts += 1;
      if (attempts === 3) stop.abort(new Error("stopped"));
      throw Object.assign(new Error("no room"), { code: "53100" });
    };
    await expect(withReconnect(failing, { signal: stop.signal })).rejects.toThrow("stopped");
    expect(attempts).toBe(3);
  });

  test("does not repeat work that failed for another reason", async () => {
    let attempts = 0;
    const failing = async () => {
      attempts += 1;
      throw Object.assign(new Error("duplicate"), { code: "23505" });
    };
    await expect(withReconnect(failing)).rejects.toThrow("duplicate");
    expect(attempts).toBe(1);
  });
});

function manualClock() {
  let now = 0;
  const waits: number[] = [];
  return {
    waits,
    now: () => now,
    sleep: async (ms: number) => {
      waits.push(ms);
      now += ms;
    },
  };
}

async function ids(where: string): Promise<unknown[]> {
  return (await database.query(`SELECT id FROM notes WHERE ${where} ORDER BY id`)).rows.map((row) => row.id);
}

/** Ends every connection to the test's database but the one that asks. */
async function cutOthers(): Promise<void> {
  await database.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
  );
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
