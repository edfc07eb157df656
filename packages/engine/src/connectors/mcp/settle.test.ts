import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { loggedCalls, type McpScript } from "../../testing/mcp-test-server.ts";
import { aContext } from "../../tools/test-context.ts";
import { aFolderKept, closeAll, program, SEND, setUp } from "../../testing/test-connectors.ts";

afterEach(closeAll);

describe("reconciling and undoing", () => {
  const settings = {
    tools: {
      send_email: { reconcile: { tool: "get_sent_emails", match: ["subject", "body"] } },
      create_file: {
        reversible: true,
        undo: { tool: "delete_file", arguments: { file_id: "$.id", name: "$arguments.name" } },
      },
    },
  };
  const script: McpScript = {
    tools: [
      { ...SEND, keeps: "mail" },
      { name: "get_sent_emails", lists: "mail" },
      { name: "create_file", answer: '{"id":"f1"}' },
      { name: "delete_file" },
    ],
  };

  async function asked(args: Record<string, unknown>, mail = script) {
    const { folder, tool, call } = setUp({ mail: program(mail, { bureau: settings }) });
    await call("mail_send_email", { recipients: ["a@example.org"], subject: "Hello", body: "One\n two" });
    return (await tool("mail_send_email")).reconcile!(args, aContext(folder.path));
  }

  test("finds a write in the provider's own list, whatever its white space", async () => {
    expect(await asked({ subject: "Hello", body: "One two " })).toMatchObject({ outcome: "done" });
  });

  test("says that it is absent only where nothing is alike", async () => {
    expect(await asked({ subject: "Other", body: "Other" })).toEqual({ outcome: "absent" });
    expect(await asked({ subject: "Hello", body: "Other" })).toEqual({ outcome: "absent" });
    expect(await asked({ subject: "[Draft] Hello", body: "one TWO" })).toEqual({ outcome: "unknown" });
    expect(await asked({ recipients: ["a@example.org"] })).toEqual({ outcome: "unknown" });
  });

  test("does not know when the list cannot be read, or is no list", async () => {
    const broken = { tools: [SEND, { name: "get_sent_emails", answer: { isError: true } }] };
    expect(await asked({ subject: "Other", body: "x" }, broken)).toEqual({ outcome: "unknown" });
    const prose = { tools: [SEND, { name: "get_sent_emails", answer: "You have sent nothing." }] };
    expect(await asked({ subject: "Other", body: "x" }, prose)).toEqual({ outcome: "unknown" });
    const paged = { tools: [SEND, { name: "get_sent_emails", answer: '{"mails":[],"nextCursor":"2"}' }] };
    expect(await asked({ subject: "Other", body: "x" }, paged)).toEqual({ outcome: "unknown" });
  });

  test("does not ask by a tool that writes", async () => {
    const writing = { tools: [SEND, { name: "get_sent_emails", annotations: { readOnlyHint: false }, answer: "[]" }] };
    expect(await asked({ subject: "Other", body: "x" }, writing)).toEqual({ outcome: "unknown" });
  });

  test("undoes by the call that mcp.json names", async () => {
    const log = join(aFolderKept(), "calls.log");
    const { folder, tool, call } = setUp({ mail: program({ ...script, log }, { bureau: settings }) });
    const { receipt } = await call("mail_create_file", { name: "a.txt" });
    const { undo, reversible } = await tool("mail_create_file");
    expect(reversible).toBe(true);
    await undo!({ name: "a.txt" }, receipt!, aContext(folder.path, { effectKey: "undo-1" }));
    expect(loggedCalls(log).at(-1)).toMatchObject({
      name: "delete_file",
      arguments: { file_id: "f1", name: "a.txt" },
      meta: { "bureau/effectKey": "undo-1" },
    });
    await expect(undo!({ name: "a.txt" }, {}, aContext(folder.path))).rejects.toThrow("There is nothing at $.id");
  });
});
