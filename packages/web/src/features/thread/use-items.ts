import type { Item } from "@bureau/protocol";
import { useCallback, useEffect, useState } from "react";
import { client } from "../../lib/session.ts";
import { holdThread, layItems, readLive, releaseThread, whenStarted } from "../../live/store.ts";
import { useView } from "../../live/use-live.ts";

const FIRST_PAGE = 80;
const OLDER_PAGE = 200;

const NO_ITEMS: readonly Item[] = [];

interface Items {
  items: readonly Item[];
  isLoaded: boolean;
  error: unknown;
  hasOlder: boolean;
  loadOlder: (() => void) | null;
  retry: () => void;
}

/** The items of a thread from its end backwards, kept true by events while this is on the screen. */
export function useItems(threadId: string): Items {
  const items = useView((view) => view.items[threadId]) ?? NO_ITEMS;
  const [isLoaded, setLoaded] = useState(false);
  const [isLoadingOlder, setLoadingOlder] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const canceled = new AbortController();
    setLoaded(false);
    setError(null);
    holdThread(threadId);
    loadEnd(threadId, canceled.signal)
      .then(() => canceled.signal.aborted || setLoaded(true))
      .catch((failure: unknown) => canceled.signal.aborted || setError(failure));
    return () => {
      canceled.abort();
      releaseThread(threadId);
    };
  }, [threadId, attempt]);

  const hasOlder = isLoaded && (items[0]?.position ?? 1) > 1;
  const loadOlder = useCallback(() => {
    setLoadingOlder(true);
    loadBefore(threadId)
      .catch(setError)
      .finally(() => setLoadingOlder(false));
  }, [threadId]);
  const retry = useCallback(() => setAttempt((before) => before + 1), []);
  return { items, isLoaded, error, hasOlder, loadOlder: isLoadingOlder || error !== null ? null : loadOlder, retry };
}

/** What comes while this is asked for is told by events: the thread is held already. */
async function loadEnd(threadId: string, signal: AbortSignal): Promise<void> {
  await whenStarted();
  const { items } = await client.listItems(
    { params: { threadId }, query: { before: 0, limit: FIRST_PAGE } },
    { signal },
  );
  layItems(threadId, items);
}

async function loadBefore(threadId: string): Promise<void> {
  const first = readLive().view.items[threadId]?.[0]?.position ?? 1;
  if (first <= 1) return;
  const { items } = await client.listItems({ params: { threadId }, query: { before: first, limit: OLDER_PAGE } });
  layItems(threadId, items);
}
