import { useCallback, useState } from "react";

/** What was typed and not yet sent. More than this is not kept, so that the store of the browser never overflows. */
const MAX_KEPT_CHARACTERS = 400_000;

/**
 * State that is still there after the page was loaded again or left by mistake, until this window is closed.
 *
 * `forget` takes it out and begins anew. What the browser refuses to keep (a private window, a full store) is state
 * all the same.
 */
export function useKept<T>(key: string, initial: T): [T, (next: T | ((now: T) => T)) => void, () => void] {
  const [value, setValue] = useState<T>(() => readKept(key) ?? initial);
  const set = useCallback(
    (next: T | ((now: T) => T)) =>
      setValue((now) => {
        const after = next instanceof Function ? next(now) : next;
        keep(key, after);
        return after;
      }),
    [key],
  );
  const forget = useCallback(() => {
    keep(key, null);
    setValue(initial);
  }, [key]);
  return [value, set, forget];
}

export function readKept<T>(key: string): T | null {
  try {
    const text = window.sessionStorage.getItem(`bureau.${key}`);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

export function keep(key: string, value: unknown): void {
  try {
    const text = value === null ? null : JSON.stringify(value);
    if (text === null) window.sessionStorage.removeItem(`bureau.${key}`);
    else if (text.length <= MAX_KEPT_CHARACTERS) window.sessionStorage.setItem(`bureau.${key}`, text);
  } catch {
    // The browser keeps nothing: then it is lost with the window, and only then.
  }
}
