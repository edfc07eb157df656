import { format } from "node:util";
import { afterEach, beforeEach } from "vitest";

// A test that prints an error nobody asked for has found something. Unhandled rejections fail a run by
// themselves: the test runner reports them as errors.

const MAX_SHOWN = 5;

let noise: string[] = [];

beforeEach(() => {
  noise = [];
  console.error = (...words: unknown[]) => {
    noise.push(format(...words));
  };
});

afterEach(() => {
  if (noise.length === 0) return;
  const shown = noise.slice(0, MAX_SHOWN).join("\n");
  throw new Error(`console.error was called ${noise.length} times and the test did not expect it:\n${shown}`);
});

/** The errors printed so far in this test, which it thereby expects. */
export function takePrintedErrors(): string[] {
  const taken = noise;
  noise = [];
  return taken;
}
