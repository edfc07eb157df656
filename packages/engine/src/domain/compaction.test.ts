import type { Item, ItemContent } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compactionMessages, needsCompaction, planCompaction, summaryContent, summaryTokens } from "./compaction.ts";
import { createModelInput, modelMessages } from "./model-input.ts";

const LIMITS = { contextTokens: 1000, maxOutputTokens: 500 };

describe("compaction", () => {
  test("begins when the last call filled four fifths of the context", () => {
    expect(needsCompaction(800, LIMITS)).toBe(false);
    expect(needsCompaction(801, LIMITS)).toBe(true);
    expect(summaryTokens(LIMITS)).toBe(500);
  });

  test("keeps the latest steps that fit and cuts between steps", () => {
    const items = conversation(10, 200);
    const plan = planCompaction(items, LIMITS);
    const first = items.find((item) => item.position === plan?.before);
    expect(plan?.replaced.length).toBe((plan?.before ?? 0) - 1);
    expect(first?.content.type).toBe("tool_call");
    const kept = items.filter((item) => item.position >= (plan?.before ?? 0));
    expect(JSON.stringify(kept.map((item) => item.content)).length).toBeLessThan(2400);
  });

  test("has nothing to do in a short thread", () => {
    expect(planCompaction(conversation(1, 20), LIMITS)).toBeNull();
    expect(planCompaction([], LIMITS)).toBeNull();
  });

  test("keeps the latest step even when it alone is too large", () => {
    const items = [...conversation(2, 20), ...steps(100, 1, 50_000)];
    const plan = planCompaction(renumbered(items), LIMITS);
    expect(plan?.before).toBe(6);
  });

  test("builds on the earlier summary, and carries what people said word for word", () => {
    const items = conversation(10, 200);
    const first = planCompaction(items, LIMITS);
    if (first === null) throw new Error("no plan");
    const summary = summaryContent(first, "Did five things.");
    expect(summary.text).toContain("- Please do\n  this exactly");
    const more = renumbered([...items, item(null, summary), ...steps(200, 10, 200)]);
    const second = planCompaction(more, LIMITS);
    if (second === null) throw new Error("no second plan");
    expect(second.replaced[0]?.content.type).toBe("summary");
    expect(second.before).toBeGreaterThan(first.before);
    expect(second.replaced.every((entry) => entry.content.type === "summary" || entry.position >= first.before)).toBe(
      true,
    );
    const again = summaryContent(second, "Did fifteen things.");
    expect(again.text).toContain("- Please do\n  this exactly");
    expect(again.text).not.toContain("Did five things.");
  });

  test("names what left the view when no summary could be written", () => {
    const plan = planCompaction(conversation(10, 200), LIMITS);
    if (plan === null) throw new Error("no plan");
    expect(summaryContent(plan, null).text).toContain(`${plan.replaced.length} earlier items left the view`);
  });

  test("asks for the summary within a bound", () => {
    const plan = planCompaction(conversation(300, 400), LIMITS);
    if (plan === null) throw new Error("no plan");
    const [system, user] = compactionMessages(plan, LIMITS);
    expect(system?.role).toBe("system");
    expect(JSON.stringify(user).length).toBeLessThan(4000);
    expect(JSON.stringify(user)).toContain("items left out");
  });

  test("never parts a call from its result, wherever the size makes it cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(900), { minLength: 1, maxLength: 30 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (sizes, share) => {
          const items = renumbered(sizes.flatMap((size, index) => steps(index, 1, size, index % 3 === 0)));
          const plan = planCompaction(items, LIMITS, share);
          if (plan === null) return;
          expect(plan.before).toBeGreaterThan(1);
          const kept = items.filter((entry) => entry.position >= plan.before);
          const calls = new Set(
            kept.flatMap(({ content }) => (content.type === "tool_call" ? [content.toolCallId] : [])),
          );
          for (const { content } of kept)
            if (content.type === "tool_result") expect(calls.has(content.toolCallId)).toBe(true);
          const whole = renumbered([...items, item(null, summaryContent(plan, "short"))]);
          expect(modelMessages(createModelInput(whole))[0]?.role).toBe("user");
        },
      ),
      { numRuns: 200 },
    );
  });
});

function conversation(count: number, size: number): Item[] {
  return renumbered([
    item(null, { type: "message", role: "person", text: "Please do\nthis exactly" }),
    ...steps(0, count, size),
  ]);
}

/** Steps of one call each; with `steered`, a person's message comes between a call and its result. */
function steps(from: number, count: number, size: number, steered = false): Item[] {
  return Array.from({ length: count }, (_, index): Item[] => {
    const id = `call_${from}_${index}` as const;
    return [
      item(`step_m${from}_${index}`, {
        type: "tool_call",
        toolCallId: id,
        providerCallId: id,
        name: "read",
        arguments: {},
      }),
      ...(steered ? [item(null, { type: "message", role: "person", text: "Wait" })] : []),
      item(`step_t${from}_${index}`, {
        type: "tool_result",
        toolCallId: id,
        name: "read",
        status: "completed",
        text: "x".repeat(size),
      }),
    ];
  }).flat();
}

function item(stepId: Item["stepId"], content: ItemContent): Item {
  return {
    id: "item_1",
    threadId: "thr_1",
    runId: "run_1",
    stepId,
    position: 0,
    turn: 1,
    content,
    createdAt: "2026-01-01T00:00:00.000Z",
  };
}

function renumbered(items: readonly Item[]): Item[] {
  return items.map((entry, index) => ({ ...entry, position: index + 1 }));
}
