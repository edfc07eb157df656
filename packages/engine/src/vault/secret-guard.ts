import { createRedactor, type RedactingStream, type Redactor, secretMark } from "./redact.ts";
import type { KeptSecret } from "./vault.ts";

const MAX_DEPTH = 64;
const MIN_CHARACTERS = 8;
/** Of a value with no digit in it: shorter ones are words. */
const MIN_WORD_CHARACTERS = 20;
const MAX_CAUSES = 8;

/** Hides every secret that this process has come to know in what leaves it or is kept. */
export interface SecretGuard {
  /** Hides these too from now on, also after they were removed or replaced: an old value may still be echoed. */
  learn(secrets: readonly KeptSecret[]): void;
  redact(text: string): string;
  /** All texts within plain data. What holds no secret is returned as it is, not as a copy. */
  redactData<T>(value: T): T;
  /** The same error, with its message, hint, stack and causes made clean. */
  redactError<E>(error: E): E;
  /** The name of a secret whose whole value is somewhere in the data. */
  holds(value: unknown): string | null;
  /** The mark of a secret that was hidden, if one is somewhere in the data. */
  markIn(value: unknown): string | null;
  stream(): RedactingStream;
  /** Grows with each secret that is learned. */
  readonly version: number;
}

export function createSecretGuard(secrets: readonly KeptSecret[] = []): SecretGuard {
  const known = new Map<string, KeptSecret>();
  let redactor: Redactor = createRedactor([]);
  let version = 0;
  const learn = (more: readonly KeptSecret[]) => {
    const before = known.size;
    for (const secret of more) known.set(`${secret.name}\n${secret.value}`, secret);
    if (known.size === before) return;
    redactor = createRedactor([...known.values()]);
    version += 1;
  };
  learn(secrets);
  const redactText = (text: string) => redactor.redact(text);
  return {
    learn,
    redact: redactText,
    redactData: (value) => (known.size === 0 ? value : mapTexts(value, redactText, MAX_DEPTH)),
    redactError: (error) => {
      if (known.size > 0) redactInPlace(error, redactText);
      return error;
    },
    holds: (value) => {
      let name: string | null = null;
      if (known.size > 0) mapTexts(value, (text) => ((name ??= redactor.holds(text)), text), MAX_DEPTH);
      return name;
    },
    markIn: (value) => {
      const marks = [...known.values()].map((secret) => secretMark(secret.name));
      let mark: string | null = null;
      const look = (text: string) => ((mark ??= marks.find((one) => text.includes(one)) ?? null), text);
      if (known.size > 0) mapTexts(value, look, MAX_DEPTH);
      return mark;
    },
    stream: () => redactor.stream(),
    get version() {
      return version;
    },
  };
}

/** Hides a value that a setting was given from outside the vault, unless it reads like a word. */
export function learnSetting(guard: SecretGuard, name: string, value: string): void {
  if (looksSecret(value)) guard.learn([{ name: name.replace(/^(env|secret):|:-.*$/gs, ""), value }]);
}

/** Whether a value from outside the vault is taken for a secret: `ollama` or `production` would hide too much. */
export function looksSecret(value: string): boolean {
  return value.length >= MIN_WORD_CHARACTERS || (value.length >= MIN_CHARACTERS && /\d/.test(value));
}

/** Plain data with each text changed, names of fields too; the same object where nothing changed. */
function mapTexts<T>(value: T, change: (text: string) => string, depth: number): T {
  if (typeof value === "string") return change(value) as T;
  if (typeof value !== "object" || value === null || depth === 0) return value;
  if (Array.isArray(value)) {
    let changed = false;
    const items = value.map((item: unknown) => {
      const mapped = mapTexts(item, change, depth - 1);
      changed ||= mapped !== item;
      return mapped;
    });
    return changed ? (items as T) : value;
  }
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype !== Object.prototype && prototype !== null) return value;
  let changed = false;
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
    const entry: [string, unknown] = [change(key), mapTexts(item, change, depth - 1)];
    changed ||= entry[0] !== key || entry[1] !== item;
    return entry;
  });
  return changed ? (Object.fromEntries(entries) as T) : value;
}

function redactInPlace(error: unknown, redact: (text: string) => string): void {
  let current: unknown = error;
  for (let count = 0; count < MAX_CAUSES && current instanceof Error; count += 1) {
    const fields = current as unknown as Record<string, unknown>;
    for (const field of ["message", "stack", "hint"]) {
      const text = fields[field];
      const clean = typeof text === "string" ? redact(text) : text;
      if (clean !== text) Object.defineProperty(current, field, { value: clean, configurable: true, writable: true });
    }
    current = current.cause;
  }
}
