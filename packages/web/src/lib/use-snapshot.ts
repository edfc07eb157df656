import { useQuery } from "@tanstack/react-query";
import type { Agent, Goal, InboxEntry } from "@bureau/protocol";
import { useEffect, useState } from "react";
import { layThings, readLive } from "../live/store.ts";
import { queries } from "../live/load.ts";
import { deviceStore } from "./device-store.ts";
import { needsSignIn } from "./session.ts";
import { clearSnapshot, readSnapshot, saveSnapshot, type Snapshot } from "./snapshot.ts";
import { readNow } from "./use-now.ts";

const SAVE_AFTER_MS = 2_000;

/**
 * What was known when Bureau could last be reached, while `isNeeded`; null when there is nothing.
 *
 * Its goals and agents are laid into the view where the view knows none, so that every screen has them.
 */
export function useSnapshot(isNeeded: boolean): Snapshot | null {
  const [snapshot, setSnapshot] = useState<Snapshot | null>(null);
  useEffect(() => {
    if (!isNeeded) return;
    let isOver = false;
    const show = (found: Snapshot | null) => {
      if (isOver || found === null) return;
      const { view } = readLive();
      layThings<Goal>(
        "goals",
        found.goals.filter(({ id }) => view.goals[id] === undefined),
        0,
      );
      layThings<Agent>(
        "agents",
        found.agents.filter(({ id }) => view.agents[id] === undefined),
        0,
      );
      setSnapshot(found);
    };
    readSnapshot(deviceStore).then(show, () => undefined);
    return () => {
      isOver = true;
    };
  }, [isNeeded]);
  return isNeeded ? snapshot : null;
}

/** Keeps what waits for the next time without a connection. `null`: nothing is to be kept now. */
export function useKeptSnapshot(entries: readonly InboxEntry[] | null): void {
  const session = useQuery(queries.session);
  const by = session.data?.name;
  useEffect(() => {
    if (entries === null || by === undefined) return;
    const timer = window.setTimeout(() => {
      const { view } = readLive();
      const at = new Date(readNow()).toISOString();
      const goals = Object.values(view.goals);
      // A browser that refuses to keep anything still works.
      saveSnapshot(deviceStore, { at, by, entries, goals, agents: Object.values(view.agents) }).catch(() => undefined);
    }, SAVE_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [entries, by]);
  const isSignedOut = needsSignIn(session.error);
  useEffect(() => {
    if (isSignedOut) clearSnapshot(deviceStore).catch(() => undefined);
  }, [isSignedOut]);
}

/** Forgets what this browser keeps of the workspace. To be called when somebody signs out. */
export async function forgetDevice(): Promise<void> {
  await deviceStore.clear("snapshots");
  await deviceStore.clear("decisions");
  if ("clearAppBadge" in navigator) await navigator.clearAppBadge().catch(() => undefined);
}
