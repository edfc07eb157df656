import type pg from "pg";
import type { Database } from "../store/database.ts";
import type { Tool, ToolContext } from "../tools/tool.ts";

/** Where a process dies: before or after its nth write, counted from 1. */
export interface CrashPoint {
  moment: "before" | "after";
  write: number;
}

export interface CrashingDatabase {
  database: Database;
  /** Resolves when the point is reached. */
  died: Promise<void>;
  isDead(): boolean;
}

const WRITES = /\b(INSERT INTO|UPDATE|DELETE FROM)\b/;
/** What a call in a dead process returns: nothing, ever. Not an error, which would run handlers that death runs not. */
const NEVER = new Promise<never>(() => undefined);

class Death extends Error {}

/**
 * A database as seen by a process that dies at a point.
 *
 * Counts each statement that writes and each COMMIT. From the point on every call hangs, so that no code of the
 * process goes on: no `catch`, no `finally`, no undo.
 */
export function crashingDatabase(database: Database, point: CrashPoint): CrashingDatabase {
  let writes = 0;
  let dead = false;
  let tellDeath: () => void = () => undefined;
  const died = new Promise<void>((resolve) => (tellDeath = resolve));
  const die = () => {
    dead = true;
    tellDeath();
  };
  const isHit = (moment: CrashPoint["moment"], number: number) => moment === point.moment && number === point.write;

  const query = async (...input: unknown[]): Promise<unknown> => {
    if (dead) return NEVER;
    const isWrite = WRITES.test(textOf(input[0]));
    if (isWrite) writes += 1;
    const number = isWrite ? writes : 0;
    if (isHit("before", number)) die();
    if (dead) return NEVER;
    const result = await (database.query as (...rest: unknown[]) => Promise<unknown>)(...input);
    if (isHit("after", number)) die();
    return dead ? NEVER : result;
  };

  const transaction = async <T>(work: (transaction: pg.ClientBase) => Promise<T>): Promise<T> => {
    if (dead) return NEVER;
    let number = 0;
    try {
      const result = await database.transaction(async (open) => {
        const outcome = await work(open);
        number = writes += 1;
        if (isHit("before", number)) die();
        if (dead) throw new Death();
        return outcome;
      });
      if (isHit("after", number)) die();
      return dead ? NEVER : result;
    } catch (error) {
      if (dead) return NEVER;
      throw error;
    }
  };
  return {
    database: { ...database, query: query as Database["query"], transaction },
    died,
    isDead: () => dead,
  };
}

function textOf(query: unknown): string {
  if (typeof query === "string") return query;
  return typeof query === "object" && query !== null && "text" in query ? String(query.text) : "";
}

/** Watches tools: how often each call was executed, and when none is at work any more. */
export interface WatchedTools {
  tools: readonly Tool[];
  /** Executions by the id of the call. */
  executions: Map<string, number>;
  /** Resolves when no watched tool is at work: what a process had begun in itself ends with it. */
  idle(): Promise<void>;
}

/** Wraps tools. Those in `outliving` go on when the process dies, and are not waited for. */
export function watchTools(tools: readonly Tool[], outliving: readonly string[]): WatchedTools {
  const executions = new Map<string, number>();
  const atWork = new Set<Promise<unknown>>();
  return {
    tools: tools.map((tool) => ({
      ...tool,
      execute: (args: unknown, context: ToolContext) => {
        executions.set(context.toolCallId, (executions.get(context.toolCallId) ?? 0) + 1);
        const work = tool.execute(args, context);
        if (outliving.includes(tool.name)) return work;
        atWork.add(work);
        void work.catch(() => undefined).then(() => atWork.delete(work));
        return work;
      },
    })),
    executions,
    idle: async () => void (await Promise.allSettled(atWork)),
  };
}
