import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { previewOf } from "./action-preview.ts";

const of = (tool: string, args: unknown) => previewOf({ tool, kind: tool, arguments: args });

describe("the preview of a call", () => {
  test("of a mail names every recipient, subject, body and attachment", () => {
    const args = {
      from: "me@acme.test",
      to: ["ana@acme.test", { name: "Ben", email: "ben@acme.test" }],
      bcc: "boss@acme.test",
      subject: "Report",
      body: "Dear all",
      attachments: [{ filename: "report.pdf" }],
      importance: "high",
    };
    expect(of("mail_send", args)).toEqual({
      type: "mail",
      from: ["me@acme.test"],
      to: ["ana@acme.test", "Ben <ben@acme.test>"],
      cc: [],
      bcc: ["boss@acme.test"],
      subject: "Report",
      body: "Dear all",
      attachments: ["report.pdf"],
      rest: [{ name: "importance", text: "high" }],
    });
  });

  test("of a message shows where it goes and its text", () => {
    expect(of("slack_post_message", { channel: "#launch", text: "Hello", thread_ts: "1.2" })).toEqual({
      type: "message",
      where: ["#launch"],
      text: "Hello",
      rest: [{ name: "thread_ts", text: "1.2" }],
    });
  });

  test("of an event shows when, who and where", () => {
    const args = { summary: "Review", start: "2026-03-01T09:00", end: "10:00", attendees: ["ana"], location: "Room 2" };
    expect(of("create_event", args)).toEqual({
      type: "event",
      title: "Review",
      when: ["2026-03-01T09:00", "10:00"],
      who: ["ana"],
      where: ["Room 2"],
      rest: [],
    });
  });

  test("of a file shows what is there and what will be", () => {
    expect(of("edit_file", { path: "a.md", old_text: "one", new_text: "two", replace_all: true })).toEqual({
      type: "file",
      path: "a.md",
      changes: [{ before: "one", after: "two" }],
      rest: [{ name: "replace_all", text: "true" }],
    });
    expect(of("write_file", { path: "a.md", content: "new" })).toMatchObject({
      changes: [{ before: null, after: "new" }],
    });
    const edits = [{ oldText: "a", newText: "b" }];
    expect(of("fs_edit", { path: "x", edits })).toMatchObject({ changes: [{ before: "a", after: "b" }], rest: [] });
    expect(of("fs_edit", { path: "x", edits: [{ ...edits[0], line: 3 }] })).toMatchObject({ type: "other" });
  });

  test("of a command shows the command", () => {
    expect(of("run_command", { command: "ls", timeout_seconds: 5 })).toEqual({
      type: "command",
      command: "ls",
      rest: [{ name: "timeout_seconds", text: "5" }],
    });
  });

  test("of anything else lists its arguments", () => {
    expect(of("pay", { amount: 5, note: null, deep: { a: 1 } })).toEqual({
      type: "other",
      rest: [
        { name: "amount", text: "5" },
        { name: "note", text: "null" },
        { name: "deep", text: '{\n  "a": 1\n}' },
      ],
    });
    expect(of("odd", "text")).toEqual({ type: "other", rest: [{ name: "value", text: "text" }] });
  });

  test("never leaves out a text of any argument, whatever the tool is called", () => {
    const names = ["to", "cc", "bcc", "subject", "body", "channel", "text", "path", "content", "start", "title", "url"];
    const args = fc.dictionary(fc.constantFrom(...names, "edits", "command"), fc.uuid(), { maxKeys: 9 });
    const tools = fc.constantFrom("mail_send", "post_message", "run_command", "create_event", "write_file", "x");
    fc.assert(
      fc.property(tools, args, (tool, values) => {
        const shown = JSON.stringify(of(tool, values));
        for (const value of Object.values(values)) expect(shown).toContain(value);
      }),
    );
  });
});
