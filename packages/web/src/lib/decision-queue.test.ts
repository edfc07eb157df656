import { AppError } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { createDecisionQueue, type DecisionAction, type QueuedDecision } from "./decision-queue.ts";
import { memoryStore } from "./device-store.ts";

const APPROVE = { type: "decide", decision: "approve", actionHash: "h" } as const;

function aDecision(number: number): Omit<QueuedDecision, "state" | "reason"> {
  return {
    id: `id${number}`,
    entryId: `appr_${number}`,
    title: `Thing ${number}`,
    action: APPROVE,
    by: "owner",
    queuedAt: `2026-01-01T00:00:0${number}Z`,
  };
}

/** One browser: a store and a lock that its windows share. */
function aBrowser(answer: (entryId: string) => void = () => undefined) {
  const store = memoryStore();
  const sent: string[] = [];
  let tail: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const next = tail.then(work, work);
    tail = next;
    return next;
  };
  let name = "owner";
  const send = async (entryId: string, _action: DecisionAction) => {
    answer(entryId);
    sent.push(entryId);
  };
  const window = () => createDecisionQueue({ store, alone, send, who: async () => name, announce: () => undefined });
  return { store, sent, window, signInAs: (who: string) => void (name = who) };
}

describe("decisions taken without a connection", () => {
  test("are sent in their order, each once, and are gone", async () => {
    const browser = aBrowser();
    const queue = browser.window();
    await queue.add(aDecision(2));
    await queue.add(aDecision(1));
    expect(queue.read().map(({ id }) => id)).toEqual(["id1", "id2"]);
    expect(await queue.flush()).toBe(true);
    expect(await queue.flush()).toBe(true);
    expect(browser.sent).toEqual(["appr_1", "appr_2"]);
    expect(queue.read()).toEqual([]);
  });

  test("are sent once by two windows that notice the connection at the same moment", async () => {
    const browser = aBrowser();
    const [one, other] = [browser.window(), browser.window()];
    for (const number of [1, 2, 3]) await one.add(aDecision(number));
    await Promise.all([one.flush(), other.flush(), one.flush()]);
    expect(browser.sent).toEqual(["appr_1", "appr_2", "appr_3"]);
  });

  test("stay while the server cannot be reached", async () => {
    let isDown = true;
    const browser = aBrowser(() => {
      if (isDown) throw new AppError("unavailable", "Bureau does not answer.");
    });
    const queue = browser.window();
    await queue.add(aDecision(1));
    expect(await queue.flush()).toBe(false);
    expect(queue.read()).toMatchObject([{ state: "queued" }]);
    isDown = false;
    expect(await queue.flush()).toBe(true);
    expect(browser.sent).toEqual(["appr_1"]);
  });

  test("that are refused say why, do not hold up the others, and are not sent again", async () => {
    let asked = 0;
    const browser = aBrowser((entryId) => {
      if (entryId !== "appr_1") return;
      asked += 1;
      throw new AppError("conflict", "It was already denied by Ana.", { hint: "Look again." });
    });
    const queue = browser.window();
    await queue.add(aDecision(1));
    await queue.add(aDecision(2));
    await queue.flush();
    await queue.flush();
    expect(queue.read()).toMatchObject([
      { id: "id1", state: "refused", reason: "It was already denied by Ana. Look again." },
    ]);
    expect(asked).toBe(1);
    expect(await queue.remove("id1")).toBe(true);
    expect(queue.read()).toEqual([]);
  });

  test("are taken out before they are sent, or are not there any more", async () => {
    const browser = aBrowser();
    const queue = browser.window();
    await queue.add(aDecision(1));
    expect(await queue.remove("id1")).toBe(true);
    await queue.flush();
    expect(browser.sent).toEqual([]);
    expect(await queue.remove("id1")).toBe(false);
  });

  test("about the same entry give way to the last", async () => {
    const browser = aBrowser();
    const queue = browser.window();
    await queue.add(aDecision(1));
    await queue.add({ ...aDecision(1), id: "other", action: { type: "decide", decision: "deny" } });
    expect(queue.read()).toMatchObject([{ id: "other", action: { decision: "deny" } }]);
  });

  test("are never sent in another's name", async () => {
    const browser = aBrowser();
    const queue = browser.window();
    await queue.add(aDecision(1));
    browser.signInAs("Ben");
    await queue.flush();
    expect(browser.sent).toEqual([]);
    expect(queue.read()[0]?.reason).toContain("decided as owner, and Ben is signed in");
  });

  test("that an older version has kept in another form are left out", async () => {
    const browser = aBrowser();
    await browser.store.put("decisions", "x", { entry: "x" });
    const queue = browser.window();
    expect(await queue.flush()).toBe(true);
    expect(queue.read()).toEqual([]);
  });
});
