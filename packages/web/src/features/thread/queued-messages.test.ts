import { expect, test } from "vitest";
import { addQueued, markSending, nextToSend, readQueued, removeQueued } from "./queued-messages.ts";

function aStorage(): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

const message = (id: string, runId = "run_1", threadId = "thr_1") => ({ id, runId, threadId, text: id });

test("a queued message waits for the end of its run, and they go in their order", () => {
  const storage = aStorage();
  addQueued(storage, message("a", "run_1"));
  addQueued(storage, message("b", "run_2", "thr_2"));
  addQueued(storage, message("c", "run_2", "thr_2"));
  expect(nextToSend(readQueued(storage), () => false)).toBe(null);
  expect(nextToSend(readQueued(storage), (run) => run === "run_2")?.id).toBe("b");
  expect(removeQueued(storage, "b").map(({ id }) => id)).toEqual(["a", "c"]);
});

test("one whose sending broke off is not sent by itself again, nor what follows it in its thread", () => {
  const storage = aStorage();
  addQueued(storage, message("a"));
  addQueued(storage, message("b"));
  addQueued(storage, message("c", "run_2", "thr_2"));
  markSending(storage, "a", true);
  expect(nextToSend(readQueued(storage), () => true)?.id).toBe("c");
  markSending(storage, "a", false);
  expect(nextToSend(readQueued(storage), () => true)?.id).toBe("a");
});

test("storage that holds something else counts as empty", () => {
  const storage = aStorage();
  for (const value of ["{", "null", '{"a":1}', '[{"id":1}]']) {
    storage.setItem("bureau.queued-messages", value);
    expect(readQueued(storage)).toEqual([]);
  }
});
