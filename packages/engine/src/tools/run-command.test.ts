import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ToolCallId } from "@bureau/protocol";
import { systemClock } from "../clock.ts";
import { aSandbox, noSandboxReason, type TestSandbox } from "../sandbox/test-sandbox.ts";
import { runCommand } from "./run-command.ts";
import type { ToolContext } from "./tool.ts";

let count = 0;

function contextOf(box: TestSandbox, changes: Partial<ToolContext> = {}): ToolContext {
  count += 1;
  return {
    toolCallId: `call_${count}` as ToolCallId,
    runId: "run_1",
    threadId: "thr_1",
    goalId: null,
    folder: box.folder,
    signal: new AbortController().signal,
    sandbox: box.sandbox,
    approved: false,
    clock: systemClock,
    effectKey: null,
    ...changes,
  };
}

describe.skipIf(noSandboxReason)(`run_command ${noSandboxReason ?? ""}`, () => {
  let box: TestSandbox;
  beforeAll(() => {
    box = aSandbox();
  });
  afterAll(() => box.close());

  test("a failing command is a result, with its exit code, duration and output", async () => {
    const heard: string[] = [];
    const context = contextOf(box, { onProgress: (text) => heard.push(text) });
    const { text, view } = await runCommand.execute({ command: "echo hello; exit 3" }, context);
    expect(text).toMatch(/^Exit code 3, 0\.\d\d s\.\nhello$/);
    expect(view).toMatchObject({ type: "command", command: "echo hello; exit 3", exitCode: 3, output: "hello\n" });
    expect(heard.join("")).toBe("hello\n");
  });

  test("a command without output says so", async () => {
    expect((await runCommand.execute({ command: "true" }, contextOf(box))).text).toMatch(
      /^Exit code 0, .*\n\(no output\)$/,
    );
  });

  test("cut output says how much is missing and how to see it", async () => {
    const { text } = await runCommand.execute({ command: "seq 1 20000" }, contextOf(box));
    expect(text).toMatch(/Output cut: \d+ bytes dropped from its middle; run it again with a filter/);
    expect(text.length).toBeLessThan(17_000);
  });

  test("a limit is said in words", async () => {
    const { text } = await runCommand.execute({ command: "sleep 20", timeout_seconds: 1 }, contextOf(box));
    expect(text).toMatch(/^Ended after 1\.\d\d s: it took longer than 1 s\./);
  });

  test("a call that was started is found again, and not run again", async () => {
    const context = contextOf(box);
    const first = await runCommand.execute({ command: "echo run >> runs; cat runs" }, context);
    expect(await runCommand.recover?.({ command: "echo run >> runs; cat runs" }, context)).toEqual(first);
    expect(await runCommand.recover?.({ command: "true" }, contextOf(box))).toBeNull();
    await runCommand.forget?.(context);
    expect(await box.sandbox.find(context.toolCallId, context)).toBeNull();
  });

  test("no approval is needed where commands are isolated", async () => {
    expect(await runCommand.needsApproval?.({ command: "true" }, box)).toBeNull();
  });
});

describe("run_command without a sandbox", () => {
  let box: TestSandbox;
  beforeAll(() => {
    box = aSandbox({ bubblewrap: "/nowhere/bwrap" });
  });
  afterAll(() => box.close());

  test("a person is asked, and told why", async () => {
    const reason = await runCommand.needsApproval?.({ command: "true" }, box);
    expect(reason).toMatch(/^This command would run without isolation.*bubblewrap/);
  });

  test("it does not run by itself, and runs once a person has said yes", async () => {
    await expect(runCommand.execute({ command: "echo ran" }, contextOf(box))).rejects.toMatchObject({
      code: "unavailable",
    });
    const approved = contextOf(box, { approved: true });
    expect((await runCommand.execute({ command: "echo ran" }, approved)).text).toContain("ran");
  });
});
