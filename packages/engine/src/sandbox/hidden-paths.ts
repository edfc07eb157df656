import { existsSync, lstatSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname } from "node:path";

/** What hides paths: arguments for bubblewrap, and the empty folders that they make. */
export interface Covers {
  mounts: string[];
  folders: string[];
}

interface Places {
  home: string;
  /** Absolute, real paths that no command may see. */
  hidden: string[];
  searchPath: string;
}

/** Secrets of the system that some machines leave readable. Other entries of /etc that not everyone may read are found. */
const SYSTEM_SECRETS = ["/etc/ssh", "/etc/ssl/private", "/etc/sudoers.d", "/etc/krb5.keytab", "/etc/security/opasswd"];
/** Seen only when a person's home is itself the folder, and hidden then. */
export const HOME_SECRETS = [
  ".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".netrc", ".npmrc", ".yarnrc.yml", ".pypirc", ".git-credentials",
  ".password-store", ".config", ".local/share/keyrings", ".local/share/kwalletd", ".local/share/containers", ".pki", ".oci",
  ".mozilla", ".thunderbird", ".bash_history", ".zsh_history", ".python_history", ".node_repl_history", ".psql_history",
  ".mysql_history", ".lesshst", ".viminfo", ".pgpass", ".my.cnf", ".s3cfg", ".boto", ".vault-token", ".terraform.d",
  ".cargo/credentials", ".cargo/credentials.toml", ".gem/credentials", ".m2/settings.xml", ".gradle/gradle.properties",
  ".nuget/NuGet", ".composer/auth.json", ".claude", ".claude.json", ".codex", ".bitcoin", ".electrum", ".ethereum", "snap",
  "Library/Keychains", "Library/Application Support", "Library/Cookies",
]; // prettier-ignore
const PROGRAM_FOLDERS = new Set(["bin", "sbin", ".bin", "shims"]);
/** Parts of the system that are seen, and where machines keep homes of services. */
const HOMES_IN_SYSTEM = ["/opt", "/usr/local"];

export function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** Real paths that no command may see. A secret that is a link is hidden where it leads to. */
export function hiddenPaths({ home, hidden }: Places): string[] {
  const secrets = HOME_SECRETS.map((name) => `${home}/${name}`).filter((path) => existsSync(path));
  return [...hidden, ...secrets.map((path) => realpathSync(path))];
}

/** Entries of /etc that not every user may read: with root's own eyes they would be read. */
export function systemSecrets(): string[] {
  const found = new Set(SYSTEM_SECRETS.filter((path) => existsSync(path)));
  for (const name of readdirSync("/etc")) {
    const stat = lstatSync(`/etc/${name}`, { throwIfNoEntry: false });
    if (stat === undefined || stat.isSymbolicLink()) continue;
    if ((stat.mode & 0o004) === 0) found.add(`/etc/${name}`);
  }
  return [...found];
}

/** A service's home that lies in a part of the system that is seen. */
export function homeInSystem(home: string): string[] {
  return HOMES_IN_SYSTEM.some((folder) => isInside(home, folder)) ? [home] : [];
}

/**
 * Hides what of the paths lies in a folder that is seen at `place` and is really at `real`: the outermost of them, as
 * what is inside a hidden folder is hidden with it.
 */
export function coverInside(place: string, real: string, paths: string[]): Covers {
  const inside = paths.filter((path) => isInside(path, real));
  const covers: Covers = { mounts: [], folders: [] };
  for (const path of new Set(inside)) {
    if (inside.some((other) => isInside(path, other))) continue;
    const seen = real === "/" ? path : `${place}${path.slice(real.length)}`;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) {
      covers.mounts.push("--tmpfs", seen);
      covers.folders.push(seen);
    } else if (stat?.isFile()) covers.mounts.push("--ro-bind", "/dev/null", seen);
  }
  return covers;
}

/** Folders outside the system whose programs are on the search path, as wide as they need to be and no wider. */
export function programFolders(
  options: Places & { systemFolders: readonly string[] },
): { folder: string; real: string }[] {
  const { home } = options;
  const found = new Set<string>();
  for (const entry of options.searchPath.split(":")) {
    const folder = entry.replace(/\/+$/, "");
    if (!folder.startsWith("/") || !existsSync(folder)) continue;
    const isSystem = options.systemFolders.some((system) => folder === system || isInside(folder, system));
    if (isSystem && !homeInSystem(home).some((path) => isInside(folder, path))) continue;
    const parent = dirname(folder);
    const wide =
      PROGRAM_FOLDERS.has(basename(folder)) &&
      dirname(parent) !== "/" &&
      basename(parent) !== ".local" &&
      !holdsOthers(parent, options);
    if (wide) found.add(parent);
    else if (!holdsOthers(folder, options)) found.add(folder);
  }
  return [...found].sort().map((folder) => ({ folder, real: realpathSync(folder) }));
}

/** Home, a folder that holds it, or one that is hidden: no folder of programs, whatever the search path says. */
function holdsOthers(folder: string, { home, hidden }: Places): boolean {
  const real = realpathSync(folder);
  if (real === "/" || real === home || isInside(home, real)) return true;
  return hidden.some((path) => path === real || isInside(real, path));
}
