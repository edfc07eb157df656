import { describe, expect, test } from "vitest";
import { createClient, errorFrom } from "./client.ts";
import { AppError } from "./error.ts";

const BASE = "http://127.0.0.1:1";

/** A client whose requests end here, and what they were. */
function clientAnswering(answer: () => Response | Promise<Response>) {
  const requests: Request[] = [];
  const client = createClient({
    baseUrl: BASE,
    token: "secret",
    fetch: async (url, init) => {
      requests.push(new Request(url, init));
      return answer();
    },
  });
  return { client, requests };
}

describe("createClient", () => {
  test("fills the path, writes the query and sends the token", async () => {
    const { client, requests } = clientAnswering(() => Response.json({ runs: [], nextCursor: null }));
    await client.listGoalRuns({ params: { goal: "a/b c" }, query: { status: ["queued", "running"], limit: 5 } });
    expect(requests[0]?.url).toBe(`${BASE}/api/goals/a%2Fb%20c/runs?status=queued%2Crunning&limit=5`);
    expect(requests[0]?.headers.get("authorization")).toBe("Bearer secret");
  });

  test("sends the body as JSON", async () => {
    const { client, requests } = clientAnswering(() => Response.json({ id: "run_1" }));
    expect(await client.startRun({ body: { text: "hello" } })).toEqual({ id: "run_1" });
    expect(requests[0]?.method).toBe("POST");
    expect(await requests[0]?.json()).toEqual({ text: "hello" });
  });

  test("gives nothing for an empty reply", async () => {
    const { client } = clientAnswering(() => new Response(null, { status: 204 }));
    expect(await client.signOut()).toBeUndefined();
  });

  test("raises the server's error with its code, hint and issues", async () => {
    const error = {
      code: "conflict",
      message: "Already denied.",
      hint: "Ask again.",
      issues: [{ path: "a", message: "b" }],
    };
    const { client } = clientAnswering(() => Response.json({ error }, { status: 409 }));
    await expect(client.hey()).rejects.toMatchObject(error);
  });

  test("raises an error for a page that is not ours", async () => {
    const { client } = clientAnswering(() => new Response("<html>", { status: 200 }));
    await expect(client.hey()).rejects.toThrow("is not JSON");
  });

  test("says how to start a server that is not there", async () => {
    const { client } = clientAnswering(() => Promise.reject(new TypeError("fetch failed")));
    await expect(client.hey()).rejects.toMatchObject({
      code: "unavailable",
      hint: expect.stringContaining("bureau up"),
    });
  });

  test("says that a server did not answer in time", async () => {
    const client = createClient({
      baseUrl: BASE,
      timeoutMs: 1,
      fetch: (_url, init) =>
        new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason))),
    });
    await expect(client.hey()).rejects.toThrow("did not answer in time");
  });

  test("an abort by the caller keeps its own reason", async () => {
    const reason = new Error("enough");
    const client = createClient({ baseUrl: BASE, fetch: (_url, init) => Promise.reject(init?.signal?.reason) });
    await expect(client.hey({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("errorFrom", () => {
  test.each([
    [404, "not_found"],
    [401, "unauthenticated"],
    [502, "unavailable"],
    [418, "invalid"],
  ])("a bare status %s becomes %s", async (status, code) => {
    const error = await errorFrom(new Response("no", { status }));
    expect(error).toBeInstanceOf(AppError);
    expect(error.code).toBe(code);
  });

  test("a code of a newer server is told by its status", async () => {
    const body = { error: { code: "brand_new", message: "x" } };
    expect((await errorFrom(Response.json(body, { status: 409 }))).code).toBe("conflict");
  });
});
