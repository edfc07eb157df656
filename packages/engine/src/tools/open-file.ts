import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { AppError } from "@bureau/protocol";
import { errorCode, fileError } from "./file-error.ts";
import { isHiddenState, openPlace } from "./paths.ts";
import type { Place } from "./paths.ts";

const BINARY_PROBE_BYTES = 8192;
const MAX_NEAR_NAMES = 3;
const MAX_NAMES_COMPARED = 2000;
/** Not waiting for a writer: a pipe must not hold the process. */
const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A regular file inside the agent's folder, open for reading until `close`. */
export interface OpenFile {
  /** Relative to the agent's folder. */
  path: string;
  descriptor: number;
  size: number;
  close(): void;
}

/** Opens a file for reading. A folder, a device and a missing file are errors that say what to do instead. */
export function openFile(folder: string, path: string): OpenFile {
  const place = openPlace(folder, path, "read");
  try {
    return openPlacedFile(place, path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") throw missing(place, path, error);
    throw fileError(error, path);
  } finally {
    place.close();
  }
}

/** The whole file; the caller has looked at its size. */
export function readWhole(file: OpenFile): Buffer {
  const buffer = Buffer.allocUnsafe(file.size + 1);
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(file.descriptor, buffer, length, buffer.length - length, length);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

/** True when the bytes are not text in UTF-8 or a one-byte encoding. */
export function looksBinary(bytes: Buffer): boolean {
  return bytes.subarray(0, BINARY_PROBE_BYTES).includes(0);
}

function openPlacedFile(place: Place, path: string): OpenFile {
  const descriptor = openSync(place.target, OPEN_FILE);
  try {
    const found = fstatSync(descriptor);
    if (found.isDirectory()) {
      throw new AppError("invalid", `"${path}" is a folder. Look into it with list_files.`);
    }
    if (!found.isFile()) throw new AppError("invalid", `"${path}" is a device or a pipe, not a file.`);
    return { path: place.path, descriptor, size: found.size, close: () => closeSync(descriptor) };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function missing(place: Place, path: string, cause: unknown): AppError {
  const near = nearNames(place);
  const next =
    near.length > 0 ? `Did you mean ${near.map((name) => `"${name}"`).join(" or ")}?` : "Look with list_files.";
  return new AppError("not_found", `"${path}" does not exist. ${next}`, { cause });
}

function nearNames(place: Place): string[] {
  const wanted = place.name.toLowerCase();
  const parent = place.path.slice(0, place.path.length - place.name.length);
  return readdirSync(place.parent.base)
    .slice(0, MAX_NAMES_COMPARED)
    .filter((name) => !isHiddenState(name))
    .map((name) => ({ name, distance: distance(wanted, name.toLowerCase()) }))
    .filter((entry) => entry.distance <= Math.max(2, Math.floor(wanted.length / 3)))
    .sort((left, right) => left.distance - right.distance || left.name.localeCompare(right.name))
    .slice(0, MAX_NEAR_NAMES)
    .map((entry) => parent + entry.name);
}

/** How many letters must be changed, added or removed; a name that only differs in its extension counts as near. */
function distance(left: string, right: string): number {
  if (stem(left) !== "" && stem(left) === stem(right)) return 1;
  if (Math.abs(left.length - right.length) > left.length) return Number.POSITIVE_INFINITY;
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1] ? 0 : 1;
      const change = (previous[column - 1] ?? 0) + same;
      current.push(Math.min(change, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}

function stem(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(0, dot) : name;
}
