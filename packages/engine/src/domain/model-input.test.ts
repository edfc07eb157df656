import type { Item, ItemContent } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ModelMessage } from "../models/model.ts";
import { appendItems, createModelInput, modelMessages } from "./model-input.ts";

describe("model input", () => {
  test("makes one assistant message of a step and pairs results by the provider's id", () => {
    const items = thread([
      [null, { type: "message", role: "person", text: "Go" }],
      ["s1", { type: "reasoning", text: "hm", provider: { openai: { itemId: "rs_1" } } }],
      ["s1", { type: "message", role: "agent", text: "Reading." }],
      ["s1", call("call_1", "p1")],
      ["s1", call("call_2", "p2")],
      ["s3", result("call_2", "two")],
      ["s2", result("call_1", "one")],
      ["s4", { type: "message", role: "agent", text: "Done." }],
    ]);
    expect(modelMessages(createModelInput(items))).toEqual([
      { role: "user", content: [{ type: "text", text: "Go" }] },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "hm", providerOptions: { openai: { itemId: "rs_1" } } },
          { type: "text", text: "Reading." },
          { type: "tool-call", toolCallId: "p1", toolName: "read", input: {} },
          { type: "tool-call", toolCallId: "p2", toolName: "read", input: {} },
        ],
      },
      {
        role: "tool",
        content: [
          { type: "tool-result", toolCallId: "p2", toolName: "read", output: { type: "text", value: "two" } },
          { type: "tool-result", toolCallId: "p1", toolName: "read", output: { type: "text", value: "one" } },
        ],
      },
      { role: "assistant", content: [{ type: "text", text: "Done." }] },
    ]);
  });

  test("puts a message that came in mid-call after the results", () => {
    const items = thread([
      ["s1", call("call_1", "p1")],
      [null, { type: "message", role: "person", text: "Wait" }],
      ["s2", result("call_1", "one")],
    ]);
    expect(modelMessages(createModelInput(items)).map((message) => message.role)).toEqual([
      "assistant",
      "tool",
      "user",
    ]);
  });

  test("says so where no result was recorded, and takes the real one when it comes", () => {
    const items = thread([
      ["s1", call("call_1", "p1")],
      ["s1", call("call_2", "p2")],
      ["s2", result("call_1", "one")],
      ["s3", result("call_2", "two")],
    ]);
    const input = createModelInput(items.slice(0, 3));
    expect(JSON.stringify(modelMessages(input)[1])).toContain("No result was recorded");
    appendItems(input, items);
    expect(JSON.stringify(modelMessages(input))).not.toContain("No result was recorded");
    expect(modelMessages(input)).toEqual(modelMessages(createModelInput(items)));
  });

  test("marks the runtime's words, failures and malformed arguments", () => {
    const items = thread([
      [null, { type: "message", role: "runtime", text: "Go on." }],
      ["s1", { ...call("call_1", ""), arguments: "{broken" }],
      ["s2", { ...result("call_1", ""), status: "failed" }],
    ]);
    const [first, second, third] = modelMessages(createModelInput(items));
    expect(first).toEqual({ role: "user", content: [{ type: "text", text: "<runtime>\nGo on.\n</runtime>" }] });
    expect(second?.content).toEqual([
      { type: "tool-call", toolCallId: "call_1", toolName: "read", input: { malformed_arguments: "{broken" } },
    ]);
    expect(third?.content).toEqual([
      {
        type: "tool-result",
        toolCallId: "call_1",
        toolName: "read",
        output: { type: "error-text", value: "(no output)" },
      },
    ]);
  });

  test("a summary stands for all before it and goes to the front", () => {
    const items = thread([
      [null, { type: "message", role: "person", text: "old" }],
      ["s1", call("call_1", "p1")],
      ["s2", result("call_1", "one")],
      [null, { type: "message", role: "person", text: "new" }],
      ["s3", { type: "message", role: "agent", text: "answer" }],
      [null, { type: "summary", text: "short", before: 4 }],
      [null, { type: "message", role: "person", text: "next" }],
    ]);
    const input = createModelInput(items.slice(0, 5));
    appendItems(input, items.slice(5));
    expect(textsOf(modelMessages(input))).toEqual(["<summary>\nshort\n</summary>", "new", "answer", "next"]);
    expect(modelMessages(createModelInput(items))).toEqual(modelMessages(input));
  });

  test("every call has exactly one result right after its message, whatever the order of items", () => {
    fc.assert(
      fc.property(fc.array(randomContent(), { maxLength: 40 }), fc.nat(40), (contents, cut) => {
        const items = thread(contents);
        const messages = modelMessages(createModelInput(items));
        expectPaired(messages);
        const grown = createModelInput(items.slice(0, cut));
        expectPaired(modelMessages(grown));
        appendItems(grown, items);
        expect(modelMessages(grown)).toEqual(messages);
      }),
      { numRuns: 300 },
    );
  });
});

function thread(contents: readonly (readonly [string | null, ItemContent])[]): Item[] {
  return contents.map(([stepId, content], index) => ({
    id: `item_${index}`,
    threadId: "thr_1",
    runId: "run_1",
    stepId: stepId as Item["stepId"],
    position: index + 1,
    turn: 1,
    content,
    createdAt: "2026-01-01T00:00:00.000Z",
  }));
}

function call(id: string, providerCallId: string): Extract<ItemContent, { type: "tool_call" }> {
  return { type: "tool_call", toolCallId: id as "call_1", providerCallId, name: "read", arguments: {} };
}

function result(id: string, text: string): Extract<ItemContent, { type: "tool_result" }> {
  return { type: "tool_result", toolCallId: id as "call_1", name: "read", status: "completed", text };
}

/** Steps and ids collide on purpose. */
function randomContent(): fc.Arbitrary<readonly [string | null, ItemContent]> {
  const step = fc.constantFrom("s1", "s2", "s3");
  const id = fc.integer({ min: 1, max: 8 }).map((number) => `call_${number}`);
  return fc.oneof(
    fc.constant([null, { type: "message", role: "person", text: "hello" }] as const),
    fc.tuple(step, fc.constant({ type: "message", role: "agent", text: "text" } as const)),
    fc.tuple(
      step,
      id.map((name) => call(name, name)),
    ),
    fc.tuple(
      step,
      id.map((name) => result(name, "found")),
    ),
    fc.constant([null, { type: "notice", text: "note" }] as const),
  );
}

function expectPaired(messages: readonly ModelMessage[]): void {
  for (const [index, message] of messages.entries()) {
    const next = messages[index + 1];
    if (message.role === "assistant") {
      const ids = message.content.flatMap((part) => (part.type === "tool-call" ? [part.toolCallId] : []));
      const results =
        next?.role === "tool"
          ? next.content.flatMap((part) => (part.type === "tool-result" ? [part.toolCallId] : []))
          : [];
      expect(results.toSorted()).toEqual(ids.toSorted());
    }
    if (message.role === "tool") expect(messages[index - 1]?.role).toBe("assistant");
  }
}

function textsOf(messages: readonly ModelMessage[]): string[] {
  return messages.flatMap((message) =>
    message.role === "system" ? [] : message.content.flatMap((part) => (part.type === "text" ? [part.text] : [])),
  );
}
