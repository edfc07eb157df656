import { useState } from "react";

const PREFIX = "bureau.text.";

/** Text that is being written, kept on this device until it is sent. */
export function useStoredText(name: string): [text: string, setText: (text: string) => void] {
  const key = PREFIX + name;
  const [stored, setStored] = useState({ key, text: readText(key) });
  // Another name is another text.
  const text = stored.key === key ? stored.text : readText(key);
  const setText = (next: string) => {
    setStored({ key, text: next });
    if (next === "") window.localStorage.removeItem(key);
    else keep(key, next);
  };
  return [text, setText];
}

function readText(key: string): string {
  return window.localStorage.getItem(key) ?? "";
}

function keep(key: string, text: string): void {
  try {
    window.localStorage.setItem(key, text);
  } catch {
    // The device's storage is full: the text is only on the screen.
  }
}
