import { randomBytes } from "node:crypto";
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@bureau/protocol";
import { z } from "zod";

const TOKEN_BYTES = 24;
const DRAFT_CHARACTERS = 8;

/** Where a running server can be found; the CLI reads it. */
export const ServerFile = z.object({ url: z.string(), pid: z.number().int(), tokenFile: z.string() });
export type ServerFile = z.infer<typeof ServerFile>;

/** The folder of Bureau's own files in a workspace, readable by its owner alone. */
export async function ownFolder(workspace: string): Promise<string> {
  const folder = join(workspace, ".bureau");
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === "EEXIST") return folder;
    throw new AppError("unavailable", `The folder ${folder} cannot be made.`, {
      hint: `Check that ${workspace} exists and that you may write there.`,
      cause: error,
    });
  }
  return folder;
}

/**
 * The workspace's token, made once. A token given by a setting is used and not written.
 *
 * It is written under a name of its own and then linked to its place: whoever asks at
 * the same time finds no file, or a whole one, and a process that dies leaves no half token.
 */
export async function readToken(folder: string, given: string | null): Promise<string> {
  if (given !== null) return given;
  const path = join(folder, "token");
  const known = await readText(path);
  if (known !== null) return known;
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const draft = `${path}.${token.slice(0, DRAFT_CHARACTERS)}`;
  try {
    await writeFile(draft, `${token}\n`, { mode: 0o600, flag: "wx", flush: true });
    if (await linkOrFind(draft, path)) return token;
    const made = await readText(path);
    if (made !== null) return made;
    // An empty file: an older version died between making it and writing it.
    await rename(draft, path);
    return token;
  } catch (error) {
    throw new AppError("unavailable", `The token cannot be written to ${path}.`, {
      hint: "Check that you may write there, or set BUREAU_TOKEN.",
      cause: error,
    });
  } finally {
    await rm(draft, { force: true });
  }
}

/** Gives the draft its place; false where another process was first. */
async function linkOrFind(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** The workspace's token, or null when none was made yet. */
export async function findToken(folder: string): Promise<string | null> {
  return readText(join(folder, "token"));
}

/** Says where the server is; a token given by a setting is written next to it so that the CLI has it. */
export async function writeServerFile(folder: string, url: string, token: string, isGiven: boolean): Promise<void> {
  const tokenFile = join(folder, isGiven ? "server-token" : "token");
  if (isGiven) await replaceFile(tokenFile, `${token}\n`);
  const content: ServerFile = { url, pid: process.pid, tokenFile };
  await replaceFile(join(folder, "server.json"), `${JSON.stringify(content)}\n`);
}

/** Removes what `writeServerFile` wrote, unless another server has written its own since. */
export async function removeServerFile(folder: string): Promise<void> {
  const file = await readServerFile(folder);
  if (file?.pid !== process.pid) return;
  await rm(join(folder, "server.json"), { force: true });
  await rm(join(folder, "server-token"), { force: true });
}

/** What a running server wrote; null when there is none. The process may have died since. */
export async function readServerFile(folder: string): Promise<ServerFile | null> {
  const text = await readText(join(folder, "server.json"));
  try {
    return text === null ? null : ServerFile.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, content, { mode: 0o600 });
  await chmod(temporary, 0o600);
  await rename(temporary, path);
}

async function readText(path: string): Promise<string | null> {
  try {
    const text = (await readFile(path, "utf8")).trim();
    return text === "" ? null : text;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw new AppError("unavailable", `The file ${path} cannot be read.`, { hint: "Check who owns it.", cause: error });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
