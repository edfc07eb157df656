import { posix } from "node:path";

/** What one part of the repository may import, and the sentence that a person reads when it does otherwise. */
export interface Boundary {
  /** Path prefixes of the files that it binds. */
  from: string[];
  /** Prefixes of those files that it does not bind. */
  except?: string[];
  /** When set, nothing else may be imported. A trailing `*` or `/` makes a prefix. */
  only?: string[];
  /** May not be imported, whatever `only` says. */
  never?: string[];
  /** May be imported even so. */
  always?: string[];
  /** May be imported for its types even so. */
  types?: string[];
  /** False when tests may do otherwise, because they put real parts together. */
  bindsTests?: boolean;
  because: string;
}

const ENGINE = "packages/engine/src/";

/** Files that say what passes between the rooms of the engine. */
const CONTRACTS = [
  `${ENGINE}models/model.ts`,
  `${ENGINE}tools/tool.ts`,
  `${ENGINE}sandbox/sandbox.ts`,
  `${ENGINE}goals/checker.ts`,
  `${ENGINE}connectors/connector.ts`,
  `${ENGINE}store/database.ts`,
  `${ENGINE}store/events.ts`,
  `${ENGINE}vault/vault.ts`,
];

/** Rules that two adapters must keep alike, without effects. */
const SHARED_RULES = [`${ENGINE}tools/public-address.ts`];

/** Rooms of the engine that touch the world, each in one way. */
const ADAPTERS = ["models", "tools", "sandbox", "goals", "context", "vault", "connectors", "previews"];

/** What every test may import, whatever it tests. */
const TEST_TOOLS = ["vitest", "fast-check", "node:*", `${ENGINE}testing/`, "packages/server/src/testing/"];

export const BOUNDARIES: Boundary[] = [
  {
    from: ["packages/protocol/src/"],
    only: ["zod", "packages/protocol/src/"],
    because: "The protocol runs in servers, browsers and scripts alike, so it imports only zod.",
  },
  {
    from: [ENGINE],
    never: ["@bureau/server", "@bureau/cli", "@bureau/web", "hono", "hono/", "@hono/", "commander"],
    because: "The engine knows nothing of servers, screens and terminals; they depend on it.",
  },
  {
    from: [`${ENGINE}domain/`],
    only: ["@bureau/protocol", `${ENGINE}domain/`],
    types: [...CONTRACTS, "@ai-sdk/provider"],
    because: "The domain decides from data alone: it imports the protocol, itself, and types of the contracts.",
  },
  ...ADAPTERS.map((room): Boundary => ({
    from: [`${ENGINE}${room}/`],
    never: ADAPTERS.filter((other) => other !== room).map((other) => `${ENGINE}${other}/`),
    always: [...CONTRACTS, ...SHARED_RULES],
    bindsTests: false,
    because: "Adapters meet only in the loop: import another one's contract, not its code.",
  })),
  {
    from: ADAPTERS.map((room) => `${ENGINE}${room}/`),
    never: [`${ENGINE}loop/`, `${ENGINE}commands/`, `${ENGINE}queries/`],
    bindsTests: false,
    because: "The loop and the commands call adapters, never the other way round.",
  },
  {
    from: [`${ENGINE}store/`],
    never: [`${ENGINE}loop/`, `${ENGINE}commands/`, ...ADAPTERS.map((room) => `${ENGINE}${room}/`)],
    types: CONTRACTS,
    because: "The store keeps what it is given and knows nothing of those who use it.",
  },
  {
    from: [`${ENGINE}commands/`, `${ENGINE}queries/`],
    never: [`${ENGINE}loop/`],
    bindsTests: false,
    because: "A command writes rows and wakes the loop through its parts; it does not know the loop.",
  },
  {
    from: ["packages/server/src/"],
    never: ["@bureau/cli", "@bureau/web"],
    because: "Clients depend on the server, never the other way round.",
  },
  {
    from: ["packages/web/src/"],
    never: ["@bureau/engine", "@bureau/server", "@bureau/cli", "node:*"],
    because: "The web app is a client in a browser: of this repository it imports only the protocol.",
  },
  {
    from: ["packages/cli/src/"],
    never: ["@bureau/engine", "@bureau/web"],
    because: "The command line talks to a server through the protocol's client.",
  },
  {
    from: ["packages/cli/src/"],
    except: ["packages/cli/src/local/"],
    never: ["@bureau/server"],
    because: "Only the local commands, in src/local, may load the server.",
  },
];

/**
 * The sentence of the boundary that an import breaks, or null.
 *
 * `file` is the importing file's path from the repository's root, with forward slashes.
 */
export function brokenBoundary(file: string, specifier: string, typeOnly: boolean): string | null {
  const target = targetOf(file, specifier);
  const isTest = file.endsWith(".test.ts") || file.endsWith(".testsuite.ts") || file.includes("/testing/");
  if (isTest && matches(target, TEST_TOOLS)) return null;
  for (const boundary of BOUNDARIES) {
    if (!startsWithAny(file, boundary.from) || startsWithAny(file, boundary.except ?? [])) continue;
    if (isTest && boundary.bindsTests === false) continue;
    if (matches(target, boundary.always ?? [])) continue;
    if (typeOnly && matches(target, boundary.types ?? [])) continue;
    if (boundary.only && !matches(target, boundary.only)) return boundary.because;
    if (matches(target, boundary.never ?? [])) return boundary.because;
  }
  return null;
}

/** A path from the root for a file of the same package or a test tool, else the name of the package. */
function targetOf(file: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  const path = posix.join(posix.dirname(file), specifier);
  if (matches(path, TEST_TOOLS)) return path;
  const [target, own] = [packageOf(path), packageOf(file)];
  return target === null || target === own ? path : `@bureau/${target}`;
}

function packageOf(path: string): string | null {
  return /^packages\/([^/]+)\//.exec(path)?.[1] ?? null;
}

function matches(target: string, patterns: string[]): boolean {
  return patterns.some((pattern) => {
    if (pattern.endsWith("*")) return target.startsWith(pattern.slice(0, -1));
    if (pattern.endsWith("/")) return target.startsWith(pattern);
    return target === pattern;
  });
}

function startsWithAny(path: string, prefixes: string[]): boolean {
  return prefixes.some((prefix) => path.startsWith(prefix));
}
