import type { Clock } from "../clock.ts";
import { isAlive, trimLog } from "./postgres-process.ts";
import type { Launched } from "./postgres-process.ts";

/** Of a server that another process started: nobody tells when it ends. */
const CHECK_MS = 250;
/** Of one that this process started, whose end is told. */
const CHECK_OWN_MS = 5_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;
const TRIM_MS = 60_000;

/** What became of a server that died. */
export type PostgresRestart =
  | { outcome: "restarted"; processId: number; tookMs: number }
  /** It is tried again, at most half a minute later. */
  | { outcome: "failed"; attempt: number; error: unknown };

export interface SupervisorParts {
  clock: Clock;
  log: (line: string) => void;
  logFile: string;
  current(): { processId: number; launched?: Launched };
  /** True once the server was stopped on purpose. */
  isStopped(): boolean;
  restart(): Promise<{ processId: number }>;
  onRestart: (restart: PostgresRestart) => void;
}

/**
 * Watches the server's process and brings it back when it dies.
 *
 * Tries for as long as it is watching, with waits that grow to half a minute: a full disk may be freed after
 * an hour, and then work goes on without a person.
 */
export function supervise(parts: SupervisorParts): () => void {
  const ending = new AbortController();
  void watch(parts, ending.signal);
  return () => ending.abort();
}

async function watch(parts: SupervisorParts, signal: AbortSignal): Promise<void> {
  let trimmedAt = parts.clock.now();
  while (!signal.aborted && !parts.isStopped()) {
    await pause(parts, signal);
    if (signal.aborted || parts.isStopped()) return;
    if (!isAlive(parts.current().processId)) await bringBack(parts, signal);
    if (parts.clock.now() - trimmedAt > TRIM_MS) {
      trimmedAt = parts.clock.now();
      await trimLog(parts.logFile).catch(() => undefined);
    }
  }
}

/** Until the next look, or until our own child ends. */
async function pause(parts: SupervisorParts, signal: AbortSignal): Promise<void> {
  const { launched } = parts.current();
  if (launched?.hasExited()) return;
  const early = new AbortController();
  const unsubscribe = launched?.onExit(() => early.abort());
  const waitMs = launched ? CHECK_OWN_MS : CHECK_MS;
  await parts.clock.sleep(waitMs, AbortSignal.any([signal, early.signal])).catch(() => undefined);
  unsubscribe?.();
}

async function bringBack(parts: SupervisorParts, signal: AbortSignal): Promise<void> {
  const startedAt = parts.clock.now();
  let waitMs = FIRST_WAIT_MS;
  parts.log(`The database (process ${parts.current().processId}) has ended; starting it again.`);
  for (let attempt = 1; !signal.aborted && !parts.isStopped(); attempt += 1) {
    try {
      const { processId } = await parts.restart();
      const tookMs = parts.clock.now() - startedAt;
      parts.log(`The database is back as process ${processId} after ${tookMs} ms.`);
      parts.onRestart({ outcome: "restarted", processId, tookMs });
      return;
    } catch (error) {
      parts.log(
        `The database did not start (attempt ${attempt}): ${error instanceof Error ? error.message : String(error)}`,
      );
      parts.onRestart({ outcome: "failed", attempt, error });
      await parts.clock.sleep(waitMs, signal).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    }
  }
}
