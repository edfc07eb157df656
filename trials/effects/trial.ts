import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type Effect, type InboxEntry } from "@bureau/protocol";
import type { ModelReply, ScriptRequest } from "../../packages/engine/src/testing/model-reply.ts";
import { startModelServer } from "../../packages/engine/src/testing/model-server.ts";
import { type Manner, type Provider, startProvider } from "./provider.ts";

const BUREAU = new URL("../../packages/cli/bin/bureau.mjs", import.meta.url).pathname;
const SENDS = 6;
const AT_ONCE = 4;
const WORK_LIMIT_MS = 60_000;
const LOOK_MS = 50;
const MANNERS: readonly Manner[] = ["answers", "slow to take", "slow to answer", "loses the answer", "answers"];

export interface Report {
  kills: number;
  runs: number;
  mails: number;
  unknown: number;
  problems: string[];
}

/** Kills the server's process `points` times around its writes outside, and compares what arrived with the ledger. */
export async function runTrial(options: {
  seed: number;
  points: number;
  log: (line: string) => void;
}): Promise<Report> {
  const random = generator(options.seed);
  const provider = await startProvider(() => MANNERS[Math.floor(random() * MANNERS.length)]!);
  const model = await startModelServer({ script: sendingModel, record: false });
  const folder = await makeWorkspace(provider.url);
  const environment = environmentOf(folder, model.openaiUrl);
  const report: Report = { kills: 0, runs: 0, mails: 0, unknown: 0, problems: [] };
  let server = await startServer(folder, environment);
  try {
    while (report.kills < options.points) {
      for (let started = 0; started < AT_ONCE; started += 1) {
        await server.client.startRun({ body: { agent: "sender", text: `Work ${(report.runs += 1)}.` } });
      }
      for (let kills = 0; kills < AT_ONCE * 2 && report.kills < options.points; kills += 1) {
        await killAtAMoment(server.child, provider, random);
        report.kills += 1;
        server = await startServer(folder, environment);
      }
      await allOver(server.client);
      if (report.runs % 20 === 0) options.log(`${report.kills} kills, ${report.runs} runs`);
    }
    await verify(server.client, provider, report);
    return report;
  } finally {
    await stop(server.child);
    await model.close();
    await provider.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each run sends mails and notes, one after the other, and asks for one of them a second time. */
function sendingModel({ messages, toolTurns }: ScriptRequest): ModelReply | string {
  const work = /Work (\d+)/.exec(messages.find(({ role }) => role === "user")?.text ?? "")?.[1] ?? "0";
  if (toolTurns > SENDS) return "All is sent.";
  const number = toolTurns === SENDS ? 0 : toolTurns;
  const name = number % 2 === 0 ? "provider_send_mail" : "provider_send_note";
  return { toolCalls: [{ name, arguments: { to: `p${number}@acme.test`, subject: `work ${work} part ${number}` } }] };
}

async function makeWorkspace(url: string): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "bureau-effects-")));
  await chmod(folder, 0o755);
  const agent = join(folder, "agents", "sender");
  await mkdir(agent, { recursive: true });
  await writeFile(join(agent, "AGENTS.md"), "You send mails.\n");
  await writeFile(
    join(folder, "bureau.yaml"),
    'policy:\n  - allow: "provider_*"\n    to: "*@acme.test"\n    after_outside: true\n',
  );
  const tools = {
    send_mail: { kind: "mail.send", targets: ["to"], reconcile: { tool: "get_sent", match: ["to", "subject"] } },
    send_note: { kind: "note.send", targets: ["to"] },
  };
  await writeFile(join(agent, "mcp.json"), JSON.stringify({ mcpServers: { provider: { url, bureau: { tools } } } }));
  return folder;
}

function environmentOf(folder: string, modelUrl: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    BUREAU_DATA: join(folder, ".data"),
    BUREAU_MODEL: "openai/scripted",
    OPENAI_API_KEY: "none",
    OPENAI_BASE_URL: modelUrl,
  };
}

type Client = ReturnType<typeof createClient>;
interface Running {
  child: ChildProcess;
  client: Client;
}

async function startServer(folder: string, environment: NodeJS.ProcessEnv): Promise<Running> {
  const child = spawn(process.execPath, [BUREAU, "up", "--workspace", folder, "--port", "0", "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: environment,
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors = `${errors}${chunk.toString()}`.slice(-8_000)));
  const first = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (first.done) throw new Error(`Bureau ended before it was ready: ${errors}`);
  child.stdout.resume();
  const { url, token } = JSON.parse(first.value) as { url: string; token: string };
  return { child, client: createClient({ baseUrl: url, token }) };
}

/** As a mail comes in, right after it was kept, or at any time. */
async function killAtAMoment(child: ChildProcess, provider: Provider, random: () => number): Promise<void> {
  const ended = once(child, "exit");
  const kill = () => void child.kill("SIGKILL");
  const kind = Math.floor(random() * 3);
  let mails = Math.floor(random() * 3);
  const wanted = kind === 0 ? "coming" : "kept";
  if (kind < 2) {
    provider.onMail = (moment) => {
      if (moment === wanted && (mails -= 1) < 0) kill();
    };
  }
  const timer = setTimeout(kill, kind < 2 ? 1_000 : random() * 700);
  await ended;
  clearTimeout(timer);
  provider.onMail = () => undefined;
}

async function allOver(client: Client): Promise<void> {
  for (const limit = Date.now() + WORK_LIMIT_MS; Date.now() < limit;) {
    const { runs } = await client.listRuns({ query: { status: ["queued", "running", "waiting"], limit: 1 } });
    if (runs.length === 0) return;
    await sleep(LOOK_MS);
  }
  throw new Error(`The runs were not over after ${WORK_LIMIT_MS} ms.`);
}

/** Nothing twice, nothing lost, and the ledger says of each what arrived, or that nobody knows. */
async function verify(client: Client, provider: Provider, report: Report): Promise<void> {
  const effects = await allEffects(client);
  const asked = await allAsked(client);
  const arrived = Map.groupBy(provider.mails, (mail) => mail.subject);
  report.mails = provider.mails.length;
  for (const [subject, mails] of arrived)
    if (mails.length > 1) report.problems.push(`"${subject}" arrived ${mails.length} times.`);
  const byIntent = Map.groupBy(effects, (effect) => (effect.arguments as { subject: string }).subject);
  for (let work = 1; work <= report.runs; work += 1) {
    for (let number = 0; number < SENDS; number += 1) {
      const subject = `work ${work} part ${number}`;
      const open = (byIntent.get(subject) ?? []).filter(({ status }) => status === "done" || status === "unknown");
      if (open.length !== 1) report.problems.push(`"${subject}" has ${open.length} effects that are done or unknown.`);
      const [effect] = open;
      if (!effect) continue;
      const there = arrived.has(subject);
      if (effect.status === "unknown") {
        report.unknown += 1;
        if (effect.tool === "provider_send_mail")
          report.problems.push(
            `"${subject}" is unknown, but can be asked for: ${effect.error ?? ""} there ${there} ${effect.startedAt} ${effect.endedAt}`,
          );
        if (!asked.has(effect.toolCallId)) report.problems.push(`Nobody is asked about "${subject}".`);
      } else if (!there) report.problems.push(`"${subject}" is done, but never arrived.`);
    }
  }
  const left = effects.filter(({ status }) => status === "started" || status === "approved" || status === "proposed");
  if (left.length > 0) report.problems.push(`${left.length} effects are left open.`);
}

async function allEffects(client: Client): Promise<Effect[]> {
  const all: Effect[] = [];
  for (let cursor: string | undefined; ;) {
    const part = await client.listEffects({ query: { limit: 500, ...(cursor ? { cursor } : {}) } });
    all.push(...part.effects);
    if (part.nextCursor === null) return all;
    cursor = part.nextCursor;
  }
}

async function allAsked(client: Client): Promise<Set<string>> {
  const all: InboxEntry[] = [];
  for (let cursor: string | undefined; ;) {
    const query = { kind: ["unknown_effect" as const], status: ["pending" as const], limit: 500 };
    const part = await client.listInbox({ query: { ...query, ...(cursor ? { cursor } : {}) } });
    all.push(...part.entries);
    if (part.nextCursor === null) return new Set(all.map(({ toolCallId }) => toolCallId ?? ""));
    cursor = part.nextCursor;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

/** Mulberry32: the same seed gives the same trial. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
