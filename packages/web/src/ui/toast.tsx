import { useSyncExternalStore } from "react";
import { IconButton } from "./button.tsx";
import { messageOf } from "./states.tsx";

const SHOWN_MS = 6_000;
const MAX_SHOWN = 3;

interface Shown {
  id: number;
  text: string;
  isProblem: boolean;
  action: { label: string; run: () => void } | null;
}

let shown: readonly Shown[] = [];
let count = 0;
const listeners = new Set<() => void>();

/** Says one sentence for a few seconds; never the only place where something is said. */
export function toast(text: string, action: Shown["action"] = null): void {
  show({ text, isProblem: false, action });
}

/** The same for something that failed; stays twice as long. */
export function toastFailure(error: unknown): void {
  show({ text: messageOf(error), isProblem: true, action: null });
}

function show(one: Omit<Shown, "id">): void {
  count += 1;
  const id = count;
  replace([...shown, { ...one, id }].slice(-MAX_SHOWN));
  window.setTimeout(() => close(id), one.isProblem ? 2 * SHOWN_MS : SHOWN_MS);
}

function close(id: number): void {
  replace(shown.filter((one) => one.id !== id));
}

function replace(next: readonly Shown[]): void {
  shown = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Where they appear: above the bar of tabs on a phone. */
export function Toasts() {
  const all = useSyncExternalStore(subscribe, () => shown);
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-0 bottom-20 z-60 flex flex-col items-center gap-2 px-4 md:bottom-6"
    >
      {all.map(({ id, text, isProblem, action }) => (
        <div
          key={id}
          className={`pointer-events-auto flex max-w-md items-center gap-2 rounded-xl border py-1 pr-1 pl-4 text-sm shadow-lg ${isProblem ? "border-bad bg-bad-soft" : "border-line bg-raised"}`}
        >
          <span className="py-2 text-wrap-anywhere">{text}</span>
          {action === null ? null : (
            <button type="button" className="min-h-9 rounded-lg px-2 font-semibold text-accent" onClick={action.run}>
              {action.label}
            </button>
          )}
          <IconButton icon="close" label="Close" onClick={() => close(id)} />
        </div>
      ))}
    </div>
  );
}
