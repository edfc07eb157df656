import { closeSync, constants, existsSync, fstatSync, lstatSync, mkdirSync, openSync, readlinkSync } from "node:fs";
import { realpathSync, statSync } from "node:fs";
import { posix } from "node:path";
import { AppError } from "@bureau/protocol";
import { isPersonsFile } from "../domain/persons-files.ts";
import { errorCode, fileError } from "./file-error.ts";

const MAX_PATH_CHARACTERS = 4096;
const MAX_SEGMENTS = 128;
const MAX_LINKS = 40;
/** Bureau's own state: holds secrets, so it is neither read nor written. */
const OWN_STATE = ".bureau";
/** A file written here could run as a command of the person's. */
const VERSION_CONTROL = ".git";
const OPEN_FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Where an open folder can be named by its descriptor, which no swap of names can mislead. */
const DESCRIPTOR_PATHS = existsSync("/proc/self/fd");

/** An open folder. */
export interface OpenFolder {
  descriptor: number;
  /** Reaches this very folder for file functions, also after its name was given to something else. */
  base: string;
}

/** An entry of a folder that may not exist yet, held through its open parent until `close`. */
export interface Place {
  /** Relative to the agent's folder, links resolved; "" for the folder itself. */
  path: string;
  /** Last part of `path`; "." for the folder itself. */
  name: string;
  parent: OpenFolder;
  /** For file functions. Open it with `O_NOFOLLOW`. */
  target: string;
  close(): void;
}

/**
 * Finds an entry inside a folder and holds its parent open.
 *
 * The path is walked one name at a time from the open folder, links are resolved by us, and a step above the
 * folder is refused; so `..`, absolute paths, links and swaps in mid-walk all end inside or in an error. Links that
 * stay inside are followed. For writing, missing parents are made; `.git`, `.bureau` and what is a person's to write
 * are refused.
 */
export function openPlace(folder: string, path: string, purpose: "read" | "write"): Place {
  if (path.length > MAX_PATH_CHARACTERS || path.includes("\0")) {
    throw new AppError(
      "invalid",
      `The path "${shorten(path)}" is not one that a file can have. Use a shorter, plain path.`,
    );
  }
  const walk: Walk = { folder, path, purpose, trail: [], links: 0 };
  try {
    if (purpose === "write") guardPersonsFile(path, posix.normalize(path).split("/"));
    walk.trail.push({ name: "", folder: openFolder(folder) });
    const name = walkToName(walk, segmentsInside(walk, path, "asked"));
    const parent = top(walk);
    verifyInside(walk, parent);
    const names = [...walk.trail.slice(1).map((step) => step.name), ...(name === "." ? [] : [name])];
    if (purpose === "write") guardPersonsFile(path, names);
    for (const step of walk.trail.slice(0, -1)) closeSync(step.folder.descriptor);
    return {
      path: names.join("/"),
      name,
      parent,
      target: childPath(parent, name),
      close: () => closeSync(parent.descriptor),
    };
  } catch (error) {
    for (const step of walk.trail) closeSync(step.folder.descriptor);
    throw fileError(error, path);
  }
}

function guardPersonsFile(path: string, names: string[]): void {
  if (!isPersonsFile(names)) return;
  throw new AppError(
    "forbidden",
    `"${shorten(path)}" says what is wanted and allowed, and only a person writes it. Say what you would change, or ask.`,
  );
}

/** The absolute path of an entry inside a folder, links resolved. Throws when it lies outside. */
export function resolveInside(folder: string, path: string): string {
  const place = openPlace(folder, path, "read");
  place.close();
  return place.path === "" ? folder : `${folder}/${place.path}`;
}

/** Opens a child folder of an open folder; never through a link. */
export function openChildFolder(parent: OpenFolder, name: string): OpenFolder {
  return openFolder(childPath(parent, name));
}

export function childPath(parent: OpenFolder, name: string): string {
  return `${parent.base}/${name}`;
}

/** True for names that are never listed or searched. */
export function isHiddenState(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === OWN_STATE || lower === VERSION_CONTROL;
}

interface Walk {
  folder: string;
  path: string;
  purpose: "read" | "write";
  /** The open folders from the agent's folder down to where the walk is. */
  trail: { name: string; folder: OpenFolder }[];
  links: number;
}

function top(walk: Walk): OpenFolder {
  const last = walk.trail.at(-1);
  if (!last) throw new AppError("internal", `The walk to "${walk.path}" lost its folder.`);
  return last.folder;
}

function openFolder(path: string): OpenFolder {
  const descriptor = openSync(path, OPEN_FOLDER);
  return { descriptor, base: DESCRIPTOR_PATHS ? `/proc/self/fd/${descriptor}` : path };
}

/** Walks to the folder that holds the last name, and returns that name. */
function walkToName(walk: Walk, segments: string[]): string {
  let rest = segments;
  while (rest.length > 0) {
    if (rest.length + walk.trail.length > MAX_SEGMENTS) {
      throw new AppError("invalid", `The path "${shorten(walk.path)}" is nested more than ${MAX_SEGMENTS} deep.`);
    }
    const [segment = ".", ...following] = rest;
    rest = following;
    if (segment === "..") {
      stepUp(walk);
      continue;
    }
    guardName(walk, segment);
    const child = childPath(top(walk), segment);
    const found = lstatSync(child, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) {
      rest = [...linkSegments(walk, child), ...rest];
      continue;
    }
    if (rest.length === 0) return segment;
    if (!found) makeParent(walk, child, segment);
    enter(walk, child, segment);
  }
  return ".";
}

function stepUp(walk: Walk): void {
  if (walk.trail.length === 1) throw leaves(walk);
  const left = walk.trail.pop();
  if (left) closeSync(left.folder.descriptor);
}

function guardName(walk: Walk, name: string): void {
  const lower = name.toLowerCase();
  if (lower === OWN_STATE) {
    throw new AppError(
      "forbidden",
      `"${walk.path}" is in ${OWN_STATE}/, which holds Bureau's own state. Leave it alone.`,
    );
  }
  if (lower === VERSION_CONTROL && walk.purpose === "write") {
    throw new AppError(
      "forbidden",
      `"${walk.path}" is in ${VERSION_CONTROL}/, which tools may not write. Leave it to git.`,
    );
  }
}

/** Where a link leads, as segments from where the walk is; an absolute target starts again at the folder. */
function linkSegments(walk: Walk, child: string): string[] {
  walk.links += 1;
  if (walk.links > MAX_LINKS) {
    throw new AppError(
      "invalid",
      `The path "${walk.path}" goes through more than ${MAX_LINKS} links, perhaps in a circle.`,
    );
  }
  return segmentsInside(walk, readlinkSync(child), "link");
}

function segmentsInside(walk: Walk, path: string, origin: "asked" | "link"): string[] {
  if (!path.startsWith("/")) return split(path);
  const inside = belowFolder(walk.folder, path) ?? belowFolder(walk.folder, posix.normalize(path));
  if (inside === null) throw leaves(walk);
  if (origin === "link") while (walk.trail.length > 1) stepUp(walk);
  return split(inside);
}

function belowFolder(folder: string, path: string): string | null {
  if (path === folder) return "";
  const prefix = folder === "/" ? "/" : `${folder}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : null;
}

function split(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "" && segment !== ".");
}

function makeParent(walk: Walk, child: string, name: string): void {
  if (walk.purpose === "read") {
    const parent = [...walk.trail.slice(1).map((step) => step.name), name].join("/");
    throw new AppError(
      "not_found",
      `"${walk.path}" does not exist: there is no folder "${parent}". Look with list_files.`,
    );
  }
  try {
    mkdirSync(child);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

function enter(walk: Walk, child: string, name: string): void {
  const folder = openFolder(child);
  walk.trail.push({ name, folder });
  if (!DESCRIPTOR_PATHS) verifyInside(walk, folder);
}

/** Asks the system where the open folder really is: the last word over whatever happened during the walk. */
function verifyInside(walk: Walk, opened: OpenFolder): void {
  const root = walk.trail[0]?.folder ?? opened;
  if (DESCRIPTOR_PATHS) {
    if (belowFolder(readlinkSync(root.base), readlinkSync(opened.base)) === null) throw leaves(walk);
    return;
  }
  const real = realpathSync(opened.base);
  const [named, held] = [statSync(real), fstatSync(opened.descriptor)];
  const same = named.ino === held.ino && named.dev === held.dev;
  if (!same || belowFolder(realpathSync(root.base), real) === null) throw leaves(walk);
}

function leaves(walk: Walk): AppError {
  return new AppError(
    "forbidden",
    `The path "${shorten(walk.path)}" leads out of the folder ${walk.folder}. Use a path inside it, such as "notes/plan.md".`,
  );
}

function shorten(path: string): string {
  const plain = path.replaceAll("\0", "\\0");
  return plain.length > 200 ? `${plain.slice(0, 200)}…` : plain;
}
