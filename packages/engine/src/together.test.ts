import { expect, test } from "vitest";
import { together } from "./together.ts";

function counting() {
  const batches: number[][] = [];
  const call = together(3, async (_owner: object, inputs: number[]) => {
    batches.push(inputs);
    if (inputs.includes(-1)) throw new Error("all of it failed");
    return inputs.map((input) => (input === 0 ? Promise.reject(new Error("nothing")) : input * 2));
  });
  return { batches, call };
}

test("calls at once share a piece of work, up to its size, and each has its own answer", async () => {
  const { batches, call } = counting();
  const owner = {};
  expect(await Promise.all([1, 2, 3, 4].map((input) => call(owner, input)))).toEqual([2, 4, 6, 8]);
  expect(batches).toEqual([[1, 2, 3], [4]]);
  expect(await call(owner, 5)).toBe(10);
});

test("calls that come while one is on its way share the next", async () => {
  const gate = Promise.withResolvers<void>();
  const batches: number[][] = [];
  const call = together(10, async (_owner: object, inputs: number[]) => {
    batches.push(inputs);
    await gate.promise;
    return inputs;
  });
  const owner = {};
  const first = call(owner, 1);
  await new Promise((resolve) => setImmediate(resolve));
  const later = [call(owner, 2), call(owner, 3)];
  gate.resolve();
  expect(await Promise.all([first, ...later])).toEqual([1, 2, 3]);
  expect(batches).toEqual([[1], [2, 3]]);
});

test("one call fails alone, or all of a piece fail, and the next call works", async () => {
  const { call } = counting();
  const owner = {};
  const one = await Promise.allSettled([call(owner, 1), call(owner, 0)]);
  expect(one.map((result) => result.status)).toEqual(["fulfilled", "rejected"]);
  const all = await Promise.allSettled([call(owner, 1), call(owner, -1)]);
  expect(all.map((result) => result.status)).toEqual(["rejected", "rejected"]);
  expect(await call(owner, 4)).toBe(8);
});

test("owners do not share", async () => {
  const { batches, call } = counting();
  await Promise.all([call({}, 1), call({}, 2)]);
  expect(batches).toEqual([[1], [2]]);
});
