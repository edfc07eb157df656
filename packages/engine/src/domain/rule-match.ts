import type { PolicyRule } from "@bureau/protocol";
import type { Action } from "./action.ts";
import { isAll, matchesGlob } from "./glob.ts";

const MAX_TARGET_CHARACTERS = 10_000;

/** Whom a rule is for. */
export interface Asker {
  agent: string;
  goalId: string | null;
  runId: string | null;
}

/** Whether a rule is for this agent, goal and run. A rule that cannot be read holds, unless it allows. */
export function isFor(rule: PolicyRule, asker: Asker): boolean {
  if (rule.goalId !== null && rule.goalId !== asker.goalId) return false;
  if (rule.runId !== null && rule.runId !== asker.runId) return false;
  return rule.agent === null || (matchesGlob(rule.agent, asker.agent) ?? rule.verdict !== "allow");
}

/**
 * Whether a rule that asks or denies speaks of an action.
 *
 * It does as soon as one target fits, and where an action says no targets, any of its values. Rules that allow are
 * looked at by `allowing`.
 */
export function speaksOf(rule: PolicyRule, action: Action): boolean {
  const places = [...action.targets, ...action.reaches];
  const names = [...namesOf(action), ...namesOf(action).map(snakeCase)];
  if (!names.some((name) => matchesGlob(rule.tool, name) !== false)) return false;
  const { target } = rule;
  if (target === null) return true;
  if (target.startsWith("!")) return places.length === 0 || !places.every((place) => isWithin(target.slice(1), place));
  return (places.length > 0 ? places : action.content).some((place) => mayTouch(target, place));
}

/**
 * The rule, or the first of several together, by which an action is allowed; null when none does.
 *
 * Each target must fit one of them, and an action that has none fits no rule that names any.
 */
export function allowing(rules: readonly PolicyRule[], action: Action): PolicyRule | null {
  const of = rules.filter((rule) => namesOf(action).some((name) => matchesGlob(rule.tool, name) === true));
  const any = of.find((rule) => rule.target === null);
  if (any !== undefined) return any;
  const fitting = [...action.targets, ...action.reaches].map((place) =>
    of.find((rule) => isWithin(rule.target!, place)),
  );
  return fitting.includes(undefined) ? null : (fitting[0] ?? null);
}

/** Whether a rule says to whom. */
export function namesTarget(rule: Pick<PolicyRule, "target">): boolean {
  return rule.target !== null && !isAll(rule.target) && !rule.target.startsWith("!");
}

function namesOf(action: Action): string[] {
  return action.tool === action.kind ? [action.tool] : [action.tool, action.kind];
}

/** `sendEmail` is called what `send_email` is. */
function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2");
}

/**
 * Whether a target certainly lies within a pattern. Each address of a list must, and a `*` neither leads from a host
 * into a path nor from one address into another: `*.acme.com` does not hold for `https://evil.org/x.acme.com`.
 */
function isWithin(pattern: string, target: string): boolean {
  if (isAll(pattern)) return true;
  if (target.length > MAX_TARGET_CHARACTERS || /\p{Cc}/u.test(target)) return false;
  if (pattern.startsWith("!")) return false;
  // What was shown to a person on a card is granted as it stood there.
  if (pattern === target && !pattern.includes("*")) return true;
  if (pattern.startsWith("#")) return isPathWithin(pattern.slice(1), target.replace(/^#/, ""));
  const url = webUrl(target);
  if (url !== null) return isUrlWithin(pattern, url);
  const addresses = addressesIn(target);
  if (addresses !== null) return addresses.every((address) => isAddressWithin(pattern, address));
  return isPathWithin(pattern, target);
}

function isAddressWithin(pattern: string, address: string): boolean {
  return /^[^@/\\%]+@[^@/\\%]+$/.test(address) && matchesGlob(pattern, address) === true;
}

function isUrlWithin(pattern: string, url: URL): boolean {
  if (url.username !== "" || url.password !== "") return false;
  const scheme = /^(https?|\*):\/\//i.exec(pattern);
  if (scheme !== null && matchesGlob(scheme[1]!, url.protocol.slice(0, -1)) !== true) return false;
  const [host, path] = splitAtSlash(scheme === null ? pattern : pattern.slice(scheme[0].length));
  if (matchesGlob(host, url.host) !== true) return false;
  return path === null || matchesGlob(path, `${url.pathname}${url.search}${url.hash}`) === true;
}

function isPathWithin(pattern: string, target: string): boolean {
  if (/(^|[/\\])\.\.([/\\]|$)|%2e|%2f|%5c/i.test(target)) return false;
  const [[wantedHead, wantedRest], [head, rest]] = [splitAtSlash(pattern), splitAtSlash(target)];
  const begins = wantedHead === "" ? head === "" : matchesGlob(wantedHead, head);
  if (begins !== true) return false;
  return wantedRest === null ? rest === null : rest !== null && matchesGlob(wantedRest, rest) === true;
}

/** What stands before the first slash, and the rest with it; null where there is no slash. */
function splitAtSlash(text: string): [string, string | null] {
  const at = text.search(/[/\\]/);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at).replaceAll("\\", "/")];
}

/** Whether a target, or any part of it that can be told apart, fits a pattern. What is too long to look at does. */
function mayTouch(wanted: string, target: string): boolean {
  const pattern = wanted.replace(/^#(?=.)/, "");
  const parts = new Set([target, target.trim(), target.replace(/^[#@]/, ""), ...(addressesIn(target) ?? [])]);
  const url = webUrl(target) ?? (/^[^\s@/]+\.[^\s@/]+(\/|$)/.test(target) ? URL.parse(`http://${target}`) : null);
  if (url !== null) for (const part of [url.href, url.host, url.hostname]) parts.add(part);
  if ([...parts].some((part) => matchesGlob(pattern, part) !== false)) return true;
  return url !== null && isUrlWithin(pattern, url);
}

function webUrl(target: string): URL | null {
  return /^\s*https?:/i.test(target) ? URL.parse(target.trim()) : null;
}

/** The mail addresses of `Bob <bob@x.org>, eve@x.org`; null where there is none. */
function addressesIn(target: string): string[] | null {
  if (!target.includes("@") || webUrl(target) !== null) return null;
  const parts = target.split(/[\s,;:<>()[\]"']+/u).filter((part) => part.includes("@"));
  return parts.length === 0 ? null : parts;
}
