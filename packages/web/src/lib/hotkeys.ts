const SEQUENCE_MS = 1_000;

/** `mod+k`, `?`, `g i`: one press, or two after each other. */
export interface Hotkey {
  keys: string;
  run: () => void;
}

/**
 * Listens for keys until the returned function is called.
 *
 * Keys without Control or Command do nothing while something is being written, or while a dialog or a menu is open.
 */
export function listenForHotkeys(hotkeys: () => readonly Hotkey[]): () => void {
  let first: { key: string; at: number } | null = null;
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    const mod = event.ctrlKey || event.metaKey;
    if (!mod && isBusy(event.target)) return;
    const key = (mod ? "mod+" : "") + (event.key.length === 1 ? event.key.toLowerCase() : event.key);
    const sequence = first !== null && event.timeStamp - first.at < SEQUENCE_MS ? `${first.key} ${key}` : null;
    const found = hotkeys().find(({ keys }) => keys === sequence) ?? hotkeys().find(({ keys }) => keys === key);
    first = mod || event.key.length > 1 ? null : { key, at: event.timeStamp };
    if (found === undefined) return;
    event.preventDefault();
    first = null;
    found.run();
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}

function isBusy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("input, textarea, select, [contenteditable=true]") !== null) return true;
  return document.querySelector("[role=dialog], [role=menu]") !== null;
}
