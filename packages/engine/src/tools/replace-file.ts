import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsync,
  lstatSync,
  openSync,
} from "node:fs";
import { renameSync, rmSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { AppError } from "@bureau/protocol";
import { childPath } from "./paths.ts";
import type { Place } from "./paths.ts";

const NEW_FILE_MODE = 0o666;
const CREATE_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

const syncToDisk = promisify(fsync);

/**
 * Puts new content in a file's place in one step: whoever reads sees the old file or the new one, whole, also
 * after a crash at any moment. Keeps the mode and, where permitted, the owner. `callId` names the temporary file,
 * so that a second try of the same call clears what a dead one left.
 */
export async function replaceFile(place: Place, content: Buffer, callId: string): Promise<void> {
  const existing = lstatSync(place.target, { throwIfNoEntry: false });
  if (existing && !existing.isFile()) {
    const kind = existing.isDirectory() ? "a folder" : "not a regular file";
    throw new AppError("invalid", `"${place.path}" is ${kind}; nothing was written. Choose another path.`);
  }
  if (existing) accessSync(place.target, constants.W_OK);
  const temporary = childPath(place.parent, `.bureau-${callId}.tmp`);
  rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, CREATE_FILE, NEW_FILE_MODE);
  try {
    try {
      for (let written = 0; written < content.length;) {
        written += writeSync(descriptor, content, written, content.length - written);
      }
      if (existing) keepOwnerAndMode(descriptor, existing);
      await syncToDisk(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, place.target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  await syncToDisk(place.parent.descriptor);
}

function keepOwnerAndMode(descriptor: number, existing: { uid: number; gid: number; mode: number }): void {
  const created = fstatSync(descriptor);
  if (created.uid !== existing.uid || created.gid !== existing.gid) {
    try {
      fchownSync(descriptor, existing.uid, existing.gid);
    } catch {
      // Only root may give files away. The content matters more than the owner.
    }
  }
  fchmodSync(descriptor, existing.mode & 0o7777);
}
