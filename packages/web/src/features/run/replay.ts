import { applyEvent, type BureauEvent, EMPTY_VIEW, type View } from "@bureau/protocol";

export const SPEEDS = [1, 4, 16, 64] as const;
export type Speed = (typeof SPEEDS)[number];

/** Nothing happened for longer than this: the replay waits no longer. */
export const LONGEST_PAUSE_MS = 3_000;
/** A frame of the screen: nothing is shown for a shorter time. */
const FRAME_MS = 16;
/** Views are kept at every so many events, so that going back folds few of them. */
const CHECKPOINT_EVERY = 200;

export interface Replay {
  events: readonly BureauEvent[];
  /** When each event comes, in milliseconds from the first; long pauses are shortened. */
  times: readonly number[];
  /** Pauses that were shortened, and by how much in all. */
  shortened: { count: number; ms: number };
  /** The view after the first `count` events, folded from an empty one: the app's own view is not touched. */
  viewAfter: (count: number) => View;
}

export function createReplay(events: readonly BureauEvent[]): Replay {
  const { times, shortened } = replayTimes(events);
  const checkpoints: View[] = [EMPTY_VIEW];
  let last = { count: 0, view: EMPTY_VIEW };
  const viewAfter = (count: number): View => {
    const wanted = Math.max(0, Math.min(count, events.length));
    const checkpoint = Math.min(Math.floor(wanted / CHECKPOINT_EVERY), checkpoints.length - 1);
    const start = checkpoint * CHECKPOINT_EVERY;
    let { count: at, view } =
      last.count <= wanted && last.count >= start
        ? last
        : { count: start, view: checkpoints[checkpoint] ?? EMPTY_VIEW };
    for (; at < wanted; at += 1) {
      if (at === checkpoints.length * CHECKPOINT_EVERY) checkpoints.push(view);
      const event = events[at];
      if (event !== undefined) view = applyEvent(view, event);
    }
    last = { count: wanted, view };
    return view;
  };
  return { events, times, shortened, viewAfter };
}

function replayTimes(events: readonly BureauEvent[]): Pick<Replay, "times" | "shortened"> {
  const times: number[] = [];
  const shortened = { count: 0, ms: 0 };
  let time = 0;
  events.forEach((event, index) => {
    const before = events[index - 1];
    const pause = before === undefined ? 0 : Math.max(0, Date.parse(event.at) - Date.parse(before.at));
    if (pause > LONGEST_PAUSE_MS) {
      shortened.count += 1;
      shortened.ms += pause - LONGEST_PAUSE_MS;
    }
    time += Math.min(pause, LONGEST_PAUSE_MS);
    times.push(time);
  });
  return { times, shortened };
}

/** What is shown next, and after which time: all events that fall into one frame come together. Null at the end. */
export function nextFrame(
  times: readonly number[],
  shown: number,
  speed: number,
): { afterMs: number; shown: number } | null {
  const next = times[shown];
  if (next === undefined) return null;
  const now = times[shown - 1] ?? 0;
  const afterMs = Math.max(FRAME_MS, (next - now) / speed);
  const until = now + afterMs * speed;
  let count = shown + 1;
  while ((times[count] ?? Number.POSITIVE_INFINITY) <= until) count += 1;
  return { afterMs, shown: count };
}
