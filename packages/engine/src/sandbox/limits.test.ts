import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aSandbox, noSandboxReason, processesWith, TEST_LIMITS, until, type TestSandbox } from "./test-sandbox.ts";

describe.skipIf(noSandboxReason)(`limits ${noSandboxReason ?? ""}`, () => {
  let box: TestSandbox;
  beforeAll(() => {
    box = aSandbox();
  });
  afterAll(() => box.close());
  const limits = (changes: Partial<typeof TEST_LIMITS>) => ({ limits: { ...TEST_LIMITS, ...changes } });

  test("a command that takes too long is ended with its children", async () => {
    const result = await box.run("echo begun; sleep 71.5 & sleep 71.5", limits({ timeMs: 300 }));
    expect(result).toMatchObject({ exitCode: null, limit: "time", output: expect.stringMatching(/^begun\n/) });
    expect(result.durationMs).toBeLessThan(2500);
    await until(() => processesWith("71.5").length === 0);
  });

  test("a command that will not hear is killed", async () => {
    const result = await box.run("trap '' TERM; while true; do sleep 0.05; done", limits({ timeMs: 200 }));
    expect(result).toMatchObject({ exitCode: null, signal: "SIGKILL", limit: "time" });
  });

  test("a command that is asked to end may clean up", async () => {
    const result = await box.run(
      "trap 'echo cleaned; exit 3' TERM; while true; do sleep 0.02; done",
      limits({ timeMs: 300 }),
    );
    expect(result).toMatchObject({ signal: "SIGTERM", limit: "time", output: expect.stringContaining("cleaned\n") });
  });

  test("processor time is limited", async () => {
    const result = await box.run("while :; do :; done", limits({ cpuSeconds: 1 }));
    expect(result.limit).toBe("cpu");
    expect(result.durationMs).toBeLessThan(10_000);
  });

  test("memory is limited over all processes together", async () => {
    const one = "perl -e '$x = \"x\" x 60_000_000; sleep 20'";
    const result = await box.run(`${one} & ${one} & ${one} & wait`, limits({ memoryBytes: 128 * 1024 * 1024 }));
    expect(result.limit).toBe("memory");
  });

  test("one process cannot take more memory than it may", async () => {
    const result = await box.run("perl -e '$x = \"x\" x 2_000_000_000; print length $x'");
    expect(result.exitCode === null || result.exitCode > 0).toBe(true);
    expect(result.output).not.toContain("2000000000");
  });

  test("a bounded fork bomb is ended quickly", async () => {
    const bomb = "f() { if [ $1 -gt 0 ]; then f $(($1 - 1)) & f $(($1 - 1)) & wait; else sleep 20; fi; }; f 9";
    const result = await box.run(bomb, limits({ processes: 20 }));
    expect(result.durationMs).toBeLessThan(5000);
    expect(result.limit).toBe("processes");
  });

  test("output keeps its head and its tail, and counts the rest", async () => {
    const result = await box.run("echo first; seq 1 100000; echo last");
    expect(result.exitCode).toBe(0);
    expect(result.output.startsWith("first\n1\n")).toBe(true);
    expect(result.output.endsWith("100000\nlast\n")).toBe(true);
    expect(result.output.length).toBeLessThan(TEST_LIMITS.outputBytes + 100);
    expect(result.output).toContain(`${result.droppedBytes} bytes dropped`);
  });

  test("endless output is ended", async () => {
    const result = await box.run("yes", limits({ outputBytes: 1000 }));
    expect(result).toMatchObject({ exitCode: null, limit: "output" });
  });

  test("a file cannot grow beyond its limit", async () => {
    const result = await box.run("head -c 20000000 /dev/zero > big; echo $?; stat -c %s big");
    const [status, size] = result.output.trim().split("\n").slice(-2).map(Number);
    expect(status).not.toBe(0);
    expect(size).toBeLessThanOrEqual(TEST_LIMITS.fileBytes);
  });

  test("what was left in the background ends with the command", async () => {
    const result = await box.run("(setsid sleep 72.5 >/dev/null 2>&1 &) ; sleep 73.5 & echo over");
    expect(result).toMatchObject({ exitCode: 0, output: "over\n" });
    await until(() => processesWith("72.5").length + processesWith("73.5").length === 0);
  });

  test("an aborted command ends with its children within a second", async () => {
    const controller = new AbortController();
    const started = box.run(
      "sleep 74.5 & trap '' TERM; echo begun; while true; do sleep 74.5; done",
      {},
      { signal: controller.signal, onOutput: () => controller.abort(new Error("stopped by a person")) },
    );
    const abortedAt = new Promise<number>((resolve) => {
      controller.signal.addEventListener("abort", () => resolve(performance.now()));
    });
    await expect(started).rejects.toThrow("stopped by a person");
    expect(performance.now() - (await abortedAt)).toBeLessThan(1500);
    await until(() => processesWith("74.5").length === 0, 500);
  });

  test("output is told while the command runs", async () => {
    const heard: string[] = [];
    await box.run("echo one; sleep 0.2; echo two", {}, { onOutput: (text) => heard.push(text) });
    expect(heard.join("")).toBe("one\ntwo\n");
    expect(heard.length).toBeGreaterThan(1);
  });
});
