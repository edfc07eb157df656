import { AppError } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BASE_URL, jsonBody, testApp, TOKEN } from "./testing/test-app.ts";
import { createMemoryEngine } from "./testing/memory-engine.ts";

async function errorOf(response: Response) {
  const body = (await response.json()) as {
    error: { code: string; message: string; requestId: string; issues?: unknown[] };
  };
  return { status: response.status, ...body.error };
}

describe("the API", () => {
  test("a goal set through the client is found again", async () => {
    const { client } = testApp();
    const goal = await client.createGoal({ body: { text: "Write a report" } });
    expect(await client.getGoal({ params: { goal: goal.id } })).toEqual(goal);
    expect((await client.listGoals()).goals).toEqual([goal]);
  });

  test("fills in defaults and splits lists in a query", async () => {
    const { client, engine } = testApp();
    await client.listRuns({ query: { status: ["queued", "running"] } });
    expect(engine.calls.at(-1)).toEqual({ name: "listRuns", input: [{ limit: 50, status: ["queued", "running"] }] });
  });

  test("approvals and questions are parts of the inbox", async () => {
    const { client, engine } = testApp();
    expect(await client.listApprovals()).toEqual({ approvals: [], nextCursor: null });
    expect(await client.listQuestions()).toEqual({ questions: [], nextCursor: null });
    expect(engine.calls.map(({ input }) => input[0])).toEqual([
      { limit: 50, status: ["pending"], kind: ["approval"] },
      { limit: 50, status: ["pending"], kind: ["question"] },
    ]);
  });

  test("a decision is kept under the name of who made it", async () => {
    const { client, engine } = testApp();
    const params = { approvalId: "appr_1" };
    await expect(client.decideApproval({ params, body: { decision: "deny", note: "No" } })).rejects.toThrow(
      "There is no",
    );
    expect(engine.calls.at(-1)?.input).toEqual([
      "appr_1",
      { decision: "deny", note: "No", by: { name: "owner", scope: "full", role: "owner", device: null } },
    ]);
  });

  test("status carries the program's version", async () => {
    const { client } = testApp();
    expect(await client.getStatus()).toMatchObject({ version: "1.2.3", workspace: "/workspace" });
  });

  test("an unexpected failure is hidden, told once and found by its id", async () => {
    const engine = createMemoryEngine();
    const broken = { ...engine, hey: () => Promise.reject(new Error("password is hunter2")) };
    const { request, faults } = testApp({ engine: broken });
    const response = await request("/api/hey");
    const text = await response.clone().text();
    const error = await errorOf(response);
    expect(error).toMatchObject({ status: 500, code: "internal" });
    expect(text).not.toContain("hunter2");
    expect(faults).toHaveLength(1);
    expect(faults[0]?.requestId).toBe(error.requestId);
    expect(response.headers.get("x-request-id")).toBe(error.requestId);
  });

  test("a database that is away is a 503 and not our fault", async () => {
    const engine = createMemoryEngine();
    const away = { ...engine, ready: () => Promise.reject(new AppError("unavailable", "The database is away.")) };
    const { request, faults } = testApp({ engine: away });
    expect((await request("/readyz")).status).toBe(503);
    expect(faults).toEqual([]);
  });
});

describe("bad input", () => {
  test.each([
    ["not JSON", "{", "not valid JSON"],
    ["nothing", "", "not valid JSON"],
    ["invalid UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "not valid UTF-8"],
    ["a NUL character", '{"text":"a\\u0000b"}', "NUL"],
    [
      "a NUL character deep inside",
      '{"spec":{"brief":"x","checks":[{"file":{"path":"a","schema":{"a":["\\u0000"]}}}]}}',
      "NUL",
    ],
    ["half of a character", '{"text":"\\ud800"}', "half of a character"],
    ["a prototype", '{"__proto__":{"text":"x"}}', "__proto__"],
    ["a deep nest", `${"[".repeat(5000)}${"]".repeat(5000)}`, "nested deeper"],
    ["two sources", '{"text":"a","file":"b"}', "exactly one of text, spec and file"],
    ["a wrong type", '{"text":5}', "body.text"],
    ["a field that is not there", '{"text":"a","color":"red"}', "color"],
  ])("%s is refused", async (_name, body, message) => {
    const { request } = testApp();
    const response = await request("/api/goals", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const error = await errorOf(response);
    expect(error).toMatchObject({ status: 400, code: "invalid" });
    expect(error.message).toContain(message);
  });

  test("a body of another type is refused", async () => {
    const { request } = testApp();
    const error = await errorOf(await request("/api/goals", { method: "POST", body: "text=a" }));
    expect(error.message).toContain("text/plain");
  });

  test("a packed body is refused before it is read", async () => {
    const { request } = testApp();
    for (const encoding of ["gzip", "br", "deflate, gzip"]) {
      const headers = { "content-type": "application/json", "content-encoding": encoding };
      const error = await errorOf(await request("/api/goals", { method: "POST", headers, body: "x" }));
      expect(error).toMatchObject({ status: 400, code: "invalid" });
    }
  });

  test("an address over the limit is refused", async () => {
    const { request } = testApp();
    const error = await errorOf(await request(`/api/goals?cursor=${"x".repeat(9000)}`));
    expect(error).toMatchObject({ status: 413, code: "too_large" });
  });

  test("a body over the limit is refused, with and without a declared length", async () => {
    const { request } = testApp();
    const body = JSON.stringify({ text: "x".repeat(1024 * 1024) });
    const headers = { "content-type": "application/json" };
    const streamed = new Blob([body]).stream();
    const responses = [
      await request("/api/goals", { method: "POST", headers, body }),
      await request("/api/goals", { method: "POST", headers, body: streamed, duplex: "half" } as RequestInit),
    ];
    expect(responses.map(({ status }) => status)).toEqual([413, 413]);
  });

  test("each place that is wrong is listed", async () => {
    const { request } = testApp();
    const error = await errorOf(await request("/api/runs", jsonBody({ text: "", limits: { tokens: -1 } })));
    expect(error.issues).toMatchObject([{ path: "body.text" }, { path: "body.limits.tokens" }]);
  });

  test.each([
    "limit=0",
    "limit=501",
    "limit=1e9",
    "limit=abc",
    "status=flying",
    "color=red",
    "cursor=%00",
    "limit=99999999999999999999",
  ])("the query %s is refused", async (query) => {
    const { request } = testApp();
    expect(await errorOf(await request(`/api/runs?${query}`))).toMatchObject({ status: 400, code: "invalid" });
  });

  test("an address that is not there is a 404, a method that is not there a 405 with those that are", async () => {
    const { request } = testApp();
    expect(await errorOf(await request("/api/nothing"))).toMatchObject({ status: 404, code: "not_found" });
    const response = await request("/api/goals", { method: "DELETE" });
    expect(response.headers.get("allow")).toBe("GET, HEAD, POST");
    expect(await errorOf(response)).toMatchObject({ status: 405, code: "method_not_allowed" });
  });

  test("no request makes a fault of ours", async () => {
    const { app, faults } = testApp();
    const segment = fc.oneof(
      fc.constantFrom(
        "api",
        "goals",
        "runs",
        "inbox",
        "threads",
        "tasks",
        "agents",
        "usage",
        "items",
        "messages",
        "decision",
        "reply",
      ),
      fc.constantFrom("..", "%00", "%ff", "%", "goal_1", "a b", "%2e%2e", "steps", "*", ":id", "session"),
      fc.string({ maxLength: 12 }),
    );
    const requests = fc.record({
      method: fc.constantFrom("GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"),
      path: fc.array(segment, { maxLength: 5 }),
      query: fc.dictionary(
        fc.constantFrom("limit", "cursor", "status", "after", "by", "since", "goal", "x"),
        fc.string(),
        { maxKeys: 3 },
      ),
      body: fc.oneof(
        fc.json(),
        fc.string(),
        fc.uint8Array({ maxLength: 50 }).map((bytes) => new Uint8Array(bytes)),
      ),
      type: fc.constantFrom("application/json", "text/plain", "multipart/form-data"),
    });
    await fc.assert(
      fc.asyncProperty(requests, async ({ method, path, query, body, type }) => {
        const hasBody = method !== "GET" && method !== "HEAD";
        const url = `${BASE_URL}/api/${path.map((part) => part.replaceAll(/[?#]/g, "")).join("/")}?${new URLSearchParams(query).toString()}`;
        const response = await app.request(url, {
          method,
          headers: { authorization: `Bearer ${TOKEN}`, "content-type": type },
          ...(hasBody ? { body } : {}),
        });
        await response.body?.cancel();
        expect(response.status).toBeLessThan(500);
        expect(faults).toEqual([]);
      }),
      { numRuns: 1500 },
    );
  });
});

describe("care", () => {
  test("strangers are told that it is up and what can be asked, and no more", async () => {
    const { app } = testApp();
    for (const path of ["/healthz", "/readyz"]) {
      expect(await (await app.request(`${BASE_URL}${path}`)).json()).toEqual({ ok: true });
    }
    expect((await app.request(`${BASE_URL}/api/openapi.json`)).status).toBe(200);
    expect((await app.request(`${BASE_URL}/metrics`)).status).toBe(401);
  });

  test("counts are for those with a token", async () => {
    const { request } = testApp();
    const metrics = await (await request("/metrics")).text();
    expect(metrics).toContain('bureau_runs{status="running"} 2');
    expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/m);
  });
});
