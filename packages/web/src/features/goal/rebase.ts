import { type Check, describeCheck } from "@bureau/protocol";
import { BUDGET_KEYS } from "./amounts.ts";
import { checkOfForm } from "./check-form.ts";
import { changedKeys, type SpecForm, type SpecKey } from "./spec-form.ts";

/** What is being edited, over the version of the goal that the editor saw. */
export interface Edit {
  version: number;
  base: SpecForm;
  mine: SpecForm;
}

export interface Rebased extends Edit {
  /** Fields that only somebody else has changed; theirs were taken over. */
  taken: SpecKey[];
  /** Fields that both have changed: a person says which one holds. */
  conflicts: SpecKey[];
}

/** The same edit over what the goal is now. Nothing of mine is dropped, and nothing of theirs. */
export function rebase(edit: Edit, now: SpecForm, version: number): Rebased {
  const theirs = changedKeys(edit.base, now);
  const mine = changedKeys(edit.base, edit.mine);
  const differ = changedKeys(edit.mine, now);
  const conflicts = theirs.filter((key) => mine.includes(key) && differ.includes(key));
  const taken = theirs.filter((key) => !mine.includes(key));
  const merged = { ...edit.mine, ...Object.fromEntries(taken.map((key) => [key, now[key]])) };
  return { version, base: now, mine: merged, taken, conflicts };
}

/** A field as text, to be read beside another. */
export function textOf(form: SpecForm, key: SpecKey): string {
  if (key === "checks") {
    return form.checks
      .map(checkOfForm)
      .map((read) => ("check" in read ? describeCheck(read.check satisfies Check) : "a check that is not finished"))
      .join("\n");
  }
  if (key === "constraints") return form.constraints.join("\n");
  if (key === "budget") {
    return BUDGET_KEYS.filter((cap) => form.budget[cap] !== "")
      .map((cap) => `${CAP_WORDS[cap]}: ${form.budget[cap]}`)
      .join("\n");
  }
  return form[key];
}

const CAP_WORDS: Record<(typeof BUDGET_KEYS)[number], string> = {
  micros: "Dollars",
  tokens: "Tokens",
  timeMs: "Time at work",
  turns: "Turns",
  toolCalls: "Tool calls",
};
