import type { View } from "@bureau/protocol";
import { useSyncExternalStore } from "react";
import { type LiveState, readLive, subscribeLive } from "./store.ts";

/** A part of the live state. `select` must give the same object while that part has not changed. */
export function useLive<T>(select: (state: LiveState) => T): T {
  return useSyncExternalStore(subscribeLive, () => select(readLive()));
}

export function useView<T>(select: (view: View) => T): T {
  return useLive(({ view }) => select(view));
}
