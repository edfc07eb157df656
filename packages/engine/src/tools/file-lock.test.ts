import { expect, test } from "vitest";
import { withFileLock } from "./file-lock.ts";

test("changes of one file run one after the other, and a failed one does not stop the next", async () => {
  const order: string[] = [];
  const change = (name: string, fails = false) =>
    withFileLock("file", async () => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
      if (fails) throw new Error(name);
    });
  const outcomes = await Promise.allSettled([change("a"), change("b", true), change("c")]);
  expect(order).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("changes of two files run side by side", async () => {
  let open: () => void = () => undefined;
  const first = withFileLock("one", () => new Promise<void>((resolve) => (open = resolve)));
  await withFileLock("two", () => Promise.resolve(open()));
  expect(await first).toBeUndefined();
});
