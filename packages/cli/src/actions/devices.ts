import { AppError, type Device, DEVICE_STATUSES, type Scope } from "@bureau/protocol";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { renderTable } from "../present/table.ts";
import { cleanText, count, oneLine, relativeTime } from "../present/text.ts";
import { readSpan } from "../span.ts";

const MAX_DEVICES = 500;

export async function addDevice(call: Call<{ scope: Scope; expires?: string }>): Promise<void> {
  const { client } = await connect(call);
  const expiresInSeconds = readSpan(call.options.expires);
  const added = await client.addDevice({
    body: {
      name: argument(call, 0),
      scope: call.options.scope,
      ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
    },
  });
  const { device, token } = added;
  answer(call, added, () => {
    const until = device.expiresAt === null ? "until it is revoked" : `until ${device.expiresAt}`;
    return `${token}\n\nThis is the token of ${oneLine(device.name)}, with the scope ${device.scope}, ${until}. It is not shown again.\n`;
  });
}

/** A code that a phone's camera reads: it makes the phone a device, once, within ten minutes. */
export async function pairDevice(call: Call<{ scope: Scope; url?: string; person?: string }>): Promise<void> {
  const { client } = await connect(call);
  const { scope, url, person } = call.options;
  const name = argument(call, 0);
  const made = await client.pair({
    body: {
      scope,
      ...(name === "" ? {} : { name }),
      ...(url === undefined ? {} : { url }),
      ...(person === undefined ? {} : { person }),
    },
  });
  const { warning } = made.address;
  if (warning !== null) call.terminal.err(`${cleanText(warning)}\n`);
  const until = made.pairing.expiresAt.slice(11, 16);
  answer(
    call,
    made,
    () =>
      `${made.qr.text}\n${made.link}\n\nOpen it on the new device, by its camera or as a link. It works once, until ${until} UTC, with the scope ${scope}.\n`,
  );
}

export async function listDevices(call: Call<{ all?: boolean }>): Promise<void> {
  const { client } = await connect(call);
  const status = call.options.all === true ? { status: [...DEVICE_STATUSES] } : {};
  const list = await client.listDevices({ query: { limit: MAX_DEVICES, ...status } });
  answer(call, list, () => renderDevices(call, list.devices));
}

function renderDevices({ terminal }: Pick<Call, "terminal">, devices: Device[]): string {
  if (devices.length === 0) return "There are no devices. `bureau device add NAME` makes a token for one.\n";
  const ago = (at: string | null, never: string) => (at === null ? never : relativeTime(terminal.now(), at));
  return renderTable(
    terminal,
    [
      { title: "NAME", value: (device) => oneLine(device.name), flexible: true },
      { title: "SCOPE", value: (device) => device.scope },
      { title: "STATUS", value: (device) => device.status },
      { title: "LAST SEEN", value: (device) => ago(device.lastSeenAt, "never") },
      { title: "OF", value: (device) => oneLine(device.person) },
      { title: "MADE BY", value: (device) => oneLine(device.createdBy) },
      { title: "EXPIRES", value: (device) => device.expiresAt?.slice(0, 10) ?? "" },
      { title: "ID", value: (device) => device.id },
    ],
    devices,
  );
}

export async function revokeDevice(call: Call<{ sessions?: boolean }>): Promise<void> {
  const named = argument(call, 0);
  if ((named === "") === (call.options.sessions !== true)) {
    throw new AppError("invalid", "Name either a device or --sessions.", {
      hint: "`bureau device list` shows devices.",
    });
  }
  const { client } = await connect(call);
  if (named === "") {
    const closed = await client.closeSessions();
    answer(call, closed, () => `${count(closed.closed, "session")} ended. Tokens of devices still hold.\n`);
    return;
  }
  const device = await client.revokeDevice({ params: { device: named } });
  answer(call, device, () => `${oneLine(device.name)} is revoked: its token, its sessions and its streams are over.\n`);
}
