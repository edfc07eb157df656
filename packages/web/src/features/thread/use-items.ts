import type { Item } from "@bureau/protocol";
import { useCallback, useEffect, useState } from "react";
import { client } from "../../lib/session.ts";
import { holdThread, layItems, readLive, releaseThread, whenStarted } from "../../live/store.ts";
import { useView } from "../../live/use-live.ts";

const FIRST_PAGE = 80;
const OLDER_PAGE = 200;
const MAX_PAGE = 500;
/** A thread grows while its end is read; so much growth is more than reading can be. */
const MAX_CATCH_UP_PAGES = 20;

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

/** Positions have no gaps, so the count says where the end is. */
async function loadEnd(threadId: string, signal: AbortSignal): Promise<void> {
  await whenStarted();
  const { itemCount } = await client.getThread({ params: { threadId } }, { signal });
  let after: number | null = Math.max(0, itemCount - FIRST_PAGE);
  for (let page = 0; after !== null && page < MAX_CATCH_UP_PAGES; page += 1) {
    const limit = page === 0 ? FIRST_PAGE : MAX_PAGE;
    const reply = await client.listItems({ params: { threadId }, query: { after, limit } }, { signal });
    layItems(threadId, reply.items);
    after = reply.nextAfter;
  }
}

async function loadBefore(threadId: string): Promise<void> {
  const first = readLive().view.items[threadId]?.[0]?.position ?? 1;
  const after = Math.max(0, first - 1 - OLDER_PAGE);
  const limit = first - 1 - after;
  if (limit < 1) return;
  const { items } = await client.listItems({ params: { threadId }, query: { after, limit } });
  layItems(threadId, items);
}
