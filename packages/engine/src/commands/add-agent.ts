import { AppError, newId, type AddAgent, type Agent, type CreateAgent } from "@bureau/protocol";
import { mkdir, readdir, realpath, stat, writeFile } from "node:fs/promises";
import { basename, isAbsolute, join, resolve } from "node:path";
import { slug } from "../goals/goal-name.ts";
import { agentFromRow, type AgentRow } from "../store/rows.ts";
import { change, sqlState, type Change } from "./change.ts";
import { findAgentByFolder } from "../queries/lookup.ts";
import type { CommandParts } from "./parts.ts";

const CONTEXT_FILES = ["AGENTS.md", "CLAUDE.md"];
const MAX_NAME_TRIES = 100;
const MAX_DISCOVERED = 1_000;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u;
const UNIQUE_VIOLATION = "23505";

/** Takes up a folder with `AGENTS.md` or `CLAUDE.md`. The same folder again is the same agent. */
export async function addAgent(parts: CommandParts, input: AddAgent): Promise<Agent> {
  if (input.name !== undefined) requireName(input.name);
  const folder = await realFolder(input.folder);
  const known = await findAgentByFolder(parts.database, folder);
  if (known !== null) return agentFromRow(known);
  if (folder !== parts.workspace.folder) await requireContextFile(folder);
  return await insertFirst(parts, folder, input.name ?? null);
}

/** The agent of a folder that a run is asked for in; becomes one if it is none yet, also without a context file. */
export async function agentOfFolder(parts: CommandParts, path: string): Promise<Agent> {
  const folder = await realFolder(path);
  const known = await findAgentByFolder(parts.database, folder);
  return known === null ? await insertFirst(parts, folder, null) : agentFromRow(known);
}

/** Makes `agents/<name>` with an `AGENTS.md` and takes it up. */
export async function createAgent(parts: CommandParts, input: CreateAgent): Promise<Agent> {
  requireName(input.name);
  const folder = join(parts.workspace.folder, "agents", input.name);
  const { rows } = await parts.database.query("SELECT 1 FROM agents WHERE name = $1 AND folder <> $2", [
    input.name,
    folder,
  ]);
  if (rows.length > 0) throw nameTaken(input.name);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(join(folder, "AGENTS.md"), input.instructions ?? firstInstructions(input.name), { flag: "wx" });
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    throw new AppError("conflict", `The folder ${folder} already has an AGENTS.md; it is unchanged.`, {
      hint: `Take it up as it is with \`bureau agent add ${folder}\`.`,
      cause: error,
    });
  }
  return await insertFirst(parts, await realpath(folder), input.name);
}

/** Takes up the workspace's own folder and every folder in `agents/` that has a context file. */
export async function discoverAgents(parts: CommandParts): Promise<Agent[]> {
  const home = join(parts.workspace.folder, "agents");
  const names = await readdir(home).catch(() => []);
  const agents = [await addAgent(parts, { folder: parts.workspace.folder })];
  for (const name of names.toSorted((one, other) => (one < other ? -1 : 1)).slice(0, MAX_DISCOVERED)) {
    const folder = join(home, name);
    if (name.startsWith(".") || !(await hasContextFile(folder))) continue;
    agents.push(await addAgent(parts, { folder }));
  }
  return agents;
}

async function insertFirst(parts: CommandParts, folder: string, wish: string | null): Promise<Agent> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await change(parts, (change) => insertAgent(change, folder, wish));
    } catch (error) {
      // Another process took the name or the folder between the look and the write.
      if (sqlState(error) !== UNIQUE_VIOLATION || tries >= MAX_NAME_TRIES) throw error;
    }
  }
}

async function insertAgent(change: Change, folder: string, wish: string | null): Promise<Agent> {
  const known = await findAgentByFolder(change.transaction, folder);
  if (known !== null) return agentFromRow(known);
  const name = wish === null ? await freeName(change, folder) : await requireFree(change, wish);
  const { rows } = await change.transaction.query<AgentRow>(
    "INSERT INTO agents (id, name, folder, status, created_at) VALUES ($1, $2, $3, 'enabled', $4) RETURNING *",
    [newId("agent"), name, folder, change.now],
  );
  const agent = agentFromRow(rows[0]!);
  change.addEvent({ type: "agent.created", data: { agent } });
  return agent;
}

async function freeName(change: Change, folder: string): Promise<string> {
  const own = basename(folder);
  const base = NAME.test(own) && !looksLikeId(own) ? own : slug(own === "" ? "agent" : own);
  for (let count = 1; count <= MAX_NAME_TRIES; count += 1) {
    const name = count === 1 ? base : `${base}-${count}`;
    if (!(await isTaken(change, name))) return name;
  }
  throw nameTaken(base);
}

async function requireFree(change: Change, name: string): Promise<string> {
  if (await isTaken(change, name)) throw nameTaken(name);
  return name;
}

async function isTaken(change: Change, name: string): Promise<boolean> {
  const { rows } = await change.transaction.query("SELECT 1 FROM agents WHERE name = $1", [name]);
  return rows.length > 0;
}

function nameTaken(name: string): AppError {
  return new AppError("conflict", `There is already an agent named "${name}".`, { hint: "Choose another name." });
}

function requireName(name: string): void {
  if (NAME.test(name) && !looksLikeId(name)) return;
  throw new AppError("invalid", `"${name}" cannot be an agent's name.`, {
    hint: "Use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or a digit.",
  });
}

function looksLikeId(name: string): boolean {
  return name.startsWith("agt_");
}

async function realFolder(folder: string): Promise<string> {
  if (!isAbsolute(folder)) {
    throw new AppError("invalid", `The folder "${folder}" is not an absolute path.`, {
      hint: `Give the whole path, such as ${resolve("/home/me", folder)}.`,
    });
  }
  const real = await realpath(folder).catch((error: unknown) => {
    throw new AppError("not_found", `There is no folder ${folder} that Bureau can read.`, { cause: error });
  });
  if (!(await stat(real)).isDirectory()) throw new AppError("invalid", `${folder} is a file, not a folder.`);
  return real;
}

async function requireContextFile(folder: string): Promise<void> {
  if (await hasContextFile(folder)) return;
  throw new AppError("invalid", `The folder ${folder} has neither AGENTS.md nor CLAUDE.md, so it is no agent yet.`, {
    hint: `Write ${join(folder, "AGENTS.md")} with a few lines on what the agent is for, then try again.`,
  });
}

async function hasContextFile(folder: string): Promise<boolean> {
  for (const name of CONTEXT_FILES) {
    const found = await stat(join(folder, name)).catch(() => null);
    if (found?.isFile() === true) return true;
  }
  return false;
}

function firstInstructions(name: string): string {
  return `# ${name}

What this agent is for, in a few lines. What it must know, what good work looks like here, and what it must not do.
`;
}
