import { describe, expect, test } from "vitest";
import { runTrial } from "./effects/trial.ts";

const LIMIT_MS = 100_000;
const POINTS = 8;
const SEED = 11;

describe("Bureau, killed around its writes outside,", () => {
  test(
    "sends nothing twice and loses nothing, and asks about what nobody can tell",
    async () => {
      const report = await runTrial({ seed: SEED, points: POINTS, log: () => undefined });
      expect(report.problems).toEqual([]);
      expect(report.kills).toBe(POINTS);
      expect(report.mails).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );
});
