import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { quantile } from "./measure.ts";
import { cpuMs, memoryBytes, processTree } from "./processes.ts";

describe("quantile", () => {
  test("lies between its neighbours", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10], 0.95)).toBe(10);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe.runIf(process.platform === "linux")("process figures", () => {
  test("a tree holds the children of its root, and their memory and processor time", async () => {
    const burn =
      'for (const end = Date.now() + 300; Date.now() < end; ); process.stdout.write("x"); setInterval(() => {}, 1000)';
    const child = spawn("/bin/sh", ["-c", `"$0" -e '${burn}'; true`, process.execPath], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    try {
      await once(child.stdout, "data");
      const tree = processTree([child.pid ?? 0]);
      expect(tree.length).toBe(2);
      expect(memoryBytes([child.pid ?? 0])).toBeGreaterThan(10 * 1024 * 1024);
      expect(cpuMs([child.pid ?? 0])).toBeGreaterThanOrEqual(100);
      process.kill(tree[1] ?? 0, "SIGKILL");
    } finally {
      child.kill("SIGKILL");
    }
    await ended;
  });
});
