import { AppError, type Secret } from "@bureau/protocol";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { openSecrets } from "../local/secrets.ts";
import { renderTable } from "../present/table.ts";
import { oneLine, relativeTime } from "../present/text.ts";

export async function setSecret(call: Call<{ fromEnv?: string }>): Promise<void> {
  const name = argument(call, 0);
  const value = await valueOf(call, name);
  const secret = await (await openSecrets(call)).set(name, value);
  answer(call, secret, () => {
    const use =
      secret.usedBy.length > 0 ? `used by ${secret.usedBy.join(" and ")}` : `referred to as \${secret:${name}}`;
    return `${name} is set; it is ${use}. Its value cannot be read back.\n`;
  });
}

/** Never from an argument: those are seen by every program of the machine, and kept by the shell. */
async function valueOf({ terminal, options }: Call<{ fromEnv?: string }>, name: string): Promise<string> {
  const { fromEnv } = options;
  const given = fromEnv === undefined ? await terminal.readSecret(`Value of ${name}: `) : terminal.environment[fromEnv];
  // The line's end is the shell's or the editor's, not the secret's.
  const value = (given ?? "").replace(/\r?\n$/, "");
  if (value !== "") return value;
  throw new AppError("invalid", fromEnv === undefined ? "No value was given." : `${fromEnv} is not set, or empty.`, {
    hint: `Write the value to standard input: bureau secret set ${name} < FILE`,
  });
}

export async function listSecrets(call: Call): Promise<void> {
  const list = await (await openSecrets(call)).list();
  answer(call, list, () => renderSecrets(call, list.secrets));
}

function renderSecrets({ terminal }: Call, secrets: Secret[]): string {
  if (secrets.length === 0) return "No secrets are kept yet. `bureau secret set NAME` keeps one.\n";
  return renderTable(
    terminal,
    [
      { title: "NAME", value: (secret) => oneLine(secret.name) },
      { title: "SET", value: (secret) => relativeTime(terminal.now(), secret.setAt) },
      { title: "USED BY", value: (secret) => oneLine(secret.usedBy.join(", ")) || "-", flexible: true },
    ],
    secrets,
  );
}

export async function removeSecret(call: Call): Promise<void> {
  const name = argument(call, 0);
  await (await openSecrets(call)).remove(name);
  answer(call, { name, removed: true }, () => `${name} is forgotten.\n`);
}
