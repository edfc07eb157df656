import { useEffect, useRef } from "react";

const LONG_PRESS_MS = 500;
const SLIP_PX = 10;
const ENDS = ["pointerup", "pointercancel", "pointerleave"] as const;
/** What a browser makes of a finger that rests and is lifted: a menu, and a press. */
const OTHERS = ["contextmenu", "touchend"] as const;

interface EntrySelectProps {
  number: number;
  isSelected: boolean;
  isOffered: boolean;
  onToggle: () => void;
}

/** The number of an entry, by which a reply names it, and the box that chooses it. A long press on the card does too. */
export function EntrySelect({ number, isSelected, isOffered, onToggle }: EntrySelectProps) {
  const box = useRef<HTMLLabelElement>(null);
  useLongPress(box, isOffered, onToggle);
  if (!isOffered) {
    return (
      <span className="flex min-h-11 min-w-6 items-center text-sm text-quiet tabular-nums md:min-h-9">{number}</span>
    );
  }
  return (
    <label
      ref={box}
      className="-ml-1 flex min-h-11 min-w-11 cursor-pointer items-center gap-1.5 pl-1 text-sm text-quiet tabular-nums md:min-h-9"
    >
      <input
        type="checkbox"
        checked={isSelected}
        onChange={onToggle}
        aria-label={`Choose ${number}`}
        className="size-4.5 shrink-0 accent-accent"
      />
      <span aria-hidden>{number}</span>
    </label>
  );
}

/** On the card around: a finger that rests. What it would have pressed is not pressed. */
function useLongPress(inside: React.RefObject<HTMLElement | null>, isOn: boolean, run: () => void): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    const card = inside.current?.closest("article");
    if (!isOn || card === null || card === undefined) return;
    let timer: number | undefined;
    let from = { x: 0, y: 0 };
    let isPressed = false;
    const stop = () => window.clearTimeout(timer);
    const down = (event: PointerEvent) => {
      isPressed = false;
      const isControl = event.target instanceof Element && event.target.closest("input, textarea, button, a, label");
      if (event.pointerType !== "touch" || isControl) return;
      from = { x: event.clientX, y: event.clientY };
      timer = window.setTimeout(() => {
        isPressed = true;
        latest.current();
      }, LONG_PRESS_MS);
    };
    const move = (event: PointerEvent) => {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > SLIP_PX) stop();
    };
    // The bar with what can be done appears at once, maybe under the finger: lifting it must press nothing there.
    const nothingElse = (event: Event) => {
      if (isPressed && event.cancelable) event.preventDefault();
    };
    card.addEventListener("pointerdown", down);
    card.addEventListener("pointermove", move);
    for (const other of OTHERS) card.addEventListener(other, nothingElse, { passive: false });
    for (const end of ENDS) card.addEventListener(end, stop);
    return () => {
      stop();
      card.removeEventListener("pointerdown", down);
      card.removeEventListener("pointermove", move);
      for (const other of OTHERS) card.removeEventListener(other, nothingElse);
      for (const end of ENDS) card.removeEventListener(end, stop);
    };
  }, [inside, isOn]);
}
