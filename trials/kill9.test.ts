import { describe, expect, test } from "vitest";
import { runTrial } from "./kill9/trial.ts";

const LIMIT_MS = 100_000;
const POINTS = 6;
const SEED = 7;
/** Three times what is promised: the machine of a test run is shared. */
const RECOVERY_LIMIT_MS = 9_000;

describe.runIf(process.platform === "linux")("Bureau, killed again and again while it works on a goal,", () => {
  test(
    "ends the goal by itself, with nothing lost, nothing twice and nothing left behind",
    async () => {
      const report = await runTrial({ seed: SEED, points: POINTS, waitForBroker: false, log: () => undefined });
      expect(report.kills.length).toBeGreaterThanOrEqual(POINTS);
      expect(report.findings.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`))).toEqual(
        [],
      );
      expect(Math.max(...report.kills.map(({ recoveryMs }) => recoveryMs ?? 0))).toBeLessThan(RECOVERY_LIMIT_MS);
    },
    LIMIT_MS,
  );
});
