import { access, constants, readFile, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Connector, DoctorFinding, DoctorReport } from "@bureau/protocol";
import type { Connectors } from "./connectors/connector.ts";
import type { Models } from "./models/model.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";
import type { Queryable } from "./store/database.ts";
import { examineVault } from "./vault/examine-vault.ts";
import type { SecretStore } from "./vault/open-vault.ts";

const LOW_DISK_BYTES = 512 * 1024 ** 2;

export interface Examined {
  database: Queryable;
  models: Models;
  sandbox: Sandbox;
  vault: SecretStore | null;
  connectors: Connectors;
  workspace: string;
}

/** Looks at what Bureau needs and says what is missing and what mends it. Never throws. */
export async function examine(parts: Examined): Promise<DoctorReport> {
  const findings = await Promise.all([
    look("Database", () => lookAtDatabase(parts.database)),
    look("Sandbox", () => lookAtSandbox(parts.sandbox)),
    look("Model", async () => lookAtModel(parts.models)),
    look("Workspace folder", () => lookAtFolder(parts.workspace)),
    look("Secrets", () => examineVault(parts.vault, parts.workspace)),
    look("Disk", () => lookAtDisk(parts.workspace)),
    look("Version control", () => lookAtIgnore(parts.workspace)),
  ]);
  return { findings: [...findings, ...(await lookAtConnectors(parts.connectors))] };
}

type Found = Omit<DoctorFinding, "name">;

async function look(name: string, examineOne: () => Promise<Found>): Promise<DoctorFinding> {
  try {
    return { name, ...(await examineOne()) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof Error && "hint" in error && typeof error.hint === "string" ? error.hint : null;
    return { name, status: "missing", message, hint };
  }
}

function ok(message: string): Found {
  return { status: "ok", message, hint: null };
}

async function lookAtDatabase(database: Queryable): Promise<Found> {
  const { rows } = await database.query("SELECT current_setting('server_version') AS version");
  return ok(`PostgreSQL ${rows[0]?.version} answers.`);
}

async function lookAtSandbox(sandbox: Sandbox): Promise<Found> {
  const state = await sandbox.state();
  if (state.available) return ok(`Commands run in ${state.kind}.`);
  return { status: "warning", message: `Commands ask first: ${state.reason}`, hint: state.hint };
}

function lookAtModel(models: Models): Found {
  if (models.rehearsal) {
    return {
      status: "warning",
      message: "The model is a rehearsal.",
      hint: "Set ANTHROPIC_API_KEY, OPENAI_API_KEY or models in bureau.yaml.",
    };
  }
  return ok(`${models.chain("default").join(", then ")}.`);
}

async function lookAtFolder(folder: string): Promise<Found> {
  await access(folder, constants.R_OK | constants.W_OK);
  return ok(`${folder} can be read and written.`);
}

async function lookAtDisk(folder: string): Promise<Found> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const text = `${Math.round(free / 1024 ** 2)} MB free.`;
  return free > LOW_DISK_BYTES ? ok(text) : { status: "warning", message: text, hint: "Free some space on this disk." };
}

async function lookAtIgnore(folder: string): Promise<Found> {
  const ignored = await readFile(join(folder, ".gitignore"), "utf8").catch(() => null);
  const inGit = await access(join(folder, ".git")).then(
    () => true,
    () => false,
  );
  if (!inGit || ignored?.split("\n").some((line) => line.trim().replace(/^\//, "").replace(/\/$/, "") === ".bureau")) {
    return ok(inGit ? "Git ignores .bureau/." : "The workspace is not a git repository.");
  }
  return {
    status: "warning",
    message: "Git would take up .bureau/, which holds the database and keys.",
    hint: "echo .bureau/ >> .gitignore",
  };
}

/** One finding a server; none where no `mcp.json` names one. */
async function lookAtConnectors(connectors: Connectors): Promise<DoctorFinding[]> {
  try {
    const { connectors: servers, notices } = await connectors.list();
    return [
      ...notices.map((message) => ({
        name: "Connectors",
        status: "warning" as const,
        message,
        hint: "Mend the file.",
      })),
      ...servers.map((server) => ({ name: `Connector ${server.name}`, ...lookAtServer(server) })),
    ];
  } catch (error) {
    return [await look("Connectors", () => Promise.reject(error))];
  }
}

function lookAtServer({ file, status, error, errorOutput, tools, change }: Connector): Found {
  if (status === "failed") {
    const said = errorOutput.trim() === "" ? "" : ` It said: ${errorOutput.trim().slice(-300)}`;
    return {
      status: "warning",
      message: `It is not connected: ${error}${said}`,
      hint: `Look at its entry in ${file}.`,
    };
  }
  const writes = tools.filter(({ effect }) => effect !== "read").length;
  const message = `${tools.length} tools, ${writes} of which write.`;
  if (change === null) return ok(message);
  const names = [...change.added, ...change.changed, ...change.removed].slice(0, 5).join(", ");
  const hint = "Look at them with `bureau connectors`, and hide in mcp.json what you do not want.";
  return { status: "warning", message: `${message} They changed on ${change.at.slice(0, 10)}: ${names}.`, hint };
}
