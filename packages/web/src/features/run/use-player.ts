import { useEffect, useState } from "react";
import { nextFrame, type Replay, type Speed } from "./replay.ts";

export interface Player {
  /** How many events are shown. */
  shown: number;
  isPlaying: boolean;
  speed: Speed;
  toggle: () => void;
  seek: (shown: number) => void;
  setSpeed: (speed: Speed) => void;
}

/** Plays a replay. At the end it stops; played from there it begins anew. */
export function usePlayer({ times }: Replay): Player {
  const [shown, setShown] = useState(times.length);
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<Speed>(4);
  useEffect(() => {
    if (!isPlaying) return;
    const frame = nextFrame(times, shown, speed);
    if (frame === null) {
      setPlaying(false);
      return;
    }
    const timer = window.setTimeout(() => setShown(frame.shown), frame.afterMs);
    return () => window.clearTimeout(timer);
  }, [isPlaying, shown, speed, times]);
  const seek = (next: number) => setShown(Math.max(0, Math.min(next, times.length)));
  const toggle = () => {
    if (!isPlaying && shown >= times.length) setShown(0);
    setPlaying(!isPlaying);
  };
  return { shown, isPlaying, speed, toggle, seek, setSpeed };
}

/** Space plays and pauses, arrows go one event back and on, with Shift ten; not where keys mean something else. */
export function usePlayerKeys(player: Player): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const { target } = event;
      if (target instanceof HTMLElement && target.closest("input, textarea, select, [role=dialog], [role=menu]"))
        return;
      const isOnControl = target instanceof HTMLElement && target.closest("button, a, summary") !== null;
      const steps = event.shiftKey ? 10 : 1;
      if (event.key === " " && !isOnControl) player.toggle();
      else if (event.key === "ArrowLeft") player.seek(player.shown - steps);
      else if (event.key === "ArrowRight") player.seek(player.shown + steps);
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
}
