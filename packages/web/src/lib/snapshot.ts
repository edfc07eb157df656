import type { Agent, Goal, InboxEntry } from "@bureau/protocol";
import type { DeviceStore } from "./device-store.ts";

/** What waited, and for which goals and agents, when Bureau could last be reached. */
export interface Snapshot {
  at: string;
  /** Whose it is: shown to nobody else. */
  by: string;
  entries: readonly InboxEntry[];
  goals: readonly Goal[];
  agents: readonly Agent[];
}

/** Of a snapshot as text. */
export const MAX_SNAPSHOT_BYTES = 1_000_000;
const MAX_AGENTS_BYTES = 100_000;
const MAX_ENTRIES_BYTES = 600_000;
const KEY = "last";

/** As many of each as there is room for, the first of each list first. */
export function boundedSnapshot(snapshot: Snapshot): Snapshot {
  const agents = within(snapshot.agents, MAX_AGENTS_BYTES);
  const entries = within(snapshot.entries, MAX_ENTRIES_BYTES);
  const used = sizeOf({ ...snapshot, agents, entries, goals: [] });
  return { ...snapshot, agents, entries, goals: within(snapshot.goals, MAX_SNAPSHOT_BYTES - used) };
}

export async function saveSnapshot(store: DeviceStore, snapshot: Snapshot): Promise<void> {
  await store.put("snapshots", KEY, boundedSnapshot(snapshot));
}

export async function readSnapshot(store: DeviceStore): Promise<Snapshot | null> {
  const found = await store.get("snapshots", KEY);
  return isSnapshot(found) ? found : null;
}

export async function clearSnapshot(store: DeviceStore): Promise<void> {
  await store.clear("snapshots");
}

function within<T>(things: readonly T[], maxBytes: number): T[] {
  let left = maxBytes;
  const kept: T[] = [];
  for (const thing of things) {
    left -= sizeOf(thing) + 1;
    if (left < 0) break;
    kept.push(thing);
  }
  return kept;
}

function sizeOf(thing: unknown): number {
  return new TextEncoder().encode(JSON.stringify(thing)).length;
}

function isSnapshot(value: unknown): value is Snapshot {
  return (
    typeof value === "object" &&
    value !== null &&
    ["at", "by"].every((key) => typeof Reflect.get(value, key) === "string") &&
    ["entries", "goals", "agents"].every((key) => Array.isArray(Reflect.get(value, key)))
  );
}
