import type { BureauEvent, RunExplanation, TimelineEntry } from "@bureau/protocol";
import { client } from "../../lib/session.ts";

const PAGE = 500;
const MAX_EXPLANATION_PAGES = 20;
const MAX_HISTORY_PAGES = 60;

/** The run's explanation with its whole timeline. */
export async function loadExplanation(runId: string, signal: AbortSignal): Promise<RunExplanation> {
  const first = await client.explainRun({ params: { runId }, query: { limit: PAGE } }, { signal });
  const timeline: TimelineEntry[] = [...first.timeline];
  let after = first.nextAfter;
  for (let page = 1; after !== null && page < MAX_EXPLANATION_PAGES; page += 1) {
    const next = await client.explainRun({ params: { runId }, query: { after, limit: PAGE } }, { signal });
    timeline.push(...next.timeline);
    after = next.nextAfter;
  }
  return { ...first, timeline, nextAfter: after };
}

export interface History {
  events: readonly BureauEvent[];
  /** There is more than is shown. */
  isCut: boolean;
}

/** All that is stored of what happened in a run. */
export async function loadHistory(runId: string, signal: AbortSignal): Promise<History> {
  const events: BureauEvent[] = [];
  let after: number | null = 0;
  for (let page = 0; after !== null && page < MAX_HISTORY_PAGES; page += 1) {
    const reply = await client.eventHistory({ query: { run: runId, after, limit: PAGE } }, { signal });
    events.push(...reply.events);
    after = reply.nextAfter;
  }
  return { events, isCut: after !== null };
}
