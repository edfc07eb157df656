import { closeSync, lstatSync, readdirSync } from "node:fs";
import type { Dirent } from "node:fs";
import { errorCode } from "./file-error.ts";
import { isIgnored, outerRules, withRulesOf } from "./ignore-rules.ts";
import type { IgnoreRules } from "./ignore-rules.ts";
import { childPath, openChildFolder, openPlace } from "./paths.ts";
import type { OpenFolder } from "./paths.ts";

/** Something found on the way. `target` reaches it safely, and only until the walk goes on. */
export interface Found {
  /** Relative to the agent's folder. */
  path: string;
  name: string;
  kind: "file" | "folder" | "link" | "other";
  target: string;
}

export interface WalkOptions {
  folder: string;
  /** Where to begin, relative to the folder; "" for all of it. */
  from: string;
  /** 1 gives the entries of `from` alone. */
  maxDepth: number;
  /** Breadth first gives the upper levels before any lower one; depth first gives them in reading order. */
  order: "breadth" | "depth";
}

/**
 * Goes through a folder in order of names, leaving out what git ignores; links are told and not followed.
 *
 * What was named in `from` is walked even when git ignores it. A folder that vanishes or cannot be opened is
 * passed over.
 */
export function* walkFolder(options: WalkOptions): Generator<Found> {
  const { folder, from } = options;
  const rules = rulesAt(folder, from);
  const waiting: Waiting[] = [{ path: from, depth: 1, rules }];
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const opened = openAgain(folder, next.path, next.depth === 1);
    if (!opened) continue;
    const below: Waiting[] = [];
    try {
      const own = withRulesOf(next.path === "" ? folder : `${folder}/${next.path}`, next.rules);
      for (const found of entries(opened, next.path, folder, own)) {
        yield found;
        if (found.kind === "folder" && next.depth < options.maxDepth) {
          below.push({ path: found.path, depth: next.depth + 1, rules: own });
        }
      }
    } finally {
      closeSync(opened.descriptor);
    }
    if (options.order === "breadth") waiting.push(...below);
    else waiting.unshift(...below);
  }
}

interface Waiting {
  path: string;
  depth: number;
  rules: IgnoreRules;
}

/** The rules from the folder down to where the walk begins; none when that place is itself ignored. */
function rulesAt(folder: string, from: string): IgnoreRules {
  let rules = outerRules(folder);
  let at = folder;
  for (const name of from.split("/").filter((part) => part !== "")) {
    rules = withRulesOf(at, rules);
    at = `${at}/${name}`;
    if (isIgnored(rules, at, true)) return [];
  }
  return rules;
}

function openAgain(folder: string, path: string, first: boolean): OpenFolder | null {
  try {
    const place = openPlace(folder, path, "read");
    try {
      return openChildFolder(place.parent, place.name);
    } finally {
      place.close();
    }
  } catch (error) {
    if (first || errorCode(error) === null) throw error;
    return null;
  }
}

function* entries(opened: OpenFolder, path: string, folder: string, rules: IgnoreRules): Generator<Found> {
  const found = readdirSync(opened.base, { withFileTypes: true });
  found.sort((left, right) => (left.name < right.name ? -1 : 1));
  for (const entry of found) {
    const below = path === "" ? entry.name : `${path}/${entry.name}`;
    const target = childPath(opened, entry.name);
    const kind = kindOf(entry, target);
    if (!isIgnored(rules, `${folder}/${below}`, kind === "folder"))
      yield { path: below, name: entry.name, kind, target };
  }
}

function kindOf(entry: Dirent, target: string): Found["kind"] {
  // Some disks do not tell the kind with the name.
  const known = entry.isFile() || entry.isDirectory() || entry.isSymbolicLink() || entry.isFIFO() || entry.isSocket();
  const described = known ? entry : (lstatSync(target, { throwIfNoEntry: false }) ?? entry);
  if (described.isDirectory()) return "folder";
  if (described.isSymbolicLink()) return "link";
  return described.isFile() ? "file" : "other";
}
