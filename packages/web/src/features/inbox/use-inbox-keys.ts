import { useNavigate } from "@tanstack/react-router";
import type { InboxEntry } from "@bureau/protocol";
import { useEffect, useRef } from "react";
import { type Hotkey, listenForHotkeys } from "../../lib/hotkeys.ts";
import { decisionFor } from "./board-context.ts";
import { decidableBy, inBatch } from "./decidable.ts";
import type { BoardState } from "./use-board.ts";

const CHOICE_KEYS = 9;

/** The keys of the list. They act on the card that is focused, or was last. */
export function useInboxKeys(state: BoardState, known: Readonly<Record<string, InboxEntry>>): void {
  const navigate = useNavigate();
  const latest = useRef<() => readonly Hotkey[]>(() => []);
  useEffect(() => {
    latest.current = () =>
      hotkeysOf(state, known, (entryId) => void navigate({ to: "/inbox/$entryId", params: { entryId } }));
  });
  useEffect(() => listenForHotkeys(() => latest.current()), []);
}

function hotkeysOf(
  state: BoardState,
  known: Readonly<Record<string, InboxEntry>>,
  open: (entryId: string) => void,
): Hotkey[] {
  const isOnCard = document.activeElement === document.body || document.activeElement?.matches("[data-entry]") === true;
  const entry = state.activeId === null ? undefined : known[state.activeId];
  const move = (by: 1 | -1) => () => state.goTo(neighbour(state, by));
  const keys: Hotkey[] = [
    { keys: "j", run: move(1) },
    { keys: "k", run: move(-1) },
    { keys: "r", run: () => document.querySelector<HTMLElement>("[data-reply]")?.focus() },
  ];
  if (isOnCard) keys.push({ keys: "ArrowDown", run: move(1) }, { keys: "ArrowUp", run: move(-1) });
  if (entry === undefined) return keys;
  if (isOnCard && document.activeElement !== document.body) keys.push({ keys: "Enter", run: () => open(entry.id) });
  return state.isWaiting(entry.id) ? [...keys, ...decidingKeys(state, entry)] : keys;
}

function decidingKeys({ board, toggle }: BoardState, entry: InboxEntry): Hotkey[] {
  const can = decidableBy(entry, board.scope);
  const keys: Hotkey[] = [];
  if (can.decisions.includes("approve")) {
    keys.push({ keys: "a", run: () => board.act(entry, decisionFor(entry, "approve")) });
  }
  if (can.decisions.includes("deny")) keys.push({ keys: "d", run: () => board.openPanel(entry.id, "deny") });
  if (can.isEditable) keys.push({ keys: "e", run: () => board.openPanel(entry.id, "edit") });
  if (inBatch(entry, board.scope).length > 0) keys.push({ keys: "x", run: () => toggle(entry.id) });
  if (can.isAnswerable) {
    keys.push({
      keys: "a",
      run: () => document.querySelector<HTMLElement>(`[data-entry="${CSS.escape(entry.id)}"] [data-answer]`)?.focus(),
    });
    for (let choice = 1; choice <= Math.min(CHOICE_KEYS, entry.choices.length); choice += 1) {
      keys.push({ keys: `${choice}`, run: () => board.act(entry, { type: "answer", choice }) });
    }
  }
  return keys;
}

/** The next or the last card in the order; from nowhere, the first that waits. */
function neighbour({ order, activeId, isWaiting }: BoardState, by: 1 | -1): string | null {
  const at = activeId === null ? -1 : order.indexOf(activeId);
  if (at < 0) return order.find(isWaiting) ?? order[0] ?? null;
  return order[at + by] ?? activeId;
}
