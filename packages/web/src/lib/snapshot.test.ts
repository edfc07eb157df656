import type { InboxEntry } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { memoryStore } from "./device-store.ts";
import { boundedSnapshot, clearSnapshot, MAX_SNAPSHOT_BYTES, readSnapshot, saveSnapshot } from "./snapshot.ts";

function anEntry(id: number, characters: number): InboxEntry {
  return { id: `appr_${id}`, detail: "ü".repeat(characters) } as unknown as InboxEntry;
}

const EMPTY = { at: "2026-01-01T14:05:00Z", by: "owner", entries: [], goals: [], agents: [] };

describe("a snapshot", () => {
  test("is given back as it was kept, until it is cleared", async () => {
    const store = memoryStore();
    expect(await readSnapshot(store)).toBeNull();
    await saveSnapshot(store, { ...EMPTY, entries: [anEntry(1, 10)] });
    expect(await readSnapshot(store)).toEqual({ ...EMPTY, entries: [anEntry(1, 10)] });
    await clearSnapshot(store);
    expect(await readSnapshot(store)).toBeNull();
  });

  test("keeps the first entries and stays within its bound, in bytes", () => {
    const things = Array.from({ length: 40 }, (_, id) => anEntry(id, 20_000));
    const kept = boundedSnapshot({ ...EMPTY, entries: things, goals: things as never, agents: things as never });
    expect(kept.entries[0]?.id).toBe("appr_0");
    expect(kept.entries.length).toBeLessThan(40);
    expect(kept.goals.length).toBeGreaterThan(0);
    expect(new TextEncoder().encode(JSON.stringify(kept)).length).toBeLessThanOrEqual(MAX_SNAPSHOT_BYTES);
  });

  test("of another form is none", async () => {
    const store = memoryStore();
    await store.put("snapshots", "last", { at: 1 });
    expect(await readSnapshot(store)).toBeNull();
  });
});
