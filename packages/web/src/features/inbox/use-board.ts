import type { Decision, InboxEntry } from "@bureau/protocol";
import { type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { DecisionAction } from "../../lib/decision-queue.ts";
import { useQueuedDecisions } from "../../lib/decisions.ts";
import { type ActResult, decide, forgetAct, useActs } from "./acts.ts";
import { type Board, decisionFor, type Panel } from "./board-context.ts";
import { inBatch } from "./decidable.ts";
import { entryAfter, nextOrder } from "./order.ts";
import { type Inbox, useViewer } from "./use-inbox.ts";

/** Requests of a batch that are under way at once. */
const AT_ONCE = 4;
/** Further down than this, somebody reads. */
const TOP_PX = 80;

export interface BatchResult {
  done: number;
  queued: number;
  failed: number;
}

/** The state of the list: its order, where somebody is in it, what is chosen, what is open. */
export function useBoard(inbox: Inbox, list: RefObject<HTMLElement | null>) {
  const viewer = useViewer();
  const acts = useActs();
  const waiting = useQueuedDecisions();
  const queued = useMemo(() => Object.fromEntries(waiting.map((one) => [one.entryId, one])), [waiting]);
  const [activeId, setActiveId] = useState<string | null>(null);
  const [open, setOpen] = useState<Board["open"]>(null);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [order, setOrder] = useState<readonly string[]>([]);
  const isHeld = useRef(false);
  isHeld.current = open !== null || selected.size > 0;
  const { pending, known } = inbox;

  useLayoutEffect(() => {
    const isInHand =
      isHeld.current || window.scrollY > TOP_PX || (list.current?.contains(document.activeElement) ?? false);
    setOrder((shown) => nextOrder(shown, pending, isInHand && pending.length > 0));
  }, [pending, list]);

  // An object of its own for each wish: the same card may be wished for again.
  const [focusWish, setFocusWish] = useState<{ id: string } | null>(null);
  const goTo = useCallback((id: string | null) => {
    setActiveId(id);
    setFocusWish(id === null ? null : { id });
  }, []);
  const isWaiting = (id: string) =>
    known[id]?.status === "pending" && acts[id]?.state !== "sending" && queued[id]?.state !== "queued";

  const settle = (entries: readonly InboxEntry[]) => {
    setOpen((now) => (now !== null && entries.some(({ id }) => id === now.entryId) ? null : now));
    goTo(
      entryAfter(
        order,
        entries.map(({ id }) => id),
        isWaiting,
      ),
    );
  };
  const act = (entry: InboxEntry, action: DecisionAction) => {
    settle([entry]);
    setSelected((chosen) => without(chosen, entry.id));
    void decide(entry, action, viewer.name);
  };
  const openPanel = (entryId: string, panel: Panel | null) => {
    forgetAct(entryId);
    setOpen(panel === null ? null : { entryId, panel });
    if (panel === null) goTo(entryId);
    else setActiveId(entryId);
  };
  const chosen = order.flatMap((id) => (selected.has(id) && isWaiting(id) && known[id] ? [known[id]] : []));
  const decideChosen = async (decision: Decision["decision"], note?: string): Promise<BatchResult> => {
    const entries = chosen.filter((entry) => inBatch(entry, viewer.scope).includes(decision));
    settle(entries);
    setSelected(new Set());
    const extra = note === undefined ? {} : { note };
    return await decideAll(entries, (entry) => decide(entry, decisionFor(entry, decision, extra), viewer.name));
  };
  const board: Board = { scope: viewer.scope, by: viewer.name, acts, queued, open, openPanel, act };
  return {
    board,
    order,
    activeId,
    setActiveId,
    goTo,
    focusWish,
    isWaiting,
    chosen,
    selected,
    toggle: (id: string) => setSelected((now) => (now.has(id) ? without(now, id) : new Set([...now, id]))),
    clear: () => setSelected(new Set()),
    decideChosen,
    /** Puts the list back into its ranking, without what was decided. */
    tidy: () => setOrder((shown) => nextOrder(shown, pending, false)),
    decidedCount: order.filter((id) => known[id]?.status !== "pending").length,
  };
}

export type BoardState = ReturnType<typeof useBoard>;

function without(chosen: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return chosen.has(id) ? new Set([...chosen].filter((one) => one !== id)) : chosen;
}

async function decideAll(
  entries: readonly InboxEntry[],
  decideOne: (entry: InboxEntry) => Promise<ActResult>,
): Promise<BatchResult> {
  const result: BatchResult = { done: 0, queued: 0, failed: 0 };
  const left = [...entries];
  const work = async () => {
    for (let entry = left.shift(); entry !== undefined; entry = left.shift()) result[await decideOne(entry)] += 1;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return result;
}
