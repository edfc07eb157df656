import { access, constants, readFile, stat, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createModels, createSandbox, examineVault, isWorkspace, migrate, systemClock } from "@bureau/engine";
import { createClient, type DoctorFinding } from "@bureau/protocol";
import { type Config, type Environment, loadConfig } from "./config.ts";
import { withDatabase } from "./local-database.ts";
import { type OpenSecrets, openSecrets } from "./open-secrets.ts";
import { readServerFile, readToken } from "./server-file.ts";

const NEEDED_NODE = [24, 15] as const;
const LOW_DISK_BYTES = 512 * 1024 ** 2;
const MAX_NAMED_HOSTS = 10;
const MODEL_MS = 20_000;
const CONNECT_A_MODEL =
  "Set ANTHROPIC_API_KEY or OPENAI_API_KEY, start a local model server, or name one in bureau.yaml.";

interface ExamineOptions {
  workspace: string;
  environment: Environment;
}

type Found = Omit<DoctorFinding, "name">;

/** Everything that Bureau needs to work in a folder, whether or not a server is up. Never throws. */
export async function examineWorkspace(options: ExamineOptions & { now: () => number }): Promise<DoctorFinding[]> {
  const { workspace } = options;
  const first = [
    await look("Node", async () => lookAtNode(process.versions.node)),
    await look("Workspace", () => lookAtWorkspace(workspace)),
  ];
  const config = await loadConfig({ workspace }, options.environment).catch((error: unknown) => failed(error));
  if ("status" in config) return [...first, { name: "Settings", ...config }];
  const secrets = await openSecrets(config).catch((error: unknown) => failed(error));
  if ("status" in secrets) return [...first, { name: "Secrets", ...secrets }];
  const running = await runningServer(config);
  const rest = await Promise.all([
    look("Disk", () => lookAtDisk(workspace)),
    look("Git", () => lookAtIgnore(workspace)),
    look("Database", () => lookAtDatabase(config)),
    look("Sandbox", () => lookAtSandbox(config)),
    look("Secrets", () => examineVault(secrets.vault, workspace)),
    look("Model", () => lookAtModel(config, secrets, running !== null)),
    look("Address", () => lookAtPort(config, running)),
  ]);
  return secrets.guard.redactData([...first, ...rest, ...(running?.findings ?? [])]);
}

async function look(name: string, examine: () => Promise<Found>): Promise<DoctorFinding> {
  return { name, ...(await examine().catch(failed)) };
}

function failed(error: unknown): Found {
  const hint = error instanceof Error && "hint" in error && typeof error.hint === "string" ? error.hint : null;
  return { status: "missing", message: error instanceof Error ? error.message : String(error), hint };
}

function ok(message: string): Found {
  return { status: "ok", message, hint: null };
}

function lookAtNode(version: string): Found {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNewEnough = major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1]);
  return isNewEnough
    ? ok(`${version}.`)
    : {
        status: "missing",
        message: `${version} is too old; ${NEEDED_NODE.join(".")} is needed.`,
        hint: "Run `npm ci`, which brings one.",
      };
}

async function lookAtWorkspace(folder: string): Promise<Found> {
  if (!(await isWorkspace(folder))) {
    return { status: "missing", message: `${folder} has no bureau.yaml.`, hint: `bureau init ${folder}` };
  }
  await access(folder, constants.R_OK | constants.W_OK);
  return ok(`${folder} can be read and written.`);
}

async function lookAtDisk(folder: string): Promise<Found> {
  const { bavail, bsize } = await statfs(folder);
  const text = `${Math.round((bavail * bsize) / 1024 ** 2).toLocaleString("en-US")} MB are free.`;
  return bavail * bsize > LOW_DISK_BYTES
    ? ok(text)
    : { status: "warning", message: text, hint: "Free some space on this disk." };
}

async function lookAtIgnore(folder: string): Promise<Found> {
  const inGit = await stat(join(folder, ".git")).then(
    () => true,
    () => false,
  );
  if (!inGit) return ok("The workspace is not a git repository.");
  const lines = (await readFile(join(folder, ".gitignore"), "utf8").catch(() => "")).split("\n");
  const isIgnored = lines.some((line) => /^\/?\.bureau\/?$/.test(line.trim()));
  if (isIgnored) return ok("Git leaves .bureau/ alone.");
  return {
    status: "missing",
    message: "Git would take up .bureau/, which holds the database and the token.",
    hint: "echo .bureau/ >> .gitignore",
  };
}

async function lookAtDatabase(config: Config): Promise<Found> {
  if (!(await isWorkspace(config.workspace)))
    return { status: "warning", message: "Not tried without a workspace.", hint: null };
  return withDatabase(
    config,
    () => undefined,
    async (database) => {
      await migrate(database);
      const { rows } = await database.query("SELECT current_setting('server_version') AS version");
      const kind = config.databaseUrl === null ? "embedded" : "external";
      return ok(`PostgreSQL ${rows[0].version}, ${kind}, answers.`);
    },
  );
}

async function lookAtSandbox(config: Config): Promise<Found> {
  const sandbox = createSandbox({
    stateFolder: join(config.workspace, ".bureau", "sandbox"),
    clock: systemClock,
    log: () => undefined,
  });
  try {
    const state = await sandbox.state();
    if (state.available) return describeSandbox(state.kind, config.settings.sandbox);
    return { status: "warning", message: `Each command will ask you first: ${state.reason}`, hint: state.hint };
  } finally {
    await sandbox.close();
  }
}

/** What the sandbox gives and what it does not. */
export function describeSandbox(kind: string, { hosts, agents }: Config["settings"]["sandbox"]): Found {
  const names = [...hosts, ...Object.values(agents).flatMap((agent) => agent.hosts)].map((rule) => rule.text);
  const listed = [...new Set(names)].slice(0, MAX_NAMED_HOSTS).join(", ");
  const hasProxy = kind === "bubblewrap";
  const network = names.length > 0 && hasProxy ? `the network at ${listed} alone` : "no network";
  const message =
    `Commands run in ${kind}: they see their folder, the programs of the system and ${network}. ` +
    "They can change and delete what is in their folder; a weakness of the kernel is not held back.";
  if (names.length === 0 || hasProxy) return ok(message);
  const hint = "Hosts for commands need Linux with bubblewrap; here agents can use fetch_url.";
  return { status: "warning", message: `${message} sandbox.hosts has no effect on this system.`, hint };
}

/** A model that is configured is asked one word, so that a wrong key or address shows here. */
async function lookAtModel(config: Config, secrets: OpenSecrets, isUp: boolean): Promise<Found> {
  if (config.rehearsal !== null) {
    return {
      status: "warning",
      message: `A rehearsal answers in place of a model: ${config.rehearsal}`,
      hint: CONNECT_A_MODEL,
    };
  }
  if (config.models.default === undefined)
    return { status: "missing", message: "No model is set up.", hint: CONNECT_A_MODEL };
  const models = createModels(config.models, systemClock, secrets.vault);
  try {
    const model = models.chain("default")[0] ?? config.models.default;
    const answer = await models.call(
      {
        model,
        messages: [{ role: "user", content: [{ type: "text", text: "Answer with the word ready." }] }],
        tools: [],
        effort: null,
        maxOutputTokens: 256,
        cacheKey: "doctor",
      },
      { signal: AbortSignal.timeout(MODEL_MS) },
    );
    if (answer.status === "answered") return ok(`${model} answers.`);
    return {
      status: "missing",
      message: `${model} does not answer: ${answer.failure.message}`,
      hint: isUp ? null : CONNECT_A_MODEL,
    };
  } finally {
    models.close();
  }
}

async function lookAtPort(config: Config, running: Running | null): Promise<Found> {
  if (running !== null) return ok(`Bureau is up at ${running.url}.`);
  const isFree = await canListen(config.host, config.port);
  if (isFree) return ok(`Port ${config.port} is free.`);
  return {
    status: "warning",
    message: `Port ${config.port} is taken by another program.`,
    hint: "Use `bureau up --port 0`.",
  };
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

interface Running {
  url: string;
  findings: DoctorFinding[];
}

/** What a server that is up says of itself, where that is more than can be seen from here. */
async function runningServer(config: Config): Promise<Running | null> {
  const folder = join(config.workspace, ".bureau");
  const file = await readServerFile(folder).catch(() => null);
  if (file === null) return null;
  try {
    const token = config.token ?? (await readToken(folder, null));
    const { findings } = await createClient({ baseUrl: file.url, token }).doctor();
    return { url: file.url, findings: findings.map((finding) => ({ ...finding, name: `Server: ${finding.name}` })) };
  } catch {
    return null;
  }
}
