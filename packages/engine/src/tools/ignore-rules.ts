import { lstatSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ignore from "ignore";
import type { Ignore } from "ignore";
import { errorCode } from "./file-error.ts";
import { isHiddenState } from "./paths.ts";

const MAX_RULE_BYTES = 256_000;
const MAX_PARENTS = 40;
const RULES_NAME = ".gitignore";

/** The rules of one `.gitignore`; `base` is the folder it lies in, as an absolute path. */
interface Level {
  base: string;
  rules: Ignore;
}

/** What git ignores at one folder and below: the rules there, then those of the folders above, nearest first. */
export type IgnoreRules = readonly Level[];

/**
 * The rules that hold in a folder because of files above it, up to the repository's root, and its local excludes.
 *
 * None when the repository ignores the folder as a whole: it is then no part of it, and what lies in it is looked at.
 */
export function outerRules(folder: string): IgnoreRules {
  const rules = rulesAbove(folder);
  return liesInIgnored(rules, folder) ? [] : rules;
}

function liesInIgnored(rules: IgnoreRules, folder: string): boolean {
  for (let at = folder, step = 0; step < MAX_PARENTS && dirname(at) !== at; step += 1, at = dirname(at)) {
    const levels = rules.filter((level) => at.startsWith(`${level.base}/`));
    if (levels.length === 0) return false;
    if (isIgnored(levels, at, true)) return true;
  }
  return false;
}

function rulesAbove(folder: string): IgnoreRules {
  const above: string[] = [];
  let at = folder;
  for (let step = 0; step < MAX_PARENTS; step += 1) {
    if (lstatSync(join(at, ".git"), { throwIfNoEntry: false })) {
      const excludes = load(at, join(at, ".git/info/exclude"));
      return [...above.flatMap((parent) => load(parent)), ...excludes];
    }
    const parent = dirname(at);
    if (parent === at) break;
    above.push(parent);
    at = parent;
  }
  return [];
}

/** Adds the rules that lie in a folder itself. */
export function withRulesOf(folder: string, outer: IgnoreRules): IgnoreRules {
  const own = load(folder);
  return own.length > 0 ? [...own, ...outer] : outer;
}

/** The nearest file with something to say about a name decides. */
export function isIgnored(rules: IgnoreRules, path: string, isFolder: boolean): boolean {
  if (isHiddenState(path.slice(path.lastIndexOf("/") + 1))) return true;
  for (const level of rules) {
    const result = level.rules.test(relative(level.base, path) + (isFolder ? "/" : ""));
    if (result.ignored) return true;
    if (result.unignored) return false;
  }
  return false;
}

function load(base: string, file = join(base, RULES_NAME)): Level[] {
  try {
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (!found?.isFile() || found.size > MAX_RULE_BYTES) return [];
    return [{ base, rules: ignore().add(readFileSync(file, "utf8")) }];
  } catch (error) {
    if (errorCode(error) !== null) return []; // Unreadable rules ignore nothing.
    throw error;
  }
}
