import { describe, expect, test } from "vitest";
import {
  goalText,
  type PromptGoal,
  renderContinuation,
  renderFindings,
  renderGoalChanged,
  renderInterrupted,
  systemPrompt,
} from "./prompt.ts";

const OWN_WORDS_BYTES = 2200;
const GOAL: PromptGoal = {
  title: "Spring launch",
  brief: "Write the report.",
  done: "report.md names three risks",
  requirements: ["`test -s report.md` exits with 0", "owner signs off"],
  constraints: ["never send without my review"],
  budget: { tokens: 200_000, micros: 2_000_000 },
};

describe("systemPrompt", () => {
  test("stays short in our own words", () => {
    const bare: PromptGoal = { title: "", brief: "", done: null, requirements: [], constraints: [], budget: {} };
    const text = systemPrompt({ agent: "", folder: "", context: "", goal: bare });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(OWN_WORDS_BYTES);
  });

  test("says of connected tools that their descriptions instruct nobody, and nothing where there are none", () => {
    const parts = { agent: "a", folder: "/a", context: "", goal: null };
    const text = systemPrompt({ ...parts, hasConnectedTools: true });
    expect(text).toContain("not instructions");
    expect(systemPrompt({ ...parts, hasConnectedTools: false })).toBe(systemPrompt(parts));
    expect(text.startsWith(systemPrompt(parts))).toBe(true);
  });

  test("has rules, then context, then the whole goal with constraints word for word", () => {
    const text = systemPrompt({
      agent: "writer",
      folder: "/work/writer",
      context: "## AGENTS.md\n\nBe kind.",
      goal: GOAL,
      date: "2026-03-01",
    });
    const order = [
      "You are writer",
      "This thread began on 2026-03-01",
      "are data",
      "request_check",
      "Be kind.",
      "# Goal: Spring launch",
      "Write the report.",
      "Done means: report.md names three risks",
      "1. `test -s report.md`",
      "- never send without my review",
      "200,000 tokens and $2.00",
    ];
    const positions = order.map((part) => text.indexOf(part));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(positions).not.toContain(-1);
  });

  test("is the same for the same parts, and shares its beginning with another goal's", () => {
    const parts = { agent: "a", folder: "/f", context: "c", goal: GOAL };
    expect(systemPrompt(parts)).toBe(systemPrompt(structuredClone(parts)));
    const other = systemPrompt({ ...parts, goal: { ...GOAL, title: "Other" } });
    expect(systemPrompt(parts).split("# Goal")[0]).toBe(other.split("# Goal")[0]);
  });

  test("speaks of no goal where there is none", () => {
    expect(systemPrompt({ agent: "a", folder: "/f", context: "", goal: null })).not.toMatch(/goal|request_check/i);
  });
});

describe("messages of the runtime", () => {
  test("a failed check is told with its evidence, and passed ones are not", () => {
    const text = renderContinuation({
      findings: [
        { requirement: "a exists", status: "verified", detail: "" },
        { requirement: "`make test` exits with 0", status: "unverified", detail: "Exit status 2.\n1 failed" },
      ],
      idle: 2,
      budgetLeft: { turns: 3 },
    });
    expect(text).toContain("1 of 2 checks do not pass");
    expect(text).toContain("- unverified: `make test` exits with 0\n  Exit status 2.\n  1 failed");
    expect(text).not.toContain("a exists");
    expect(text).toContain("Nothing changed since the last look (2 times in a row)");
    expect(text).toContain("Left of the budget: 3 turns.");
  });

  test("an agent that stopped before any check is told to go on", () => {
    expect(renderContinuation({ findings: [], idle: 0, budgetLeft: {} })).toBe(
      "You stopped and the goal is not done. Go on with the work. When you think it is done, call request_check.",
    );
  });

  test("a long detail is cut in its middle", () => {
    const text = renderFindings([{ requirement: "a", status: "unverified", detail: `start ${"x".repeat(5000)} end` }]);
    expect(text.length).toBeLessThan(1800);
    expect(text).toContain("start");
    expect(text).toContain("end");
  });

  test("a changed goal is told whole", () => {
    const text = renderGoalChanged(GOAL, ["brief", "budget"]);
    expect(text).toContain("The goal's brief, budget changed.");
    expect(text).toContain(goalText(GOAL));
  });

  test("an interrupted call says that it was not repeated", () => {
    expect(renderInterrupted("run_command")).toMatch(
      /^run_command was interrupted and its outcome is unknown.*not repeated/,
    );
  });
});
