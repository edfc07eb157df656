import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { retryAfter, toModelFailure } from "./failure.ts";
import type { ModelFailureKind } from "./model.ts";

const NOW = Date.parse("2026-05-01T12:00:00Z");

function read(error: unknown, signal = new AbortController().signal): ReturnType<typeof toModelFailure> {
  return toModelFailure(error, { signal, now: NOW, apiKey: "sk-secret-key" });
}

function answered(statusCode: number, body: unknown, headers: Record<string, string> = {}): Error {
  const responseBody = typeof body === "string" ? body : JSON.stringify(body);
  return Object.assign(new Error("Bad Request"), {
    name: "AI_APICallError",
    statusCode,
    responseBody,
    responseHeaders: headers,
  });
}

/** Error bodies in the providers' own words. */
const BODIES: [string, number, unknown, ModelFailureKind][] = [
  [
    "OpenAI, too long",
    400,
    {
      error: {
        message: "Your input exceeds the context window of this model.",
        type: "invalid_request_error",
        code: "context_length_exceeded",
      },
    },
    "context_overflow",
  ],
  [
    "Anthropic, too long",
    400,
    {
      type: "error",
      error: { type: "invalid_request_error", message: "prompt is too long: 200251 tokens > 200000 maximum" },
    },
    "context_overflow",
  ],
  [
    "Anthropic, too large",
    413,
    { type: "error", error: { type: "request_too_large", message: "Request exceeds the maximum size" } },
    "context_overflow",
  ],
  [
    "Google, too long",
    400,
    {
      error: {
        code: 400,
        message: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        status: "INVALID_ARGUMENT",
      },
    },
    "context_overflow",
  ],
  [
    "a llama.cpp server, too long",
    400,
    {
      error: {
        code: 400,
        message: "the request exceeds the available context size, try increasing it",
        type: "exceed_context_size_error",
      },
    },
    "context_overflow",
  ],
  [
    "a vLLM server, too long",
    400,
    {
      object: "error",
      message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
      type: "BadRequestError",
      code: 400,
    },
    "context_overflow",
  ],
  [
    "OpenAI, no quota",
    429,
    {
      error: {
        message: "You exceeded your current quota, please check your plan and billing details.",
        type: "insufficient_quota",
        code: "insufficient_quota",
      },
    },
    "usage_limit",
  ],
  [
    "OpenAI, rate",
    429,
    {
      error: {
        message: "Rate limit reached for gpt-5 on tokens per min. Please try again in 1s.",
        type: "tokens",
        code: "rate_limit_exceeded",
      },
    },
    "rate_limited",
  ],
  [
    "Anthropic, no credit",
    400,
    {
      type: "error",
      error: { type: "invalid_request_error", message: "Your credit balance is too low to access the Anthropic API." },
    },
    "usage_limit",
  ],
  [
    "Anthropic, rate by input tokens",
    429,
    {
      type: "error",
      error: {
        type: "rate_limit_error",
        message: "This request would exceed your organization's rate limit of 40,000 input tokens per minute.",
      },
    },
    "rate_limited",
  ],
  [
    "Google, by the minute",
    429,
    {
      error: {
        code: 429,
        message: "You exceeded your current quota, please check your plan and billing details.",
        status: "RESOURCE_EXHAUSTED",
        details: [{ quotaId: "GenerateRequestsPerMinutePerProjectPerModel" }, { retryDelay: "37s" }],
      },
    },
    "rate_limited",
  ],
  [
    "Google, by the day",
    429,
    {
      error: {
        code: 429,
        message: "You exceeded your current quota.",
        status: "RESOURCE_EXHAUSTED",
        details: [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel-FreeTier" }],
      },
    },
    "usage_limit",
  ],
  ["payment required", 402, { error: { message: "Insufficient credits" } }, "usage_limit"],
  ["a wrong key", 401, { error: { message: "Incorrect API key provided" } }, "unauthenticated"],
  ["no permission", 403, { error: { message: "Not for you" } }, "unauthenticated"],
  [
    "an unknown model",
    404,
    { error: { message: "The model does not exist", code: "model_not_found" } },
    "invalid_request",
  ],
  [
    "Anthropic, overloaded",
    529,
    { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    "overloaded",
  ],
  ["a proxy's page", 502, "<html>Bad gateway</html>", "overloaded"],
];

describe("toModelFailure", () => {
  test.each(BODIES)("%s", (_name, status, body, kind) => {
    expect(read(answered(status, body))).toMatchObject({ kind, status });
  });

  test("errors within a stream are told apart by their type", () => {
    expect(read({ type: "overloaded_error", message: "Overloaded" }).kind).toBe("overloaded");
    expect(read({ type: "error", error: { type: "rate_limit_exceeded", message: "Slow down" } }).kind).toBe(
      "rate_limited",
    );
    expect(read({ message: "too much", code: "context_length_exceeded" }).kind).toBe("context_overflow");
  });

  test("Google's wait in the body counts like Retry-After", () => {
    const body = BODIES.find(([name]) => name === "Google, by the minute")?.[2];
    expect(read(answered(429, body)).retryAfterMs).toBe(37_000);
  });

  test("an aborted signal explains any error", () => {
    expect(read(answered(500, {}), AbortSignal.abort()).kind).toBe("canceled");
  });

  test("a key in a message is not shown", () => {
    expect(read(answered(401, { error: { message: "Wrong key sk-secret-key" } })).message).toContain("Wrong key [key]");
  });

  test("whatever is thrown becomes a failure with a message of bounded length", () => {
    const thrown = fc.oneof(
      fc.anything(),
      fc.record({
        statusCode: fc.integer(),
        responseBody: fc.oneof(fc.json(), fc.string()),
        data: fc.anything(),
        cause: fc.anything(),
      }),
    );
    fc.assert(
      fc.property(thrown, (error) => {
        const failure = read(error);
        expect(failure.message.length).toBeGreaterThan(0);
        expect(failure.message.length).toBeLessThanOrEqual(500);
      }),
    );
  });
});

describe("Retry-After", () => {
  test.each([
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "Fri, 01 May 2026 12:00:30 GMT" }, 30_000],
    [{ "retry-after": "Fri, 01 May 2026 11:00:00 GMT" }, 0],
    [{ "retry-after": "2", "retry-after-ms": "150" }, 150],
    [{ "retry-after": "99999999999999" }, 604_800_000],
    [{ "retry-after": "-1" }, null],
    [{ "retry-after": "soon" }, null],
    [{}, null],
  ])("%j is %s ms", (headers, expected) => {
    expect(retryAfter(headers, NOW)).toBe(expected);
  });
});
