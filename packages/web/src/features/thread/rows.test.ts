import type { InboxEntry, Item } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { callAfterword, callsOf, callSentence, entryOfCall, groupSentence, toolTitle } from "./calls.ts";
import { rowsOf } from "./rows.ts";

type Content = Record<string, unknown>;

function anItem(position: number, content: Content, fields: Content = {}): Item {
  const createdAt = new Date(1_767_268_800_000 + position * 60_000).toISOString();
  const item = {
    id: `item_${position}`,
    threadId: "thr_1",
    runId: "run_1",
    stepId: `step_${position}`,
    position,
    turn: 1,
  };
  return { ...item, content, createdAt, ...fields } as unknown as Item;
}

const said = (text: string, role = "agent") => ({ type: "message", role, text });
const asked = (id: string, name = "read_file", args: Content = { path: `${id}.md` }) => ({
  type: "tool_call",
  toolCallId: id,
  providerCallId: id,
  name,
  arguments: args,
});
const got = (id: string, name = "read_file", status = "completed") => ({
  type: "tool_result",
  toolCallId: id,
  name,
  status,
  text: "x",
});
const plain = (items: Item[]) => rowsOf({ items, drafts: {}, openRuns: [] }).filter(({ kind }) => kind !== "day");

describe("rows of a thread", () => {
  test("put a call and its result in one line, and calls that follow each other too", () => {
    const contents = [said("Do", "person"), asked("a"), asked("b"), got("a"), got("b"), asked("c"), said("Done")];
    const rows = plain(contents.map((content, index) => anItem(index + 1, content)));
    expect(rows.map(({ kind }) => kind)).toEqual(["message", "work", "message"]);
    const work = rows[1];
    expect(work?.kind === "work" && work.calls.map(({ id, result }) => [id, result?.status])).toEqual([
      ["a", "completed"],
      ["b", "completed"],
      ["c", undefined],
    ]);
  });

  test("show a result whose call is on an older page as a line of its own", () => {
    const rows = plain([anItem(7, got("a")), anItem(8, said("Done"))]);
    expect(rows.map(({ kind }) => kind)).toEqual(["work", "message"]);
  });

  test("leave out messages that say nothing", () => {
    expect(plain([anItem(1, said("  ")), anItem(2, { type: "reasoning", text: "" })])).toEqual([]);
  });

  test("name a day where it begins, but not at an end whose beginning is not here", () => {
    const days = (first: number) =>
      rowsOf({
        items: [anItem(first, said("a")), anItem(first + 1, said("b")), anItem(first + 3_000, said("c"))],
        drafts: {},
        openRuns: [],
      }).filter(({ kind }) => kind === "day").length;
    expect(days(1)).toBe(2);
    expect(days(500)).toBe(1);
  });

  test("end with what open runs are writing, and with nothing of other runs", () => {
    const draft = { runId: "run_1", text: "Hel", reasoning: "", output: "", isCut: false, attempt: 1, isOver: false };
    const drafts = { s1: draft, s2: { ...draft, runId: "run_2" }, s3: { ...draft, text: "" } };
    const rows = rowsOf({ items: [anItem(1, said("Do", "person"))], drafts, openRuns: [{ id: "run_1" as never }] });
    expect(rows.filter(({ kind }) => kind === "draft").map(({ key }) => key)).toEqual(["answer-s1"]);
  });

  test("give an answer the key of its draft, so that it stays where it is", () => {
    const answer = anItem(1, said("Hello"), { stepId: "s1" });
    expect(plain([answer]).map(({ key }) => key)).toEqual(["answer-s1"]);
    expect(plain([answer, anItem(2, said("more"), { stepId: "s1" })]).map(({ key }) => key)).toEqual([
      "item_1",
      "answer-s1",
    ]);
  });

  test("keep their keys when items come in at either end, but for lines that grow at the border", () => {
    const someContent = fc.oneof(
      fc.constant(said("x")),
      fc.constantFrom("a", "b", "c").map((id) => asked(id)),
      fc.constantFrom("a", "b", "c").map((id) => got(id)),
      fc.constant({ type: "notice", text: "n" }),
    );
    fc.assert(
      fc.property(fc.array(someContent, { maxLength: 30 }), fc.nat(30), fc.nat(30), (contents, from, to) => {
        const all = contents.map((content, index) => anItem(index + 1, content));
        const part = all.slice(Math.min(from, to), Math.max(from, to));
        const whole = new Set(plain(all).map(({ key }) => key));
        for (const row of plain(part)) if (row.kind !== "work") expect(whole.has(row.key)).toBe(true);
        const keys = rowsOf({ items: all, drafts: {}, openRuns: [] }).map(({ key }) => key);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });
});

describe("words for calls", () => {
  const call = (name: string, args: Content, status?: string) => {
    const items = [
      anItem(1, asked("a", name, args)),
      ...(status === undefined ? [] : [anItem(2, got("a", name, status))]),
    ];
    return callsOf(items).get("a")!;
  };

  test("say what is done while it is done, and what was done afterwards", () => {
    expect(callSentence(call("read_file", { path: "a.md" }))).toBe("Reads a.md");
    expect(callSentence(call("read_file", { path: "a.md" }, "completed"))).toBe("Read a.md");
    expect(callSentence(call("run_command", { command: "npm test\n  --all" }))).toBe("Runs npm test --all");
    expect(callSentence(call("fetch_url", { url: "https://example.com/a?b=c" }, "completed"))).toBe(
      "Opened example.com/a",
    );
    expect(callSentence(call("mail__send_message", {}))).toBe("Uses mail: send message");
    expect(toolTitle("mcp__calendar__create_event")).toBe("calendar: create event");
  });

  test("never fail over arguments that are not what they should be", () => {
    fc.assert(
      fc.property(fc.constantFrom("read_file", "fetch_url", "plan", "x"), fc.jsonValue(), (name, value) => {
        expect(callSentence({ name, arguments: value, result: null })).not.toBe("");
      }),
    );
  });

  test("of a group count what is alike", () => {
    const calls = [call("read_file", { path: "a" }, "completed"), call("read_file", { path: "b" }, "completed")];
    expect(groupSentence([...calls, call("write_file", { path: "c" }, "completed")])).toBe("Read 2 files, wrote c");
  });

  test("tell a bad end", () => {
    expect(callAfterword(call("read_file", {}, "denied"))).toBe("It was denied.");
    expect(callAfterword(call("read_file", {}, "completed"))).toBe("");
    expect(callAfterword(call("read_file", {}))).toBe("");
  });

  test("a call waits for its pending approval, not for a question or for what is decided", () => {
    const entry = (id: string, kind: string, status: string) =>
      ({ id, kind, status, toolCallId: "a" }) as unknown as InboxEntry;
    const entries = [
      entry("1", "approval", "denied"),
      entry("2", "question", "pending"),
      entry("3", "approval", "pending"),
    ];
    expect(entryOfCall("a", entries)?.id).toBe("3");
  });
});
