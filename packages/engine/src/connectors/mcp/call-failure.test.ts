import { describe, expect, test } from "vitest";
import { failureOf } from "./call-failure.ts";

const coded = (code: unknown, more: object = {}) => Object.assign(new Error("It failed"), { code, ...more });

describe("failureOf", () => {
  test.each<[string, unknown]>([
    ["the server's own answer", coded(-32602)],
    ["a refused connection", new Error("fetch failed", { cause: coded("ECONNREFUSED") })],
    ["a name that is not there", new Error("fetch failed", { cause: coded("ENOTFOUND") })],
    ["a refused sign-in", coded("CLIENT_HTTP_AUTHENTICATION", { data: { status: 401 } })],
    ["a wrong address", coded("X", { data: { status: 404 } })],
    ["a question back", coded("UNSUPPORTED_RESULT_TYPE")],
  ])("knows that a call was not made after %s", (_what, error) => {
    expect(failureOf(error).isUnknown).toBe(false);
  });

  test.each<[string, unknown]>([
    ["silence", coded("REQUEST_TIMEOUT")],
    ["a closed connection", coded("CONNECTION_CLOSED")],
    ["a cut connection", new Error("fetch failed", { cause: coded("ECONNRESET") })],
    ["a fault of somebody between", coded("X", { data: { status: 502 } })],
    ["a conflict", coded("X", { data: { status: 409 } })],
    ["an answer that cannot be read", coded("INVALID_RESULT")],
    ["a stop", new DOMException("This operation was aborted", "AbortError")],
    ["anything else", "words"],
  ])("does not know whether a call was made after %s", (_what, error) => {
    expect(failureOf(error).isUnknown).toBe(true);
  });

  test("says the cause where the first message says nothing", () => {
    const error = new Error("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") });
    expect(failureOf(error).message).toBe("fetch failed: connect ECONNREFUSED 127.0.0.1:1.");
  });
});
