import { type Command, Option } from "commander";
import { addLeaf, addNoun, onCall, type Session } from "../command-line.ts";

const GROUP = "Care:";

export function addDeviceCommands(program: Command, session: Session): void {
  const device = addNoun(
    program,
    "device",
    "phones, browsers and programs that may ask, each with a token of its own",
    {
      group: GROUP,
      example: 'bureau device add "Ana\'s phone" --scope inbox --expires 30d',
    },
  );
  addLeaf(device, "add <name>", "make a token for a device; it is shown this once", {
    example: 'bureau device add "Ana\'s phone" --scope inbox --expires 30d',
  })
    .addOption(
      // The words of the protocol, which is not loaded to show a help.
      new Option("--scope <scope>", "read looks, inbox also decides and answers, full does everything")
        .choices(["read", "inbox", "full"])
        .default("full"),
    )
    .option("--expires <span>", "how long the token holds: 12h, 30d; else until it is revoked")
    .action(onCall(session, async () => (await import("../actions/devices.ts")).addDevice));
  addLeaf(device, "pair [name]", "a QR code and a link that add a phone or browser, once, within ten minutes", {
    example: "bureau device pair Phone --url https://bureau.example.com",
  })
    .addOption(
      new Option("--scope <scope>", "read looks, inbox also decides and answers, full does everything")
        .choices(["read", "inbox", "full"])
        .default("full"),
    )
    .option("--url <url>", "where the new device reaches Bureau; else the address that is set or found")
    .option("--person <person>", "whose device it becomes, for the owner to say; else your own")
    .action(onCall(session, async () => (await import("../actions/devices.ts")).pairDevice));
  addLeaf(device, "list", "devices, newest first, and when each was last seen", { example: "bureau device list" })
    .option("--all", "also those that are revoked or expired")
    .action(onCall(session, async () => (await import("../actions/devices.ts")).listDevices));
  addLeaf(device, "revoke [device]", "end a device's token, its sessions and its event streams, at once", {
    example: 'bureau device revoke "Ana\'s phone"',
  })
    .option("--sessions", "end every session in place of a device: each browser has to sign in again")
    .action(onCall(session, async () => (await import("../actions/devices.ts")).revokeDevice));
}
