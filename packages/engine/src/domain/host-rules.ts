/** One entry of `sandbox.hosts`: where a command may connect to. */
export interface HostRule {
  /** As the person wrote it. */
  text: string;
  /** Canonical: lower case, no dot at the end, an address in its shortest form, IPv6 in brackets. */
  host: string;
  /** `*.example.com`: names below the host, and not the host itself. */
  below: boolean;
  ports: number[];
  /** The person named a place that is not on the public internet. It may lead to any address. */
  isPrivate: boolean;
}

/** What `sandbox` of the settings says about the network. */
export interface NetworkSettings {
  hosts: readonly HostRule[];
  /** Of an agent that has a list of its own, in place of the other. */
  agents: Readonly<Record<string, { hosts: readonly HostRule[] }>>;
}

const DEFAULT_PORTS = [443, 80];
const MAX_HOST_CHARACTERS = 253;
const PRIVATE_MARK = "private:";
const RULE = /^(\*\.)?(\[[0-9a-f:.]+\]|[^\s:/?#@[\]*]+)(?::(\d{1,5}))?$/i;
const LABELS = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;

/**
 * Reads `api.example.com`, `*.example.com:8443`, `127.0.0.1:3000` or `private:git.example.com:443`; without a port 443
 * and 80 are meant. Returns what is wrong with anything else, as the end of a sentence.
 */
export function parseHostRule(text: string): HostRule | string {
  const trimmed = text.trim();
  const isMarked = trimmed.toLowerCase().startsWith(PRIVATE_MARK);
  const [, star, name = "", portText] = RULE.exec(isMarked ? trimmed.slice(PRIVATE_MARK.length) : trimmed) ?? [];
  const host = canonicalHost(name);
  const port = portText === undefined ? null : Number(portText);
  if (host === null || (port !== null && (port < 1 || port > 65_535))) {
    return `must be a host, *.host or host:port, not ${JSON.stringify(text)}`;
  }
  const below = star !== undefined;
  const isPrivate = isMarked || isAddress(host) || host === "localhost";
  if (isPrivate && (below || port === null)) return `must name one host and its port, not ${JSON.stringify(text)}`;
  if (below && !host.includes(".")) return `is too wide: ${JSON.stringify(text)} would allow a whole top-level domain`;
  return { text: trimmed, host, below, ports: port === null ? DEFAULT_PORTS : [port], isPrivate };
}

/** Where an agent's commands may connect to. One that is not known has nothing where lists differ by agent. */
export function hostsOf({ hosts, agents }: NetworkSettings, agent: string | undefined): readonly HostRule[] {
  if (agent === undefined) return Object.keys(agents).length === 0 ? hosts : [];
  return Object.hasOwn(agents, agent) ? agents[agent]!.hosts : hosts;
}

/** Every host that the commands of any agent may connect to. */
export function allHosts({ hosts, agents }: NetworkSettings): readonly HostRule[] {
  return [...hosts, ...Object.values(agents).flatMap((agent) => agent.hosts)];
}

/** The rule that allows a connection, or null. `host` is canonical. */
export function ruleFor(rules: readonly HostRule[], host: string, port: number): HostRule | null {
  return (
    rules.find(
      (rule) => rule.ports.includes(port) && (rule.below ? host.endsWith(`.${rule.host}`) : host === rule.host),
    ) ?? null
  );
}

/** The one way to write a host, so that spellings of an address or a name cannot be told apart; null when it is none. */
export function canonicalHost(text: string): string | null {
  const plain = text.replace(/\.$/, "");
  if (plain === "" || plain.length > MAX_HOST_CHARACTERS || /[\s/?#@\\%]/.test(plain)) return null;
  const url = `http://${plain}/`;
  if (!URL.canParse(url)) return null;
  const { hostname } = new URL(url);
  return isAddress(hostname) || LABELS.test(hostname) ? hostname : null;
}

/** A host and port as a client names them: `example.com:443`. */
export function parseAuthority(text: string, defaultPort: number | null): { host: string; port: number } | null {
  const [, name = "", portText] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = canonicalHost(name);
  const port = portText === undefined ? defaultPort : Number(portText);
  return host === null || port === null || port < 1 || port > 65_535 ? null : { host, port };
}

/** Of a canonical host: an address and no name. */
export function isAddress(host: string): boolean {
  return host.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}
