import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError, type Budget, MICROS_PER_DOLLAR, type PolicyRule } from "@bureau/protocol";
import { type Document, LineCounter, parseDocument } from "yaml";
import { parseDuration } from "../domain/duration.ts";
import { parseHostRule, type HostRule, type NetworkSettings } from "../domain/host-rules.ts";
import { readBudget } from "../goals/goal-file-budget.ts";
import { type FieldPath, fieldReader, type FieldReader } from "../goals/goal-file-fields.ts";
import type { Caps } from "../domain/caps.ts";
import type { ModelPrice } from "../models/model.ts";
import { readCaps } from "./cap-settings.ts";
import { readPolicy } from "./policy-settings.ts";
import { type PushSettings, readPush } from "./push-settings.ts";
import { SECRET_NAME, secretReferences } from "../vault/vault.ts";

export const SETTINGS_FILE = "bureau.yaml";
const MAX_BYTES = 256 * 1024;
const MAX_ALIASES = 20;
const MAX_LIST = 200;
const MAX_APPROVAL_MS = 365 * 24 * 60 * 60_000;

export const PROVIDER_KINDS = ["openai", "anthropic", "google", "openai-compatible"] as const;
export type ProviderKind = (typeof PROVIDER_KINDS)[number];

/** A model provider as the settings name it. The key itself is in the environment or the vault, never here. */
export interface ProviderSettings {
  kind: ProviderKind;
  baseUrl: string | null;
  /** Name of the environment variable that holds the key. */
  apiKeyEnv: string | null;
  /** Name of the secret in the vault that holds the key. */
  apiKeySecret: string | null;
  headers: Record<string, string>;
}

export interface LimitSettings {
  /** Runs at work at the same time. */
  maxConcurrentRuns: number | null;
  /** Steps of one run. */
  runSteps: number | null;
  /** Time at work of one run, in milliseconds. */
  runTimeMs: number | null;
  /** Calls to one provider at the same time. */
  maxConcurrentCalls: number | null;
}

export interface SandboxSettings extends NetworkSettings {
  /** What one command may add to the disk. */
  diskBytes: number | null;
}

/** Times in milliseconds from when an approval was asked for. */
export interface ApprovalSettings {
  expireAfterMs: number | null;
  remindAfterMs: number | null;
}

/** What `bureau.yaml` says; null or empty where it says nothing. */
export interface WorkspaceSettings {
  models: { default: string | null; fast: string | null; judge: string | null; fallbacks: string[] };
  providers: Record<string, ProviderSettings>;
  /** Micro-dollars per million tokens, by `provider/model`. */
  prices: Record<string, ModelPrice>;
  /** Context size and output bound, by `provider/model`. */
  modelLimits: Record<string, { contextTokens: number | null; maxOutputTokens: number | null }>;
  /** Caps of a goal that sets none of its own. */
  budget: Budget;
  /** Caps of agents, of the workspace and of a day, over all goals. */
  caps: Caps;
  limits: LimitSettings;
  approvals: ApprovalSettings;
  fetch: { allowHosts: string[] };
  push: PushSettings;
  sandbox: SandboxSettings;
  /** Where others reach the server. */
  publicUrl: string | null;
  /** Rules about calls, in the order of the file. */
  policy: PolicyRule[];
  warnings: string[];
}

/** Every key of the file with what it means; the reference page is made from it. */
export const SETTINGS_KEYS = {
  "models.default": "The model that agents use, as provider/model.",
  "models.fast": "The model for small jobs such as summaries; the default one when absent.",
  "models.judge": "The model that judges work against a rubric; the default one when absent.",
  "models.fallbacks": "Models that are tried in order when the first does not answer.",
  "providers.<name>.kind": "openai, anthropic, google or openai-compatible (the default).",
  "providers.<name>.baseUrl": "Address of the server's API.",
  "providers.<name>.apiKeyEnv": "Environment variable that holds the key.",
  "providers.<name>.apiKeySecret": "Secret in the vault that holds the key, in place of apiKeyEnv.",
  "providers.<name>.headers": "Headers that are sent with each request; a secret is written as ${secret:NAME}.",
  "prices.<provider/model>": "Dollars per million tokens: input, cachedInput, output.",
  "modelLimits.<provider/model>": "contextTokens and maxOutputTokens of a model that Bureau does not know.",
  budget: "Caps of a goal that sets none: tokens, money, time, turns, tool_calls.",
  "caps.day": "Caps of the whole workspace in one day of this machine's calendar: tokens, money, runs.",
  "caps.workspace": "Caps of the whole workspace over all days: tokens, money.",
  "caps.agents.<name>": "Caps of one agent over all days: tokens, money.",
  "caps.agents.<name>.day": "Caps of one agent in one day: tokens, money, runs.",
  "limits.maxConcurrentRuns": "Runs at work at the same time.",
  "limits.runSteps": "Steps after which one run is stopped.",
  "limits.runTime": "Time at work after which one run is stopped, such as 2h.",
  "limits.maxConcurrentCalls": "Calls to one provider at the same time.",
  "approvals.expireAfter": "How long an approval waits before it counts as denied, such as 3d (the default).",
  "approvals.remindAfter": "When a person is reminded of it, once; half of that time when absent.",
  "fetch.allowHosts": "Private hosts, as host or host:port, that agents may fetch all the same.",
  "push.subject":
    "Where push services can reach you: mailto: and an address, or the https address of your Bureau. Notifications need it; without it the first of `BUREAU_HOSTS` is taken, where that is a public name.",
  "push.actions": "approvals (the default): approve and deny in the notification; none: it can only be opened.",
  "push.allowHosts": "Push services, as host:port, that need be neither public nor encrypted; for tests.",
  "sandbox.hosts":
    "Hosts that commands may connect to: host, *.host or host:port; private:host:port for one that is not on the public internet. None without it.",
  "sandbox.agents.<name>.hosts": "The same for the commands of one agent, in place of `sandbox.hosts`.",
  "sandbox.diskLimit": "What one command may add to the disk, such as 500 MB; 2 GiB without it.",
  publicUrl: "Where others reach the server, such as https://bureau.example.com; links and QR codes begin with it.",
  policy: "Rules about calls: entries such as `ask: mail.send`. A deny wins, then an ask, then an allow.",
  "policy[].allow, .ask, .deny": "Tool or kind of tool, or several; `*` stands for any characters.",
  "policy[].to": "Targets that the rule is for, as pattern or list; all when absent. `!` in front: all others.",
  "policy[].agent": "Agents that the rule is for, by name or pattern; all when absent.",
  "policy[].after_outside": "true: the allow holds also when the run has read outside content. Needs to.",
} as const;

type Values = Record<string, unknown>;

/** Reads the workspace's settings; a missing file says nothing. Throws `invalid`, naming line and key. */
export async function readSettings(workspaceFolder: string): Promise<WorkspaceSettings> {
  const path = join(workspaceFolder, SETTINGS_FILE);
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES)
      throw new AppError("too_large", `${path} is larger than 256 kB.`, { hint: "Keep only settings in it." });
    return parseSettings(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof AppError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return parseSettings("");
    throw new AppError("invalid", `${path} could not be read: ${code ?? String(error)}.`, { cause: error });
  }
}

export function parseSettings(text: string): WorkspaceSettings {
  const lines = new LineCounter();
  const document: Document = parseDocument(text.replace(/^\uFEFF/, ""), {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "silent",
  });
  const error = document.errors[0];
  if (error !== undefined) {
    const line = lines.linePos(error.pos[0]).line;
    throw new AppError("invalid", `${SETTINGS_FILE}, line ${line}: not readable: ${error.message}.`, { cause: error });
  }
  const reader = fieldReader({ name: SETTINGS_FILE, document, lines, firstLine: 1 });
  const values = section(plainValues(document), [], reader);
  warnUnknown(
    values,
    [
      "models",
      "providers",
      "prices",
      "modelLimits",
      "budget",
      "caps",
      "limits",
      "approvals",
      "fetch",
      "push",
      "sandbox",
      "publicUrl",
      "policy",
    ],
    [],
    reader,
  );
  const models = section(values["models"], ["models"], reader);
  warnUnknown(models, ["default", "fast", "judge", "fallbacks"], ["models"], reader);
  const fetch = section(values["fetch"], ["fetch"], reader);
  warnUnknown(fetch, ["allowHosts"], ["fetch"], reader);
  return {
    models: {
      default: modelName(models["default"], ["models", "default"], reader),
      fast: modelName(models["fast"], ["models", "fast"], reader),
      judge: modelName(models["judge"], ["models", "judge"], reader),
      fallbacks: list(models["fallbacks"], ["models", "fallbacks"], reader).flatMap((entry, index) => {
        const name = modelName(entry, ["models", "fallbacks", index], reader);
        return name === null ? [] : [name];
      }),
    },
    providers: readProviders(values["providers"], reader),
    prices: readPrices(values["prices"], reader),
    modelLimits: readModelLimits(values["modelLimits"], reader),
    budget: readBudget(values["budget"], reader),
    caps: readCaps(values["caps"], reader),
    limits: readLimits(values["limits"], reader),
    approvals: readApprovals(values["approvals"], reader),
    fetch: {
      allowHosts: list(fetch["allowHosts"], ["fetch", "allowHosts"], reader).map((entry, index) =>
        hostName(entry, ["fetch", "allowHosts", index], reader),
      ),
    },
    push: readPush(values["push"], reader),
    sandbox: readSandbox(values["sandbox"], reader),
    publicUrl: plainText(values["publicUrl"], ["publicUrl"], reader),
    policy: readPolicy(values["policy"], reader),
    warnings: reader.warnings,
  };
}

function plainValues(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw new AppError("invalid", `${SETTINGS_FILE} refers to itself too often.`, {
      hint: "Write the values out instead of using & and *.",
      cause: error,
    });
  }
}

function readProviders(value: unknown, reader: FieldReader): Record<string, ProviderSettings> {
  const providers: Record<string, ProviderSettings> = {};
  for (const [name, entry] of Object.entries(section(value, ["providers"], reader))) {
    const path = ["providers", name];
    const fields = section(entry, path, reader);
    if (!/^[a-z0-9][a-z0-9._-]*$/i.test(name)) reader.fail(path, "must be a name of letters, digits, dots and dashes");
    warnUnknown(fields, ["kind", "baseUrl", "apiKeyEnv", "apiKeySecret", "headers"], path, reader);
    if (fields["apiKey"] !== undefined) {
      reader.fail(
        [...path, "apiKey"],
        "must not stand in this file",
        "Keep it with `bureau secret set NAME` and name it with apiKeySecret, or name an environment variable with apiKeyEnv.",
      );
    }
    const given = fields["kind"] ?? (isKind(name) ? name : "openai-compatible");
    if (!isKind(given)) reader.fail([...path, "kind"], `must be one of ${PROVIDER_KINDS.join(", ")}`);
    const baseUrl = plainText(fields["baseUrl"], [...path, "baseUrl"], reader);
    if (baseUrl !== null && (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol))) {
      reader.fail([...path, "baseUrl"], `must be an http or https address, not ${JSON.stringify(baseUrl)}`);
    }
    if (given === "openai-compatible" && baseUrl === null) {
      reader.fail(
        [...path, "baseUrl"],
        "is missing",
        "Write the address of the server's API, such as http://127.0.0.1:11434/v1.",
      );
    }
    const apiKeyEnv = plainText(fields["apiKeyEnv"], [...path, "apiKeyEnv"], reader);
    if (apiKeyEnv !== null && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(apiKeyEnv)) {
      reader.fail([...path, "apiKeyEnv"], "must be the name of an environment variable, not the key itself");
    }
    providers[name] = {
      kind: given,
      baseUrl,
      apiKeyEnv,
      apiKeySecret: readSecretName(fields["apiKeySecret"], [...path, "apiKeySecret"], reader),
      headers: readHeaders(fields["headers"], [...path, "headers"], reader),
    };
  }
  return providers;
}

function readSecretName(value: unknown, path: FieldPath, reader: FieldReader): string | null {
  const name = plainText(value, path, reader);
  if (name === null || SECRET_NAME.test(name)) return name;
  return reader.fail(
    path,
    "must be the name of a secret, not the key itself",
    "Keep the key with `bureau secret set NAME`; a name has capital letters, digits and _.",
  );
}

function readHeaders(value: unknown, path: FieldPath, reader: FieldReader): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, entry] of Object.entries(section(value, path, reader))) {
    const header = plainText(entry, [...path, name], reader);
    if (header === null) continue;
    for (const secret of secretReferences(header)) readSecretName(secret, [...path, name], reader);
    headers[name] = header;
  }
  return headers;
}

function readPrices(value: unknown, reader: FieldReader): Record<string, ModelPrice> {
  const prices: Record<string, ModelPrice> = {};
  for (const [model, entry] of Object.entries(section(value, ["prices"], reader))) {
    const path = ["prices", model];
    modelName(model, path, reader);
    const fields = section(entry, path, reader);
    warnUnknown(fields, ["input", "cachedInput", "output"], path, reader);
    const dollars = (key: string) => amount(fields[key], [...path, key], reader);
    const input = dollars("input") ?? reader.fail(path, "must have a price for input");
    const output = dollars("output") ?? reader.fail(path, "must have a price for output");
    const micros = (price: number) => Math.round(price * MICROS_PER_DOLLAR);
    prices[model] = {
      input: micros(input),
      cachedInput: micros(dollars("cachedInput") ?? input),
      output: micros(output),
    };
  }
  return prices;
}

function readModelLimits(value: unknown, reader: FieldReader): WorkspaceSettings["modelLimits"] {
  const limits: WorkspaceSettings["modelLimits"] = {};
  for (const [model, entry] of Object.entries(section(value, ["modelLimits"], reader))) {
    const path = ["modelLimits", model];
    modelName(model, path, reader);
    const fields = section(entry, path, reader);
    warnUnknown(fields, ["contextTokens", "maxOutputTokens"], path, reader);
    limits[model] = {
      contextTokens: count(fields["contextTokens"], [...path, "contextTokens"], reader),
      maxOutputTokens: count(fields["maxOutputTokens"], [...path, "maxOutputTokens"], reader),
    };
  }
  return limits;
}

function readLimits(value: unknown, reader: FieldReader): LimitSettings {
  const fields = section(value, ["limits"], reader);
  warnUnknown(fields, ["maxConcurrentRuns", "runSteps", "runTime", "maxConcurrentCalls"], ["limits"], reader);
  return {
    maxConcurrentRuns: count(fields["maxConcurrentRuns"], ["limits", "maxConcurrentRuns"], reader),
    runSteps: count(fields["runSteps"], ["limits", "runSteps"], reader),
    runTimeMs: duration(fields["runTime"], ["limits", "runTime"], reader),
    maxConcurrentCalls: count(fields["maxConcurrentCalls"], ["limits", "maxConcurrentCalls"], reader),
  };
}

function readSandbox(value: unknown, reader: FieldReader): SandboxSettings {
  const fields = section(value, ["sandbox"], reader);
  warnUnknown(fields, ["hosts", "agents", "diskLimit"], ["sandbox"], reader);
  const agents: Record<string, { hosts: HostRule[] }> = {};
  for (const [name, entry] of Object.entries(section(fields["agents"], ["sandbox", "agents"], reader))) {
    const path = ["sandbox", "agents", name];
    const own = section(entry, path, reader);
    warnUnknown(own, ["hosts"], path, reader);
    agents[name] = { hosts: readHosts(own["hosts"], [...path, "hosts"], reader) };
  }
  const size = plainText(fields["diskLimit"], ["sandbox", "diskLimit"], reader);
  const diskBytes = size === null ? null : parseSize(size);
  if (size !== null && diskBytes === null) {
    const hint = "Write a size of at least 1 MB with its unit, such as 500 MB or 4 GB.";
    reader.fail(["sandbox", "diskLimit"], `cannot be ${JSON.stringify(size)}`, hint);
  }
  return { hosts: readHosts(fields["hosts"], ["sandbox", "hosts"], reader), agents, diskBytes };
}

function readHosts(value: unknown, path: FieldPath, reader: FieldReader): HostRule[] {
  return list(value, path, reader).map((entry, index) => {
    const rule = parseHostRule(String(entry));
    return typeof rule === "string" ? reader.fail([...path, index], rule) : rule;
  });
}

/** Bytes; units are powers of 1024, as they are where the limit is held. */
function parseSize(size: string): number | null {
  const [, digits = "", unit = ""] = /^(\d{1,6})\s*([MG])i?B$/i.exec(size) ?? [];
  const bytes = Number(digits) * (unit.toUpperCase() === "G" ? 1024 ** 3 : 1024 ** 2);
  return unit === "" || bytes === 0 ? null : bytes;
}

function readApprovals(value: unknown, reader: FieldReader): ApprovalSettings {
  const fields = section(value, ["approvals"], reader);
  warnUnknown(fields, ["expireAfter", "remindAfter"], ["approvals"], reader);
  const expireAfterMs = duration(fields["expireAfter"], ["approvals", "expireAfter"], reader);
  const remindAfterMs = duration(fields["remindAfter"], ["approvals", "remindAfter"], reader);
  if (Math.max(expireAfterMs ?? 0, remindAfterMs ?? 0) > MAX_APPROVAL_MS) {
    return reader.fail(["approvals"], "cannot wait for more than 365d");
  }
  return { expireAfterMs, remindAfterMs };
}

function duration(value: unknown, path: FieldPath, reader: FieldReader): number | null {
  const written = plainText(value, path, reader);
  if (written === null) return null;
  return (
    parseDuration(written) ??
    reader.fail(path, `cannot be ${JSON.stringify(written)}`, "Write a duration with its unit, such as 2h.")
  );
}

function section(value: unknown, path: FieldPath, reader: FieldReader): Values {
  if (value === null || value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    return reader.fail(path.length === 0 ? ["settings"] : path, "must be keys with values");
  }
  return value as Values;
}

function list(value: unknown, path: FieldPath, reader: FieldReader): unknown[] {
  if (value === null || value === undefined) return [];
  const entries = Array.isArray(value) ? value : [value];
  return entries.length > MAX_LIST ? reader.fail(path, `has more than ${MAX_LIST} entries`) : entries;
}

function modelName(value: unknown, path: FieldPath, reader: FieldReader): string | null {
  const name = plainText(value, path, reader);
  if (name !== null && !/^[^/\s]+\/\S+$/.test(name)) {
    return reader.fail(
      path,
      `must be provider/model, not ${JSON.stringify(name)}`,
      "Such as openai/gpt-5.2 or local/qwen3.",
    );
  }
  return name;
}

function hostName(value: unknown, path: FieldPath, reader: FieldReader): string {
  const host = plainText(value, path, reader);
  if (host === null || !/^(\[[0-9a-f:.]+\]|[a-z0-9.*_-]+)(:\d{1,5})?$/i.test(host)) {
    return reader.fail(path, `must be a host or host:port, not ${JSON.stringify(value)}`);
  }
  return host;
}

function plainText(value: unknown, path: FieldPath, reader: FieldReader): string | null {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value === "string") return value.trim();
  return typeof value === "number" ? String(value) : reader.fail(path, "must be text");
}

function count(value: unknown, path: FieldPath, reader: FieldReader): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) {
    return reader.fail(path, `must be a whole number above zero, not ${JSON.stringify(value)}`);
  }
  return value;
}

function amount(value: unknown, path: FieldPath, reader: FieldReader): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
    return reader.fail(path, `must be a number of dollars, not ${JSON.stringify(value)}`);
  }
  return value;
}

function warnUnknown(values: Values, known: readonly string[], path: FieldPath, reader: FieldReader): void {
  for (const key of Object.keys(values)) {
    if (!known.includes(key) && key !== "apiKey") reader.warn([...path, key], "is not a setting and has no effect");
  }
}

function isKind(value: unknown): value is ProviderKind {
  return PROVIDER_KINDS.some((kind) => kind === value);
}
