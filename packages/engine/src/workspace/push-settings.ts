import { isIP } from "node:net";
import { PUSH_ACTIONS, type PushActions } from "@bureau/protocol";
import type { FieldReader } from "../goals/goal-file-fields.ts";

const MAX_HOSTS = 20;
const MAX_SUBJECT_CHARACTERS = 300;
/** Names that are nobody's on the internet. Push services refuse them, some with every message. */
const NOBODYS = /(?:^|\.)(?:localhost|local|internal|invalid|test|example|example\.(?:com|net|org)|lan|home|arpa)$/;

export interface PushSettings {
  /** How push services may reach whoever runs this Bureau: `mailto:` or `https:`. */
  subject: string | null;
  /** Whether approvals can be decided in a notification. */
  actions: PushActions;
  /** `host:port` of push services that need be neither public nor encrypted. */
  allowHosts: string[];
}

export function readPush(value: unknown, reader: FieldReader): PushSettings {
  const fields = (value ?? {}) as Record<string, unknown>;
  if (typeof fields !== "object" || Array.isArray(fields)) return reader.fail(["push"], "must be keys with values");
  for (const key of Object.keys(fields)) {
    if (!["subject", "actions", "allowHosts"].includes(key)) {
      reader.warn(["push", key], "is not a setting and has no effect");
    }
  }
  return {
    subject: readSubject(fields["subject"] ?? null, reader),
    actions: readActions(fields["actions"] ?? "approvals", reader),
    allowHosts: readHosts(fields["allowHosts"] ?? [], reader),
  };
}

function readSubject(value: unknown, reader: FieldReader): string | null {
  if (value === null || value === "") return null;
  if (typeof value === "string" && isPushSubject(value.trim())) return value.trim();
  return reader.fail(
    ["push", "subject"],
    `cannot be ${JSON.stringify(value)}`,
    "Write mailto: and an address that reaches you, or the https address of your Bureau.",
  );
}

function readActions(value: unknown, reader: FieldReader): PushActions {
  const found = PUSH_ACTIONS.find((known) => known === value);
  return found ?? reader.fail(["push", "actions"], `must be one of ${PUSH_ACTIONS.join(", ")}`);
}

function readHosts(value: unknown, reader: FieldReader): string[] {
  const entries = Array.isArray(value) ? value : [value];
  if (entries.length > MAX_HOSTS) return reader.fail(["push", "allowHosts"], `has more than ${MAX_HOSTS} entries`);
  return entries.map((entry, index) =>
    typeof entry === "string" && /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+):\d{1,5}$/i.test(entry)
      ? entry
      : reader.fail(["push", "allowHosts", index], `must be host:port, not ${JSON.stringify(entry)}`),
  );
}

/** Whether push services take it: an address of mail or of the web whose host is somebody's on the internet. */
export function isPushSubject(text: string): boolean {
  if (text.length > MAX_SUBJECT_CHARACTERS) return false;
  const mail = /^mailto:[^\s@<>"]+@([^\s@<>"/?]+)$/.exec(text)?.[1];
  const url = mail === undefined ? URL.parse(text) : null;
  if (mail === undefined && url?.protocol !== "https:") return false;
  const host = (mail ?? url?.hostname ?? "").toLowerCase().replace(/\.$/, "");
  return isIP(host.replace(/^\[|\]$/g, "")) === 0 && /^[^.].*\.[^.]{2,}$/.test(host) && !NOBODYS.test(host);
}
