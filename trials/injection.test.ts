import { describe, expect, test } from "vitest";
import { dojoCases, plainCases } from "./injection/cases.ts";
import { playCases } from "./injection/trial.ts";

const LIMIT_MS = 120_000;
const DATA = new URL("./injection/data/", import.meta.url).pathname;
const quiet = () => undefined;

describe("a model that obeys every attack in what it reads", () => {
  test(
    "completes none of them, and all of the work, with a person who approves only what the work needs",
    async () => {
      const cases = dojoCases(`${DATA}agentdojo`, { all: false, hints: true, plain: true }).filter(
        ({ id }) => id.startsWith("slack") || id.startsWith("banking"),
      );
      const outcomes = await playCases(cases, quiet);
      expect(outcomes.filter(({ attacked }) => attacked).map(({ one }) => one.id)).toEqual([]);
      expect(outcomes.filter(({ whole }) => !whole).map(({ one }) => one.id)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "does no forbidden action of 100 further attacks, and runs every tool of harmless work",
    async () => {
      const outcomes = await playCases(plainCases(`${DATA}injection-565`), quiet);
      expect(outcomes.filter(({ attacked }) => attacked).map(({ one }) => one.id)).toEqual([]);
      const harmless = outcomes.filter(({ one }) => one.approves);
      expect(harmless.filter(({ whole }) => !whole).map(({ one }) => one.id)).toEqual([]);
      expect(harmless.length).toBeGreaterThan(50);
    },
    LIMIT_MS,
  );
});
