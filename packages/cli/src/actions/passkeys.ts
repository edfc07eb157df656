import type { Passkey } from "@bureau/protocol";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { renderTable } from "../present/table.ts";
import { oneLine, relativeTime } from "../present/text.ts";

export async function listPasskeys(call: Call): Promise<void> {
  const { client } = await connect(call);
  const list = await client.listPasskeys();
  answer(call, list, () => renderPasskeys(call, list.passkeys));
}

function renderPasskeys({ terminal }: Pick<Call, "terminal">, passkeys: Passkey[]): string {
  if (passkeys.length === 0) return "There are no passkeys. The app makes one, under its settings.\n";
  return renderTable(
    terminal,
    [
      { title: "NAME", value: (passkey) => oneLine(passkey.name), flexible: true },
      { title: "SIGNS IN", value: (passkey) => oneLine(passkey.person) },
      { title: "AT", value: (passkey) => passkey.host },
      { title: "MADE BY", value: (passkey) => oneLine(passkey.createdBy) },
      {
        title: "LAST USED",
        value: ({ lastUsedAt }) => (lastUsedAt === null ? "never" : relativeTime(terminal.now(), lastUsedAt)),
      },
      { title: "ID", value: (passkey) => passkey.id },
    ],
    passkeys,
  );
}

export async function removePasskey(call: Call): Promise<void> {
  const passkey = argument(call, 0);
  const { client } = await connect(call);
  await client.removePasskey({ params: { passkey } });
  answer(
    call,
    { removed: passkey },
    () =>
      `${oneLine(passkey)} signs in no more. Sessions that it opened stay until \`bureau device revoke --sessions\`.\n`,
  );
}
