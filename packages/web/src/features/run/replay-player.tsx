import type { BureauEvent } from "@bureau/protocol";
import { useMemo } from "react";
import { formatClock, formatCount, formatDuration, formatWhole } from "../../lib/format.ts";
import { RUN_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Conversation } from "../thread/conversation.tsx";
import { PastInbox } from "../thread/past-inbox.ts";
import { rowsOf } from "../thread/rows.ts";
import { eventWords } from "./event-words.ts";
import { createReplay, type Replay, SPEEDS } from "./replay.ts";
import { type Player, usePlayer, usePlayerKeys } from "./use-player.ts";

interface ReplayPlayerProps {
  runId: string;
  agentName: string;
  events: readonly BureauEvent[];
  isCut: boolean;
}

/** A run's past, played again from its events: the conversation as it was at each moment. */
export function ReplayPlayer({ runId, agentName, events, isCut }: ReplayPlayerProps) {
  const replay = useMemo(() => createReplay(events), [events]);
  const player = usePlayer(replay);
  usePlayerKeys(player);
  const view = replay.viewAfter(player.shown);
  const run = view.runs[runId];
  const items = Object.values(view.items).flat();
  const rows = rowsOf({ items, drafts: {}, openRuns: [] });
  const event = events[player.shown - 1];
  const tokens = Object.values(view.steps).reduce((sum, step) => sum + (step.usage?.tokens ?? 0), 0);
  return (
    <section aria-label="Replay" className="flex flex-col gap-3 rounded-xl border border-line bg-raised p-3 md:p-4">
      <Controls replay={replay} player={player} />
      <p className="flex min-h-6 flex-wrap items-center gap-2 text-sm">
        {run?.status === undefined ? null : <Badge look={RUN_LOOKS[run.status]} />}
        {event === undefined ? (
          <span className="text-quiet">Before the beginning.</span>
        ) : (
          <>
            <time dateTime={event.at} title={formatWhole(event.at)} className="text-quiet tabular-nums">
              {formatClock(event.at)}
            </time>
            <span className="min-w-0 truncate">{eventWords(event)}</span>
          </>
        )}
        <span className="ml-auto text-quiet tabular-nums">{formatCount(tokens)} tokens</span>
      </p>
      <div className="flex h-[50dvh] min-h-64 flex-col overflow-hidden rounded-lg border border-line bg-paper">
        <PastInbox value={view.inbox}>
          <Conversation
            rows={rows}
            agentName={agentName}
            hasOlder={false}
            onOlder={null}
            label="The conversation then"
          />
        </PastInbox>
      </div>
      <p className="text-xs text-quiet">
        {replay.shortened.count === 0
          ? "No pause was longer than 3 s."
          : `Pauses longer than 3 s are shortened: ${replay.shortened.count} of them, by ${formatDuration(replay.shortened.ms)} in all.`}
        {isCut ? " The run is longer than what can be replayed here." : ""} Keys: space, left, right.
      </p>
    </section>
  );
}

function Controls({ replay, player }: { replay: Replay; player: Player }) {
  const { shown, isPlaying, speed, toggle, seek, setSpeed } = player;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Button kind="primary" icon={isPlaying ? "pause" : "play"} onClick={toggle} className="min-w-28">
        {isPlaying ? "Pause" : "Play"}
      </Button>
      <div role="group" aria-label="Speed" className="flex rounded-lg border border-line">
        {SPEEDS.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === speed}
            onClick={() => setSpeed(one)}
            className="min-h-11 min-w-11 rounded-lg px-2 text-sm text-quiet tabular-nums aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent md:min-h-9"
          >
            {one}×
          </button>
        ))}
      </div>
      <label className="flex min-h-11 min-w-48 flex-1 items-center gap-3">
        <span className="sr-only">Moment of the run</span>
        <input
          type="range"
          min={0}
          max={replay.events.length}
          value={shown}
          aria-valuetext={`Event ${shown} of ${replay.events.length}`}
          onChange={(change) => seek(change.target.valueAsNumber)}
          className="h-11 min-w-0 flex-1 accent-accent"
        />
        <span className="w-20 shrink-0 text-right text-sm text-quiet tabular-nums">
          {shown} / {replay.events.length}
        </span>
      </label>
    </div>
  );
}
