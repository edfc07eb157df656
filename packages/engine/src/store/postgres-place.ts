import { createHash, randomUUID } from "node:crypto";
import { chown, link, lstat, mkdir, readFile, realpath, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError } from "@bureau/protocol";
import { isDiskFull } from "./database.ts";
import { isRoot, serverAccount } from "./postgres-account.ts";
import type { ServerAccount } from "./postgres-account.ts";

/** Where a database goes that the server's account could not reach in the wanted folder. */
const SYSTEM_FOLDER = "/var/lib/bureau";
/** Socket paths are cut off at about 100 bytes, so the folder is short whatever the data folder's path. */
const SOCKET_PARENT = "/tmp";
const NOTE_FILE = "database-is-elsewhere.json";
const OTHERS_MAY_ENTER = 0o001;
const GROUP_MAY_ENTER = 0o010;
const OWNER_MAY_ENTER = 0o100;
const ANYONE_ELSE = 0o077;

/** All paths of one embedded database. */
export interface Place {
  /** The folder that holds everything below. */
  folder: string;
  /** PostgreSQL's data directory. */
  cluster: string;
  log: string;
  lock: string;
  socketFolder: string;
  binaryCopies: string;
  /** Whom the server runs as; absent when it is the current user. */
  account: ServerAccount | undefined;
}

/** Finds, and at first makes, the folders of the database that belongs to `dataFolder`. */
export async function preparePlace(dataFolder: string): Promise<Place> {
  const wanted = resolve(dataFolder);
  try {
    await mkdir(wanted, { recursive: true });
    const account = isRoot() ? await serverAccount() : undefined;
    const folder = await chooseFolder(await realpath(wanted), account);
    const cluster = join(folder, "cluster");
    return {
      folder,
      cluster,
      log: join(folder, "postgres.log"),
      lock: join(folder, "start.lock"),
      socketFolder: join(SOCKET_PARENT, `bureau-${shortHash(cluster)}`),
      binaryCopies: isRoot() ? join(SYSTEM_FOLDER, "postgres") : join(folder, "postgres"),
      account: account && (await ownerOf(cluster, account)),
    };
  } catch (error) {
    throw explainFolderError(error, wanted);
  }
}

/** Makes the socket folder, or makes sure that the one there is ours alone. */
export async function prepareSocketFolder(place: Place): Promise<void> {
  const owner = place.account?.userId ?? process.getuid?.() ?? 0;
  try {
    await mkdir(place.socketFolder, { mode: 0o700 });
    if (place.account) await chown(place.socketFolder, place.account.userId, place.account.groupId);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw explainFolderError(error, place.socketFolder);
  }
  let found = await lstat(place.socketFolder);
  // A crash between the two calls above leaves it root's own; nobody else can have made it so.
  if (place.account && found.isDirectory() && found.uid === 0) {
    await chown(place.socketFolder, place.account.userId, place.account.groupId);
    found = await lstat(place.socketFolder);
  }
  if (found.isDirectory() && found.uid === owner && (found.mode & ANYONE_ELSE) === 0) return;
  throw new AppError(
    "unavailable",
    `The socket folder ${place.socketFolder} belongs to someone else or is open to others, so the database is not started in it.`,
    { hint: `Look at it with \`ls -ld ${place.socketFolder}\` and remove it, or set BUREAU_DATA to another folder.` },
  );
}

/** Whether the account can enter and read a folder, judged by the permission bits of it and all its parents. */
export async function isReachable(folder: string, account: ServerAccount | undefined): Promise<boolean> {
  if (!account) return true;
  for (let path = await realpath(folder); ; path = dirname(path)) {
    const { mode, uid, gid } = await stat(path);
    const needed =
      uid === account.userId ? OWNER_MAY_ENTER : gid === account.groupId ? GROUP_MAY_ENTER : OTHERS_MAY_ENTER;
    if ((mode & needed) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/** Turns the usual failures of files and folders into words. */
export function explainFolderError(error: unknown, folder: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof AppError || code === undefined) return error;
  if (isDiskFull(error)) return diskFull(folder, error);
  if (["EACCES", "EPERM", "EROFS"].includes(code)) {
    return new AppError("unavailable", `The database folder ${folder} cannot be written to.`, {
      hint: "Give your user the right to write there, or set BUREAU_DATA to a folder of your own.",
      cause: error,
    });
  }
  if (["ENOTDIR", "EEXIST"].includes(code)) {
    return new AppError("unavailable", `The database folder ${folder} is not a folder: a file has its name.`, {
      hint: "Move the file away, or set BUREAU_DATA to another folder.",
      cause: error,
    });
  }
  if (code === "ENOTEMPTY") {
    return new AppError(
      "unavailable",
      `The database folder ${folder} holds a folder named cluster that is no database.`,
      {
        hint: "Move it away, or set BUREAU_DATA to another folder.",
        cause: error,
      },
    );
  }
  return error;
}

export function diskFull(folder: string, cause: unknown): AppError {
  return new AppError("unavailable", `The disk that holds ${folder} is full, so the database cannot work.`, {
    hint: "Free some space and start again; nothing that was stored is lost.",
    cause,
  });
}

/** As root, the folder may have to be elsewhere; a note in the wanted folder then says where. */
async function chooseFolder(wanted: string, account: ServerAccount | undefined): Promise<string> {
  if (!account) return wanted;
  const noted = await readNote(wanted);
  if (noted) return noted;
  if (await isReachable(wanted, account)) return wanted;
  if (await exists(join(wanted, "cluster"))) {
    throw new AppError(
      "unavailable",
      `The database in ${wanted} cannot be reached by the user ${account.name} that it runs as, because a folder above it is closed.`,
      { hint: "Open the folders above it for passing through (chmod o+x), or move the database folder." },
    );
  }
  return noteElsewhere(wanted, account);
}

/**
 * A new place in the system's folder, written down in the wanted one. Never one that was used before: who removes a
 * workspace and makes another with the same path gets a new database. Of two processes at once the first decides.
 */
async function noteElsewhere(wanted: string, account: ServerAccount): Promise<string> {
  const folder = join(SYSTEM_FOLDER, "data", shortHash(`${wanted} ${randomUUID()}`));
  const note = {
    wanted,
    folder,
    reason: `${wanted} is closed to ${account.name}, the user that the database runs as.`,
  };
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const temporary = join(wanted, `${NOTE_FILE}.${process.pid}`);
  await writeFile(temporary, `${JSON.stringify(note, null, 2)}\n`);
  try {
    // A note of a folder that was copied is not this folder's.
    if ((await parseNote(wanted)) !== undefined) await unlink(join(wanted, NOTE_FILE));
    await link(temporary, join(wanted, NOTE_FILE));
  } catch (error) {
    const first = (error as NodeJS.ErrnoException).code === "EEXIST" ? await readNote(wanted) : undefined;
    if (first === undefined) throw error;
    await rmdir(folder);
    return first;
  } finally {
    await unlink(temporary);
  }
  return folder;
}

/** A folder that was moved keeps its database; one that was copied does not share it with the original. */
async function readNote(wanted: string): Promise<string | undefined> {
  const note = await parseNote(wanted);
  if (!note) return undefined;
  if (note.wanted !== wanted && (await parseNote(note.wanted))?.folder === note.folder) return undefined;
  return note.folder;
}

async function parseNote(folder: string): Promise<{ wanted: string; folder: string } | undefined> {
  try {
    const note = JSON.parse(await readFile(join(folder, NOTE_FILE), "utf8")) as Record<string, unknown>;
    if (typeof note.wanted !== "string" || typeof note.folder !== "string") return undefined;
    return note.folder.startsWith(`${SYSTEM_FOLDER}/data/`) ? { wanted: note.wanted, folder: note.folder } : undefined;
  } catch {
    return undefined;
  }
}

/** Data that is already there decides who runs the server: PostgreSQL insists on the owner. */
async function ownerOf(cluster: string, account: ServerAccount): Promise<ServerAccount> {
  const found = await stat(cluster).catch(() => undefined);
  if (!found || found.uid === 0 || found.uid === account.userId) return account;
  return { name: `user ${found.uid}`, userId: found.uid, groupId: found.gid };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
