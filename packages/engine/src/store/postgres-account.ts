import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { AppError } from "@bureau/protocol";

const ACCOUNT_NAME = "bureau-postgres";
/** Existing accounts without rights that can stand in where none can be made. */
const OTHER_ACCOUNTS = ["postgres", "_postgres", "nobody"];
const COMMAND_LIMIT_MS = 20_000;

const run = promisify(execFile);

/** An operating system user that the server runs as. */
export interface ServerAccount {
  name: string;
  userId: number;
  groupId: number;
}

/** True when Bureau itself runs as root, which PostgreSQL refuses to. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The account that the server is started under when Bureau is root; made on first use. */
export async function serverAccount(): Promise<ServerAccount> {
  const existing = await findAccount(ACCOUNT_NAME);
  if (existing) return existing;
  const failure = await makeAccount();
  // Another start may have made it at the same moment.
  for (const name of [ACCOUNT_NAME, ...OTHER_ACCOUNTS]) {
    const account = await findAccount(name);
    if (account) return account;
  }
  throw new AppError("unavailable", "PostgreSQL does not run as root, and no other user could be made for it.", {
    hint: `Run \`useradd --system ${ACCOUNT_NAME}\`, start Bureau as an ordinary user, or set DATABASE_URL.`,
    cause: failure,
  });
}

async function makeAccount(): Promise<unknown> {
  const options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"];
  try {
    await run("useradd", [...options, "--shell", "/usr/sbin/nologin", ACCOUNT_NAME], {
      timeout: COMMAND_LIMIT_MS,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    });
    return undefined;
  } catch (error) {
    return error;
  }
}

async function findAccount(name: string): Promise<ServerAccount | undefined> {
  const line = (await readFile("/etc/passwd", "utf8").catch(() => ""))
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , userId, groupId] = line?.split(":") ?? [];
  if (userId !== undefined && groupId !== undefined) return accountOf(name, userId, groupId);
  // Accounts of a directory service are not in the file.
  try {
    const options = { timeout: COMMAND_LIMIT_MS };
    const user = await run("id", ["-u", name], options);
    const group = await run("id", ["-g", name], options);
    return accountOf(name, user.stdout, group.stdout);
  } catch {
    return undefined;
  }
}

function accountOf(name: string, userId: string, groupId: string): ServerAccount | undefined {
  const account = { name, userId: Number(userId), groupId: Number(groupId) };
  return Number.isInteger(account.userId) && Number.isInteger(account.groupId) && account.userId > 0
    ? account
    : undefined;
}
