import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ToolCallId } from "@bureau/protocol";
import { systemClock } from "../clock.ts";
import { hostsOf, parseHostRule, type HostRule } from "../domain/host-rules.ts";
import { aSandbox, noSandboxReason, type TestSandbox } from "../sandbox/test-sandbox.ts";
import { createRunCommand } from "./run-command.ts";
import type { ToolContext } from "./tool.ts";

const runCommand = createRunCommand();
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

describe("run_command with hosts", () => {
  const rule = (text: string) => parseHostRule(text) as HostRule;
  const network = {
    hosts: [rule("api.example.com")],
    agents: { builder: { hosts: [rule("*.npm.example:443")] }, quiet: { hosts: [] } },
  };
  const tool = createRunCommand({ network });

  test("carries out to the hosts of the agent, or to all when it is not said whose command it is", () => {
    const args = { command: "make" };
    const own = (agent: string) => tool.describe?.(args, { agent });
    expect(own("writer")).toEqual({ targets: ["api.example.com"], content: ["make"], carriesOut: true });
    expect(own("builder")).toMatchObject({ targets: ["*.npm.example:443"], carriesOut: true });
    expect(own("quiet")).toMatchObject({ targets: [], carriesOut: false });
    expect(tool.describe?.(args)).toMatchObject({
      targets: ["api.example.com", "*.npm.example:443"],
      carriesOut: true,
    });
    expect(createRunCommand().describe).toBeUndefined();
  });

  test("gives the sandbox the hosts of its agent, and none where it is not known whose they are", async () => {
    expect(hostsOf(network, "builder")).toEqual(network.agents.builder.hosts);
    expect(hostsOf(network, "writer")).toEqual(network.hosts);
    expect(hostsOf(network, "constructor")).toEqual(network.hosts);
    expect(hostsOf(network, undefined)).toEqual([]);
    expect(hostsOf({ ...network, agents: {} }, undefined)).toEqual(network.hosts);
  });

  test("tells the model which hosts there are", () => {
    expect(createRunCommand({ network: { ...network, agents: {} } }).description).toContain("(api.example.com)");
    expect(tool.description).toContain("only hosts that a person allowed");
    expect(createRunCommand().description).toContain("without network");
  });

  test.skipIf(noSandboxReason)(`a result is trusted until the network was used ${noSandboxReason ?? ""}`, async () => {
    const box = aSandbox();
    const web = createServer((_request, response) => response.end("words of others"));
    await once(web.listen(0, "127.0.0.1"), "listening");
    const place = `127.0.0.1:${(web.address() as { port: number }).port}`;
    const local = createRunCommand({ network: { hosts: [rule(place)], agents: {} } });
    const used = await local.execute({ command: `curl -s http://${place}/` }, contextOf(box));
    const unused = await local.execute({ command: "echo hello" }, contextOf(box));
    const refused = await local.execute({ command: "curl -s http://evil.example/" }, contextOf(box));
    web.close();
    await box.close();
    expect(used).toMatchObject({ trust: "untrusted", text: expect.stringContaining("words of others") });
    expect(unused).not.toHaveProperty("trust");
    expect(refused).not.toHaveProperty("trust");
    expect(refused.text).toContain(
      "network: evil.example:80 is not allowed; ask a person to add it under sandbox.hosts",
    );
  });
});
