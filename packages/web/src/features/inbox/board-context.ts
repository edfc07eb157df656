import type { InboxEntry, Scope } from "@bureau/protocol";
import { createContext, use } from "react";
import type { DecisionAction, QueuedDecision } from "../../lib/decision-queue.ts";
import type { Act } from "./acts.ts";

/** What an entry shows below its content while somebody is at it. */
export const PANELS = ["deny", "edit", "rule"] as const;
export type Panel = (typeof PANELS)[number];

/** What every card needs of the list around it. */
export interface Board {
  scope: Scope;
  /** Who is signed in, or was last. */
  by: string | null;
  acts: Readonly<Record<string, Act>>;
  /** Decisions that wait to be sent, by entry. */
  queued: Readonly<Record<string, QueuedDecision>>;
  open: { entryId: string; panel: Panel } | null;
  openPanel: (entryId: string, panel: Panel | null) => void;
  /** Decides; the list goes on with the next entry. */
  act: (entry: InboxEntry, action: DecisionAction) => void;
}

export const BoardContext = createContext<Board | null>(null);

export function useBoard(): Board {
  const board = use(BoardContext);
  if (board === null) throw new Error("An entry of the inbox stands outside its list.");
  return board;
}

/** A decision for exactly the action that is shown. */
export function decisionFor(
  entry: InboxEntry,
  decision: "approve" | "deny" | "dismiss",
  extra: { note?: string; scope?: "once" | "run" | "goal" | "rule" } = {},
): DecisionAction {
  return {
    type: "decide",
    decision,
    ...extra,
    ...(entry.kind === "approval" && entry.actionHash !== null && { actionHash: entry.actionHash }),
  };
}
