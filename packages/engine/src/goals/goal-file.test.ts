import { AppError, type Check, type GoalSpec } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { goalKind, parseGoalFile, writeGoalFile } from "./goal-file.ts";

const EXAMPLE = `---
agent: writer                    # default: the agent whose folder holds the file
done: report.md names three risks of the launch, each with a source
checks:
  - command: test -s report.md
  - file: { path: report.md, contains: "## Risks" }
  - http: { url: "https://example.com/health", status: 200 }
  - query: "records.tasks where launch = 'Spring' and status != 'done' is empty"
  - judge: Each risk is concrete and cites a source that exists
  - person: owner                # a sign-off
constraints:
  - never send without my review
budget: { tokens: 200000, money: 2.00, time: 2h, turns: 40 }
cadence: every weekday at 8:00   # absent: until done
effort: medium
owner: Ada
---
# Spring launch

The brief, in plain words.
`;

describe("parseGoalFile", () => {
  test("reads every key of the format", () => {
    const { spec, agent, warnings } = parseGoalFile(EXAMPLE, { name: "launch.md" });
    expect(agent).toBe("writer");
    expect(spec).toEqual({
      title: "Spring launch",
      brief: "The brief, in plain words.",
      done: "report.md names three risks of the launch, each with a source",
      checks: [
        { command: "test -s report.md" },
        { file: { path: "report.md", contains: "## Risks" } },
        { http: { url: "https://example.com/health", status: 200 } },
        { query: "records.tasks where launch = 'Spring' and status != 'done' is empty" },
        { judge: "Each risk is concrete and cites a source that exists" },
        { person: "owner" },
      ],
      constraints: ["never send without my review"],
      budget: { tokens: 200_000, micros: 2_000_000, timeMs: 7_200_000, turns: 40 },
      cadence: "every weekday at 8:00",
      on: null,
      effort: "medium",
    });
    expect(warnings).toEqual(["launch.md, line 16: owner is not a key of a goal and has no effect."]);
    expect(goalKind(spec)).toBe("standing");
  });

  test("takes a file without front matter as the brief, and its first sentence as the title", () => {
    const { spec } = parseGoalFile("Write hello.txt. It says hello.\n", { name: "hello.md" });
    expect(spec.title).toBe("Write hello.txt");
    expect(spec.brief).toBe("Write hello.txt. It says hello.");
    expect(goalKind(spec)).toBe("finish");
  });

  test("takes the name of an empty file as the title", () => {
    expect(parseGoalFile("", { name: "goals/grow-the-newsletter.md" }).spec.title).toBe("Grow the newsletter");
  });

  test("reads what people write: one check without a list, a colon in a constraint, a command named true", () => {
    const text =
      "---\nchecks: { command: true, timeout: 30s }\nconstraints:\n  - tone: friendly\nbudget: { tokens: 50k, money: $1.50, toolCalls: 9 }\non: [mail.received, meeting.ended]\n---\nx";
    const { spec } = parseGoalFile(text, { name: "x" });
    expect(spec.checks).toEqual([{ command: "true", timeout: "30s" }]);
    expect(spec.constraints).toEqual(["tone: friendly"]);
    expect(spec.budget).toEqual({ tokens: 50_000, micros: 1_500_000, toolCalls: 9 });
    expect(spec.on).toBe("mail.received; meeting.ended");
  });

  test("survives Windows line ends and a byte order mark", () => {
    const { spec } = parseGoalFile("\uFEFF---\r\ndone: yes it is\r\n---\r\n# Title\r\n\r\nBrief.\r\n", { name: "x" });
    expect(spec).toMatchObject({ done: "yes it is", title: "Title", brief: "Brief." });
  });

  test.each([
    ["---\nbudget: { time: 30 }\n---\n", "x.md, line 2: budget.time cannot be 30."],
    ["---\ndone: a\nbudget:\n  money: free\n---\n", 'x.md, line 4: budget.money cannot be "free".'],
    ["---\nbudget: { turns: 0 }\n---\n", "x.md, line 2: budget.turns cannot be 0."],
    [
      "---\nchecks:\n  - test -s a\n---\n",
      "x.md, line 3: checks[0] must say its kind: command, file, http, query, judge, person.",
    ],
    ["---\nchecks:\n  - file: { contains: a }\n---\n", "x.md, line 3: checks[0].file must have a path."],
    [
      "---\nchecks:\n  - http: ftp://a\n---\n",
      'x.md, line 3: checks[0].http.url must be an http or https address, not "ftp://a".',
    ],
    ["---\neffort: huge\n---\n", 'x.md, line 2: effort must be one of low, medium, high, max, not "huge".'],
    ["---\ndone: a\n", "x.md: the front matter that begins on line 1 has no closing ---."],
    ["---\n- a\n---\n", "x.md, line 2: the front matter must be keys with values, such as done: …"],
    ["---\na: &a [*a]\n---\n", null],
    ['---\ndone: "a\\0b"\n---\n', "x.md holds a character that is no text (NUL or half of a character)."],
  ])("refuses %j with a clear message", (text, message) => {
    const read = () => parseGoalFile(text, { name: "x.md" });
    if (message === null) return expect(() => read()).not.toThrow(RangeError);
    expect(read).toThrow(AppError);
    expect(read).toThrow(message);
  });

  test("names the line of front matter that is not readable", () => {
    expect(() => parseGoalFile("---\nagent: a\ndone: one: two\n---\n", { name: "x.md" })).toThrow(/^x\.md, line 3: /);
  });

  test("refuses a bomb of aliases", () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) =>
        `k${i + 1}: &k${i + 1} [${Array(9)
          .fill(i === 0 ? "x" : `*k${i}`)
          .join(",")}]`,
    );
    expect(() => parseGoalFile(`---\n${levels.join("\n")}\n---\n`, { name: "x" })).toThrow(
      "refers to itself too often",
    );
  });

  test("refuses a file above its bound", () => {
    expect(() => parseGoalFile("a".repeat(256 * 1024 + 1), { name: "x" })).toThrow("larger than 256 kB");
  });

  test("only ever fails with a message for people", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.boolean(), (text, matter) => {
        try {
          parseGoalFile(matter ? `---\n${text}\n---\n` : text, { name: "x" });
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("writeGoalFile", () => {
  test("keeps comments, unknown keys, order and unchanged values", () => {
    const text = writeGoalFile(EXAMPLE, {
      done: "four risks",
      budget: { tokens: 300_000, micros: 2_000_000, timeMs: 7_200_000, turns: 40 },
    });
    expect(text).toContain("# default: the agent whose folder holds the file");
    expect(text).toContain("done: four risks");
    expect(text).toContain("owner: Ada");
    expect(text).toContain("{ tokens: 300000, money: 2.00, time: 2h, turns: 40 }");
    expect(text.endsWith("# Spring launch\n\nThe brief, in plain words.\n")).toBe(true);
  });

  test("leaves a file alone when nothing changes", () => {
    const { spec, agent } = parseGoalFile(EXAMPLE, { name: "x" });
    const again = writeGoalFile(EXAMPLE, { ...spec, agent });
    expect(parseGoalFile(again, { name: "x" })).toMatchObject({ spec, agent });
    expect(writeGoalFile(again, { ...spec, agent })).toBe(again);
  });

  test("removes what the patch empties", () => {
    const text = writeGoalFile(EXAMPLE, { done: null, checks: [], budget: {}, cadence: null });
    const { spec } = parseGoalFile(text, { name: "x" });
    expect(spec).toMatchObject({ done: null, checks: [], budget: {}, cadence: null });
    expect(text).not.toContain("budget");
  });

  test("writes a new file of a text alone without front matter", () => {
    expect(writeGoalFile(null, { brief: "Write hello.txt" })).toBe("Write hello.txt\n");
  });

  test("changes a title in place", () => {
    expect(writeGoalFile("# Old\n\nBrief.\n", { title: "New" })).toBe("# New\n\nBrief.\n");
    expect(writeGoalFile("Brief.\n", { title: "New" })).toBe("# New\n\nBrief.\n");
  });

  test("refuses to edit a file that cannot be read", () => {
    expect(() => writeGoalFile("---\na: [\n---\n", { done: "x" })).toThrow(AppError);
  });

  test("what is written is read back", () => {
    fc.assert(
      fc.property(specs(), fc.option(words()), (spec, agent) => {
        const text = writeGoalFile(null, { ...spec, agent });
        expect(parseGoalFile(text, { name: "x" })).toEqual({ spec, agent, warnings: [] });
        const edited = writeGoalFile(EXAMPLE, { ...spec, agent });
        expect(parseGoalFile(edited, { name: "x" })).toMatchObject({ spec, agent });
      }),
      { numRuns: 150 },
    );
  });
});

function words(): fc.Arbitrary<string> {
  return fc
    .string({
      unit: fc.constantFrom(...Array.from("abc xyz:#-'\"&*!|>{}[]%@,?éß漢🙂0123456789~")),
      minLength: 1,
      maxLength: 40,
    })
    .map((text) => text.trim())
    .filter((text) => text !== "");
}

function specs(): fc.Arbitrary<GoalSpec> {
  const amount = fc.option(fc.integer({ min: 1, max: 2 ** 45 }), { nil: undefined });
  const budget = fc
    .record({ tokens: amount, micros: amount, timeMs: amount, turns: amount, toolCalls: amount })
    .map((caps) => Object.fromEntries(Object.entries(caps).filter(([, cap]) => cap !== undefined)));
  const check: fc.Arbitrary<Check> = fc.oneof(
    words().map((command) => ({ command })),
    words().map((command) => ({ command, timeout: "5m" })),
    fc
      .record({ path: words(), exists: fc.boolean(), contains: fc.oneof(words(), fc.array(words(), { minLength: 1 })) })
      .map((file) => ({ file })),
    fc.integer({ min: 100, max: 599 }).map((status) => ({ http: { url: "http://127.0.0.1:8080/a?b=c", status } })),
    words().map((judge) => ({ judge })),
    words().map((person) => ({ person })),
  );
  return fc.record({
    title: words().map((text) => text.replace(/\s+/g, " ")),
    brief: fc.array(words(), { minLength: 0, maxLength: 4 }).map((lines) => lines.join("\n\n")),
    done: fc.option(words()),
    checks: fc.array(check, { maxLength: 5 }),
    constraints: fc.array(words(), { maxLength: 3 }),
    budget,
    cadence: fc.option(words()),
    on: fc.option(words()),
    effort: fc.option(fc.constantFrom("low" as const, "medium" as const, "high" as const, "max" as const)),
  });
}
