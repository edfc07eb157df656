import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../packages/engine/src/clock.ts";
import { search } from "../packages/engine/src/queries/search.ts";
import { type Database, openDatabase } from "../packages/engine/src/store/database.ts";
import { startEmbeddedPostgres } from "../packages/engine/src/store/embedded-postgres.ts";
import { migrate } from "../packages/engine/src/store/migrate.ts";
import { catchUp } from "../packages/engine/src/store/search-index.ts";
import { quantile } from "./measure.ts";

// How long a search takes over many items, and how long looking through all of them would. A database of its own is
// made and thrown away.

const HELP = `node bench/search-main.ts [--items N]   default 100000\n`;
const THREADS = 200;
const QUERIES = 200;
const SCANS = 5;
/** Words of which a few are in every fourth text, and most in few, as in language. */
const VOCABULARY = 20_000;
const WORDS_OF_AN_ITEM = 60;

const QUESTIONS: Record<string, (count: number) => string> = {
  "a rare word": (count) => word(5_000 + count * 13),
  "a beginning of many words": (count) => `wo${count % 10}`,
  "two words, one common": (count) => `${word(count % 5)} ${word(1_000 + count * 7)}`,
  "the commonest words": (count) => word(count % 3),
  "a phrase": (count) => `"${word(count % 20)} ${word(30 + (count % 50))}"`,
};

const { values: options } = parseArgs({
  options: { items: { type: "string", default: "100000" }, help: { type: "boolean", default: false } },
});
if (options.help) process.stdout.write(HELP);
else await main(Number(options.items));

async function main(items: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "bureau-bench-search-"));
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({ dataFolder: folder, log: () => undefined });
  const database = await openDatabase({ url: server.url, maxConnections: 4 });
  try {
    await migrate(database);
    await fill(database, items);
    const parts = { database, clock: systemClock };
    const began = performance.now();
    for (let calls = 1; (await catchUp(parts)).behind > 0; calls += 1) if (calls > 10_000) throw new Error("no end");
    say(`${items} items can be searched after ${seconds(performance.now() - began)}`);
    await database.query("ANALYZE");
    for (const [name, words] of Object.entries(QUESTIONS)) {
      const times: number[] = [];
      let found = 0;
      for (let count = 0; count < QUERIES; count += 1) {
        const start = performance.now();
        const { hits } = await search(parts, { q: words(count), limit: 20 });
        times.push(performance.now() - start);
        found = hits.length;
      }
      say(`${name}: median ${ms(quantile(times, 0.5))}, p95 ${ms(quantile(times, 0.95))}; ${found} hits in the last`);
    }
    const scans: number[] = [];
    for (let count = 0; count < SCANS; count += 1) scans.push(await scan(database, word(500 + count)));
    say(`looking through all items instead: median ${ms(quantile(scans, 0.5))}`);
  } finally {
    await database.close();
    await server.stop("fast");
    await rm(folder, { recursive: true, force: true });
  }
}

/** Items of some threads, in few statements: what wrote them is not measured here. */
async function fill(database: Database, items: number): Promise<void> {
  await database.query("INSERT INTO agents (id, name, folder, status) VALUES ('agt_1', 'writer', '/w', 'enabled')");
  await database.query(
    `INSERT INTO threads (id, agent_id, title, status, item_count)
     SELECT 'thr_' || n, 'agt_1', 'Thread ' || n, 'open', 0 FROM generate_series(1, ${THREADS}) n`,
  );
  const batch = 2_000;
  for (let from = 0; from < items; from += batch) {
    const texts = Array.from({ length: Math.min(batch, items - from) }, (_, index) => textOf(from + index));
    await database.query(
      `INSERT INTO items (id, thread_id, position, type, content, created_at)
       SELECT 'item_' || lpad((n + $2)::text, 9, '0'), 'thr_' || ((n + $2) % ${THREADS} + 1), n + $2, 'message',
         jsonb_build_object('type', 'message', 'role', 'agent', 'text', t), now() - ($3 - n - $2) * interval '1 minute'
       FROM unnest($1::text[]) WITH ORDINALITY AS x(t, n)`,
      [texts, from, items],
    );
  }
}

function textOf(seed: number): string {
  let state = seed * 2_654_435_761 + 1;
  const next = () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_507) + 0x9e37_79b9) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: WORDS_OF_AN_ITEM }, () => word(Math.floor(VOCABULARY ** next()) - 1)).join(" ");
}

function word(rank: number): string {
  return `wo${rank.toString(36)}`;
}

async function scan(database: Database, wanted: string): Promise<number> {
  const start = performance.now();
  await database.query(
    `SELECT id FROM items WHERE content->>'text' ~* ('\\m' || $1) ORDER BY created_at DESC LIMIT 20`,
    [wanted],
  );
  return performance.now() - start;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function seconds(value: number): string {
  return `${(value / 1000).toFixed(1)} s`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
