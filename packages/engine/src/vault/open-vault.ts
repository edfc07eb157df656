import { type BigIntStats, constants } from "node:fs";
import { mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@bureau/protocol";
import { z } from "zod";
import { type Clock, timeText } from "../clock.ts";
import { withStartLock } from "../store/start-lock.ts";
import { MIN_FORM_LENGTH, withoutLineBreaks } from "./secret-forms.ts";
import { type KeyPlace, readVaultKey, tooWide } from "./vault-key.ts";
import { checkSecretName, type KeptSecret, SECRET_NAME, type Vault } from "./vault.ts";

export const MAX_SECRETS = 1_000;
export const MAX_VALUE_BYTES = 64 * 1024;
/** All values together: each process keeps them in memory, to hide them. */
const MAX_ALL_BYTES = 1024 * 1024;
const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** The name by which the key itself is hidden. */
const KEY_NAME = "BUREAU_VAULT_KEY";

const Content = z.object({
  version: z.literal(1),
  secrets: z.record(z.string().regex(SECRET_NAME), z.object({ value: z.string(), setAt: z.string() })),
});
type Content = z.infer<typeof Content>;

/** A secret as it can be shown. */
export interface SecretEntry {
  name: string;
  setAt: string;
}

/** The vault with what changes it. Nothing in here shows a value to a person. */
export interface SecretStore extends Vault {
  list(): Promise<SecretEntry[]>;
  /** Sets a new secret or another value of one that is there. */
  set(name: string, value: string): Promise<SecretEntry>;
  /** Sets a new secret. False, and nothing changed, when there is one of this name: of two at once, one is first. */
  add(name: string, value: string): Promise<boolean>;
  /** False when there was none. */
  remove(name: string): Promise<boolean>;
}

export interface VaultParts {
  /** The vault's own folder; made with the first secret. */
  folder: string;
  key: KeyPlace;
  clock: Clock;
  /** Told of all secrets whenever they were read or changed, before anybody is given one. */
  onRead?: (secrets: readonly KeptSecret[]) => void;
  /** Told of each moment of a write; crash tests throw in it. */
  onWrite?: (moment: "locked" | "key" | "written" | "renamed") => void;
}

/** Bureau's file of secrets in the vault's folder. */
export const SECRETS_FILE = "secrets.age";
const KEY_FILE = "key";

interface Opened {
  key: string | null;
  content: Content;
  /** Tells one version of the file from another. */
  stamp: string;
}

const EMPTY: Content = { version: 1, secrets: {} };

/**
 * All secrets in one file that is encrypted with age, written whole: a crash leaves the old one or the new one.
 *
 * Nothing is read before the first question, and the file again only when it has changed. Writers in any number of
 * processes go one after another.
 */
export function openVault(parts: VaultParts): SecretStore {
  const path = join(parts.folder, SECRETS_FILE);
  let opened: Promise<Opened> | null = null;

  const read = async (): Promise<Opened> => {
    const before = await opened?.catch(() => null);
    const stamp = await stampOf(path);
    if (before?.stamp === stamp) return before;
    const reading = openFile(parts, path, stamp);
    opened = reading;
    return reading;
  };
  const change = async (edit: (content: Content) => Content): Promise<void> => {
    await makeFolder(parts.folder);
    await withStartLock(
      join(parts.folder, "lock"),
      parts.clock,
      async () => undefined,
      async () => {
        parts.onWrite?.("locked");
        const { content, key } = await read();
        const edited = edit(content);
        if (edited === content) return;
        const known = key ?? (await makeKey(parts));
        parts.onRead?.(secretsOf(edited, known));
        await replaceFile(parts, await encrypt(edited, known));
      },
    );
  };
  return {
    get: async (name) => {
      checkSecretName(name);
      const { content } = await read();
      return Object.hasOwn(content.secrets, name) ? content.secrets[name]!.value : null;
    },
    names: async () => Object.keys((await read()).content.secrets).toSorted(),
    values: async () => {
      const { content, key } = await read();
      return secretsOf(content, key);
    },
    list: async () => entriesOf((await read()).content),
    set: async (name, value) => {
      checkSecretName(name);
      checkValue(name, value);
      const setAt = timeText(parts.clock.now());
      await change((content) => {
        const secrets = { ...content.secrets, [name]: { value, setAt } };
        checkRoom(secrets);
        return { ...content, secrets };
      });
      return { name, setAt };
    },
    add: async (name, value) => {
      checkSecretName(name);
      checkValue(name, value);
      let added = false;
      await change((content) => {
        if (Object.hasOwn(content.secrets, name)) return content;
        added = true;
        const secrets = { ...content.secrets, [name]: { value, setAt: timeText(parts.clock.now()) } };
        checkRoom(secrets);
        return { ...content, secrets };
      });
      return added;
    },
    remove: async (name) => {
      checkSecretName(name);
      let removed = false;
      await change((content) => {
        if (!Object.hasOwn(content.secrets, name)) return content;
        removed = true;
        const { [name]: _removed, ...secrets } = content.secrets;
        return { ...content, secrets };
      });
      return removed;
    },
  };
}

function entriesOf({ secrets }: Content): SecretEntry[] {
  return Object.entries(secrets)
    .map(([name, { setAt }]) => ({ name, setAt }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function secretsOf({ secrets }: Content, key: string | null): KeptSecret[] {
  const kept = Object.entries(secrets).map(([name, { value }]) => ({ name, value }));
  return key === null ? kept : [...kept, { name: KEY_NAME, value: key }];
}

function checkValue(name: string, value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_VALUE_BYTES) {
    throw new AppError(
      "too_large",
      `The value of ${name} has ${bytes} bytes; a secret has at most ${MAX_VALUE_BYTES}.`,
    );
  }
  if (withoutLineBreaks(value).trim().length < MIN_FORM_LENGTH) {
    throw new AppError("invalid", `The value of ${name} has fewer than ${MIN_FORM_LENGTH} characters.`, {
      hint: "So short a text cannot be hidden where it is repeated. Use a longer secret.",
    });
  }
  if (value.includes("\0") || !value.isWellFormed()) {
    throw new AppError("invalid", `The value of ${name} is not text.`, { hint: "Encode it, for example as base64." });
  }
}

function checkRoom(secrets: Content["secrets"]): void {
  const values = Object.values(secrets);
  const bytes = values.reduce((sum, { value }) => sum + Buffer.byteLength(value), 0);
  if (values.length <= MAX_SECRETS && bytes <= MAX_ALL_BYTES) return;
  throw new AppError("limit_reached", `The vault is full: it takes ${MAX_SECRETS} secrets of ${MAX_ALL_BYTES} bytes.`, {
    hint: "Remove some with `bureau secret remove NAME`.",
  });
}

/** What tells one version of a file from another; empty when it is not there. */
async function stampOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException): BigIntStats | null => {
    if (error.code === "ENOENT") return null;
    throw unreadable(path, error);
  });
  return found === null ? "" : `${found.ino} ${found.mtimeNs} ${found.size}`;
}

async function openFile(parts: VaultParts, path: string, stamp: string): Promise<Opened> {
  await checkFolder(parts.folder);
  const key = await readVaultKey(parts.key, join(parts.folder, KEY_FILE));
  if (stamp === "") return { key, content: EMPTY, stamp };
  if (key === null) {
    throw new AppError("not_found", `The vault ${path} is there, and its key is not.`, {
      hint: `Put the key where it was, at ${join(parts.folder, KEY_FILE)} with mode 600, or move ${SECRETS_FILE} away to begin anew.`,
    });
  }
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, error);
  });
  if (bytes.length > MAX_FILE_BYTES) throw new AppError("too_large", `${path} is too large to be a vault.`);
  const content = await decrypt(bytes, key, path);
  parts.onRead?.(secretsOf(content, key));
  return { key, content, stamp };
}

function unreadable(path: string, error: NodeJS.ErrnoException): AppError {
  return new AppError("unavailable", `The vault ${path} cannot be read: ${error.code ?? error.message}.`, {
    hint: "Check who owns it.",
    cause: error,
  });
}

async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (found !== null && (found.mode & 0o077) !== 0) throw tooWide(folder, found.mode, "700");
}

/** Loaded with the first secret: who has none pays nothing. */
function loadAge(): Promise<typeof import("age-encryption")> {
  return import("age-encryption");
}

async function encrypt(content: Content, key: string): Promise<Uint8Array> {
  const age = await loadAge();
  const encrypter = new age.Encrypter();
  encrypter.addRecipient(await age.identityToRecipient(key));
  return encrypter.encrypt(JSON.stringify(content));
}

async function decrypt(bytes: Uint8Array, key: string, path: string): Promise<Content> {
  const age = await loadAge();
  try {
    const decrypter = new age.Decrypter();
    decrypter.addIdentity(key);
    return Content.parse(JSON.parse(await decrypter.decrypt(bytes, "text")));
  } catch (error) {
    // What the error says may quote what was decrypted.
    const damaged = error instanceof SyntaxError || error instanceof z.ZodError;
    throw new AppError("invalid", `The vault ${path} ${damaged ? "is damaged" : "cannot be opened with this key"}.`, {
      hint: "Bring back the key or the file from where they were kept, or move the file away to begin anew.",
    });
  }
}

async function makeKey(parts: VaultParts): Promise<string> {
  const age = await loadAge();
  const identity = await age.generateIdentity();
  const text = `# The key of this workspace's vault. Keep a copy elsewhere: without it no secret can be read.\n${identity}\n`;
  await writeWhole(parts.folder, KEY_FILE, text);
  parts.onWrite?.("key");
  return identity;
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new AppError("unavailable", `The vault's folder ${folder} cannot be made: ${error.code ?? error.message}.`, {
      hint: "Check that you may write there.",
      cause: error,
    });
  });
  await checkFolder(folder);
}

async function replaceFile(parts: VaultParts, bytes: Uint8Array): Promise<void> {
  await writeWhole(parts.folder, SECRETS_FILE, bytes, () => parts.onWrite?.("written"));
  parts.onWrite?.("renamed");
}

/** The folder's lock is held, so the temporary file's name is no other writer's. */
async function writeWhole(folder: string, name: string, content: string | Uint8Array, onWritten?: () => void) {
  const temporary = join(folder, `${name}.new`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const file = await open(temporary, flags, 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  onWritten?.();
  await rename(temporary, join(folder, name));
  const opened = await open(folder, "r");
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
