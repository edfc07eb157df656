import { AppError, type Invitation, type Person, PERSON_STATUSES, type Preferences, WEEKDAYS } from "@bureau/protocol";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { renderTable } from "../present/table.ts";
import { cleanText, oneLine, relativeTime } from "../present/text.ts";
import { readSpan } from "../span.ts";

const MAX_PEOPLE = 500;

export async function listPeople(call: Call<{ all?: boolean; invited?: boolean }>): Promise<void> {
  const { client } = await connect(call);
  if (call.options.invited === true) {
    const list = await client.listInvitations({ query: { limit: MAX_PEOPLE } });
    return answer(call, list, () => renderInvitations(call, list.invitations));
  }
  const status = call.options.all === true ? { status: [...PERSON_STATUSES] } : {};
  const list = await client.listPeople({ query: { limit: MAX_PEOPLE, ...status } });
  answer(call, list, () => renderPeople(call, list.people));
}

function renderPeople({ terminal }: Pick<Call, "terminal">, people: Person[]): string {
  return renderTable(
    terminal,
    [
      { title: "NAME", value: (person) => oneLine(person.name), flexible: true },
      { title: "ROLE", value: (person) => person.role },
      { title: "STATUS", value: (person) => person.status },
      { title: "SINCE", value: (person) => relativeTime(terminal.now(), person.createdAt) },
      { title: "ID", value: (person) => person.id },
    ],
    people,
  );
}

function renderInvitations({ terminal }: Pick<Call, "terminal">, invitations: Invitation[]): string {
  if (invitations.length === 0) return "Nobody is invited. `bureau person invite NAME` makes an invitation.\n";
  return renderTable(
    terminal,
    [
      { title: "NAME", value: (invitation) => oneLine(invitation.name), flexible: true },
      { title: "ROLE", value: (invitation) => invitation.role },
      { title: "BY", value: (invitation) => oneLine(invitation.createdBy) },
      { title: "EXPIRES", value: (invitation) => relativeTime(terminal.now(), invitation.expiresAt) },
      { title: "ID", value: (invitation) => invitation.id },
    ],
    invitations,
  );
}

export async function showPerson(call: Call): Promise<void> {
  const { client } = await connect(call);
  const params = { person: argument(call, 0) };
  const [person, preferences] = [await client.getPerson({ params }), await client.getPreferences({ params })];
  answer(call, { person, preferences }, () => renderPerson(call, person, preferences));
}

function renderPerson({ terminal }: Pick<Call, "terminal">, person: Person, preferences: Preferences): string {
  const { hours, timeZone, kinds, showContent } = preferences;
  const lines = [
    oneLine(person.name),
    `${person.id}  ${person.role}  ${person.status}  since ${relativeTime(terminal.now(), person.createdAt)}, by ${oneLine(person.createdBy)}`,
  ];
  if (person.role === "guest") lines.push(`May read: ${[...person.goals, ...person.threads].join(", ") || "nothing"}.`);
  lines.push("", `Told of: ${kinds.map((kind) => kind.replace("_", " ")).join(", ") || "nothing"}.`);
  lines.push(showContent ? "Notifications say what they are about." : "Notifications do not say what they are about.");
  if (hours === null) lines.push("At any time.");
  else {
    const days = WEEKDAYS.flatMap((day) => (hours[day] === null ? [] : [`${day} ${hours[day].from}-${hours[day].to}`]));
    lines.push(`${days.join(", ")} (${timeZone}).`);
  }
  return `${lines.join("\n")}\n`;
}

interface InviteOptions {
  role: "member" | "guest";
  goal?: string[];
  thread?: string[];
  expires?: string;
  url?: string;
}

export async function invite(call: Call<InviteOptions>): Promise<void> {
  const { client } = await connect(call);
  const { role, goal, thread, expires, url } = call.options;
  const expiresInSeconds = readSpan(expires);
  const made = await client.invite({
    body: {
      name: argument(call, 0),
      role,
      ...(goal === undefined ? {} : { goals: goal }),
      ...(thread === undefined ? {} : { threads: thread }),
      ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
      ...(url === undefined ? {} : { url }),
    },
  });
  if (made.address.warning !== null) call.terminal.err(`${cleanText(made.address.warning)}\n`);
  const { name, expiresAt } = made.invitation;
  answer(
    call,
    made,
    () =>
      `${made.link}\n\nSend it to ${oneLine(name)}: whoever opens it first is ${oneLine(name)}, a ${role}. It works once, until ${expiresAt}, and is not shown again.\n`,
  );
}

export async function removePerson(call: Call): Promise<void> {
  const { client } = await connect(call);
  const named = argument(call, 0);
  if (named === "") throw new AppError("invalid", "Name a person.", { hint: "`bureau person list` shows them." });
  if (named.startsWith("inv_")) {
    const invitation = await client.revokeInvitation({ params: { invitation: named } });
    return answer(call, invitation, () => `The invitation of ${oneLine(invitation.name)} is revoked.\n`);
  }
  const person = await client.removePerson({ params: { person: named } });
  answer(call, person, () => `${oneLine(person.name)} is removed: their devices and sessions are over.\n`);
}
