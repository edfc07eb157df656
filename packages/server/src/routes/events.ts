import type { EngineApi } from "@bureau/engine";
import { AppError, type EventsQuery, RUN_STATUSES, TERMINAL_RUN_STATUSES } from "@bureau/protocol";
import type { AppContext, AppParts } from "../app-parts.ts";
import { callerOf } from "../caller.ts";
import type { EventFilter } from "../event-filter.ts";
import { createEventStream } from "../event-stream.ts";
import type { OpenStreams } from "../open-streams.ts";
import type { RequestInput } from "../read-input.ts";

const MAX_OPEN_RUNS = 500;
const NO_DELTAS = "none";

/** `GET /api/events`: stored events from the table, then live ones, until the reader goes. */
export function createEventsRoute(
  parts: AppParts,
  streams: OpenStreams,
): (context: AppContext, input: RequestInput) => Promise<Response> {
  return async (context, input) => {
    const query = input.query as EventsQuery;
    const after = await startOf(context, query, parts.engine);
    const filter = await filterOf(query, parts.engine);
    const headers = {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    };
    if (context.req.raw.method === "HEAD") return context.body(null, 200, headers);
    const open = streams.open(callerOf(context));
    const stream = createEventStream({
      engine: parts.engine,
      after,
      filter,
      signal: AbortSignal.any([parts.signal, context.req.raw.signal, open.signal]),
      onStalled: () => context.env?.outgoing?.destroy(),
      onEnd: open.close,
    });
    return context.body(stream, 200, headers);
  };
}

async function startOf(context: AppContext, query: EventsQuery, engine: EngineApi): Promise<number> {
  const newest = await engine.lastSequence();
  const header = context.req.header("last-event-id");
  const after = header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : (query.after ?? newest);
  if (after <= newest) return after;
  throw new AppError("invalid", `There is no event ${after}: the newest one is ${newest}.`, {
    hint: "Forget what was read before and start again with after=0.",
  });
}

/** Runs belong to a thread and perhaps to a goal; a delta names only its run, so open runs are looked up. */
async function filterOf(query: EventsQuery, engine: EngineApi): Promise<EventFilter> {
  const [run, thread, goal] = await Promise.all([
    query.run === undefined ? null : engine.getRun(query.run),
    query.thread === undefined ? null : engine.getThread(query.thread),
    query.goal === undefined ? null : engine.getGoal(query.goal),
  ]);
  const filter: EventFilter = {
    runId: run?.id ?? null,
    threadId: thread?.id ?? null,
    goal: goal === null ? null : { id: goal.id, threadId: goal.threadId },
    runs: new Set(run === null ? [] : [run.id]),
    deltas: await deltasOf(query.deltas, engine),
  };
  if (thread === null && goal === null) return filter;
  const open = {
    ...(thread === null ? {} : { thread: thread.id }),
    ...(goal === null ? {} : { goal: goal.id }),
  };
  for (const id of await openRuns(engine, open)) filter.runs.add(id);
  return filter;
}

async function deltasOf(thread: string | undefined, engine: EngineApi): Promise<EventFilter["deltas"]> {
  if (thread === undefined) return null;
  if (thread === NO_DELTAS) return { threadId: NO_DELTAS, runs: new Set() };
  const { id } = await engine.getThread(thread);
  return { threadId: id, runs: new Set(await openRuns(engine, { thread: id })) };
}

async function openRuns(engine: EngineApi, of: { thread?: string; goal?: string }): Promise<string[]> {
  const { runs } = await engine.listRuns({
    limit: MAX_OPEN_RUNS,
    status: RUN_STATUSES.filter((status) => !TERMINAL_RUN_STATUSES.includes(status)),
    ...of,
  });
  return runs.map(({ id }) => id);
}
