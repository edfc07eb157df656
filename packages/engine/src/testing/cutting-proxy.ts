import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * When the connections die: before a query reaches the server, once it was answered and the answer is not heard, or
 * while nobody knows: the query is on its way, and the server has it or not.
 */
export type CutMoment = "before" | "after" | "meanwhile";

/** A query as it passes: its number since the last `cut` was set, from 1, and its text. */
export interface PassingQuery {
  number: number;
  text: string;
  /** Which connection it came by, from 1. */
  connection: number;
}

export interface CuttingProxy {
  /** The address of the same database, by way of here. */
  readonly url: string;
  /** Texts of the queries that came since the cut was set. */
  readonly texts: readonly string[];
  /** The query at which all connections died, null while they live. */
  readonly cutAt: PassingQuery | null;
  /**
   * All connections die once, at the first query for which `at` says so, and the next `refusing` attempts to connect
   * fail. Null: none dies.
   */
  cut(at: ((query: PassingQuery) => boolean) | null, moment?: CutMoment, refusing?: number): void;
  close(): Promise<void>;
}

const PORT = "5432";
/** Messages of the client after which the server answers and says that it is ready: a text alone, and Sync. */
const ENDS_QUERY = new Set(["Q", "S"]);
const READY = "Z";

interface Pair {
  number: number;
  client: net.Socket;
  server: net.Socket;
  /** Texts of this connection's prepared statements. */
  statements: Map<string, string>;
  /** Nothing the server says is heard any more. */
  isDeaf: boolean;
}

/** A way to the server on which connections can be made to die between any two messages of PostgreSQL's protocol. */
export async function cuttingProxy(databaseUrl: string): Promise<CuttingProxy> {
  const target = new URL(databaseUrl);
  const folder = await mkdtemp(join(tmpdir(), "bureau-proxy-"));
  const pairs = new Set<Pair>();
  const state = {
    texts: [] as string[],
    at: null as ((query: PassingQuery) => boolean) | null,
    moment: "before" as CutMoment,
    refusing: 0,
    connections: 0,
    cutAt: null as PassingQuery | null,
  };

  const dieAll = (last?: { pair: Pair; bytes: Buffer }) => {
    for (const pair of pairs) {
      pair.isDeaf = true;
      pair.client.destroy();
      if (pair === last?.pair) pair.server.end(last.bytes);
      else pair.server.destroy();
    }
    pairs.clear();
  };

  /** A whole query of the client, ready to be passed on. */
  const pass = (pair: Pair, bytes: Buffer, text: string) => {
    state.texts.push(text);
    const query = { number: state.texts.length, text, connection: pair.number };
    if (state.cutAt !== null || !state.at?.(query)) return void pair.server.write(bytes);
    state.cutAt = query;
    if (state.moment === "before") dieAll();
    else if (state.moment === "meanwhile") dieAll({ pair, bytes });
    else {
      pair.isDeaf = true;
      pair.server.write(bytes);
    }
  };

  const server = net.createServer((client) => {
    client.on("error", ignore);
    if (state.cutAt !== null && state.refusing > 0) {
      state.refusing -= 1;
      return void client.destroy();
    }
    const upstream = net.connect(`${target.searchParams.get("host")}/.s.PGSQL.${target.port || PORT}`);
    upstream.on("error", ignore);
    const pair: Pair = {
      number: (state.connections += 1),
      client,
      server: upstream,
      statements: new Map(),
      isDeaf: false,
    };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    client.on("close", end);
    upstream.on("close", end);
    readQueries(pair, pass);
    const messages = splitMessages();
    upstream.on("data", (bytes) => {
      if (!pair.isDeaf) return void client.write(bytes);
      if (messages(bytes).some(({ type }) => type === READY)) dieAll();
    });
  });
  const socket = join(folder, `.s.PGSQL.${PORT}`);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const url = new URL(databaseUrl);
  url.port = PORT;
  url.searchParams.set("host", folder);
  return {
    url: url.href,
    get texts() {
      return state.texts;
    },
    get cutAt() {
      return state.cutAt;
    },
    cut: (at, moment = "before", refusing = 0) =>
      void Object.assign(state, { texts: [], cutAt: null, at, moment, refusing }),
    close: async () => {
      dieAll();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Calls back with each whole query of a client; what comes before the first one is passed on as it is. */
function readQueries(pair: Pair, pass: (pair: Pair, bytes: Buffer, text: string) => void): void {
  const messages = splitMessages(true);
  let held: Buffer[] = [];
  let text = "";
  pair.client.on("data", (bytes) => {
    for (const message of messages(bytes)) {
      held.push(message.bytes);
      text = textOf(message, pair.statements) ?? text;
      const isOther = message.type === "" || message.type === "p" || message.type === "X";
      if (isOther) pair.server.write(Buffer.concat(held));
      else if (ENDS_QUERY.has(message.type)) pass(pair, Buffer.concat(held), text);
      else continue;
      held = [];
    }
  });
}

interface Message {
  /** Empty for the first message of a client, which has none. */
  type: string;
  bytes: Buffer;
}

/** Cuts a stream of bytes into messages: a type of one byte, a length of four, and what the length covers. */
function splitMessages(startsWithoutType = false): (bytes: Buffer) => Message[] {
  let rest = Buffer.alloc(0);
  let isFirst = startsWithoutType;
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const found: Message[] = [];
    for (;;) {
      const lengthAt = isFirst ? 0 : 1;
      if (rest.length < lengthAt + 4) return found;
      const size = lengthAt + rest.readUInt32BE(lengthAt);
      if (rest.length < size) return found;
      found.push({ type: isFirst ? "" : String.fromCharCode(rest[0]!), bytes: rest.subarray(0, size) });
      rest = rest.subarray(size);
      isFirst = false;
    }
  };
}

/** The text of a query, where a message tells it: as text, or by the name under which it was prepared. */
function textOf({ type, bytes }: Message, statements: Map<string, string>): string | null {
  const [first = "", second = ""] = bytes.subarray(5).toString("latin1").split("\0", 2);
  if (type === "Q") return first;
  if (type === "P") statements.set(first, second);
  return type === "P" ? second : type === "B" ? (statements.get(second) ?? null) : null;
}

function ignore(): void {}
