import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { AppError } from "@bureau/protocol";

const MAX_KEY_BYTES = 4096;
const COMMAND_MS = 20_000;
const IDENTITY = /AGE-SECRET-KEY-1[A-Z0-9]+/;
const OTHERS_MAY = 0o077;
const OTHERS_MAY_WRITE = 0o022;

/**
 * Where the vault's key is.
 *
 * `own`: in the vault's folder, made with it. `given`: its text. `file`: a file that a person or a container puts
 * there. `command`: what a program prints, which is how a system's keyring is asked.
 */
export type KeyPlace =
  | { type: "own" }
  | { type: "given"; key: string }
  | { type: "file"; path: string }
  | { type: "command"; command: string };

/** The age identity, or null when it is kept in the vault's own folder and was never made. */
export async function readVaultKey(place: KeyPlace, ownPath: string): Promise<string | null> {
  switch (place.type) {
    case "own":
      return readKeyFile(ownPath, OTHERS_MAY);
    case "given":
      return identityIn(place.key, "BUREAU_VAULT_KEY");
    case "file": {
      const key = await readKeyFile(place.path, OTHERS_MAY_WRITE);
      if (key !== null) return key;
      throw new AppError("not_found", `The vault's key is not at ${place.path}.`, {
        hint: "Check BUREAU_VAULT_KEY_FILE.",
      });
    }
    case "command":
      return identityIn(await outputOf(place.command), "what BUREAU_VAULT_KEY_COMMAND prints");
  }
}

async function readKeyFile(path: string, refused: number): Promise<string | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new AppError("forbidden", `The vault's key ${path} cannot be read: ${error.code ?? error.message}.`, {
      hint: "Check who owns it.",
      cause: error,
    });
  });
  if (file === null) return null;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new AppError("invalid", `The vault's key ${path} is not a file.`);
    if ((found.mode & refused) !== 0) throw tooWide(path, found.mode, "600");
    if (found.size > MAX_KEY_BYTES) throw new AppError("too_large", `${path} is too large to be the vault's key.`);
    return identityIn(await file.readFile("utf8"), path);
  } finally {
    await file.close();
  }
}

/** Says that more people may use a file or folder than may. */
export function tooWide(path: string, mode: number, wanted: string): AppError {
  const found = (mode & 0o777).toString(8).padStart(3, "0");
  return new AppError("forbidden", `Others may use ${path}: its mode is ${found}. No secret was read.`, {
    hint: `Look who could have read it, then run \`chmod ${wanted} ${path}\`.`,
  });
}

function identityIn(text: string, source: string): string {
  const identity = IDENTITY.exec(text)?.[0];
  if (identity !== undefined) return identity;
  throw new AppError("invalid", `There is no key of a vault in ${source}.`, {
    hint: "It is one line that starts with AGE-SECRET-KEY-1.",
  });
}

async function outputOf(command: string): Promise<string> {
  try {
    const run = promisify(execFile);
    const { stdout } = await run("/bin/sh", ["-c", command], { timeout: COMMAND_MS, maxBuffer: MAX_KEY_BYTES });
    return stdout;
  } catch (error) {
    // Neither its output nor its words are repeated: either may hold the key.
    const { code, killed } = error as { code?: unknown; killed?: boolean };
    const why = killed === true ? `took longer than ${COMMAND_MS / 1000} s` : `failed (${String(code)})`;
    throw new AppError("unavailable", `The command of BUREAU_VAULT_KEY_COMMAND ${why}.`, {
      hint: "Run it by hand: it must print the key and nothing that waits for you.",
    });
  }
}
