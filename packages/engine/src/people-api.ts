import type {
  AnswerByLink,
  ChangePreferences,
  DecideByLink,
  GuestView,
  Invitation,
  InvitationList,
  Invite,
  Link,
  LinkList,
  ListInvitations,
  ListLinks,
  ListPeople,
  MakeLink,
  Pairing,
  Person,
  PersonId,
  PersonList,
  Preferences,
} from "@bureau/protocol";
import type { Entered } from "./commands/devices.ts";
import type { NewPairing } from "./commands/pairings.ts";
import type { Decider } from "./domain/decider.ts";

/** Whoever decides and is told, and how they come in. */
export interface PeopleApi {
  listPeople(query: ListPeople): Promise<PersonList>;
  getPerson(person: string): Promise<Person>;
  removePerson(person: string, by: string): Promise<Person>;
  getPreferences(person: string): Promise<Preferences>;
  changePreferences(person: string, changes: ChangePreferences): Promise<Preferences>;
  /** Whether a guest may look at a thing. */
  isInvitedTo(person: PersonId, thing: { kind: "goal" | "thread" | "entry"; id: string }): Promise<boolean>;
  /** The secret is told this once. */
  invite(input: Omit<Invite, "url"> & { by: string }): Promise<{ invitation: Invitation; secret: string }>;
  listInvitations(query: ListInvitations): Promise<InvitationList>;
  revokeInvitation(invitation: string): Promise<Invitation>;
  /** Throws `unauthenticated` unless the invitation holds. */
  acceptInvitation(input: { secret: string; device?: string | undefined }): Promise<Entered>;
  /** The code is told this once. */
  pair(input: NewPairing): Promise<{ pairing: Pairing; code: string }>;
  /** With `of`, only that person's. */
  getPairing(pairing: string, of: PersonId | null): Promise<Pairing>;
  endPairing(pairing: string, of: PersonId | null): Promise<Pairing>;
  /** Throws `unauthenticated` unless the code holds. */
  redeemPairing(input: { code: string; name?: string | undefined }): Promise<Entered>;
}

/** Links by which somebody without an account decides one thing or is interviewed. */
export interface LinksApi {
  /** The secret is told this once. */
  makeLink(input: Omit<MakeLink, "url"> & { by: Decider }): Promise<{ link: Link; secret: string }>;
  listLinks(query: ListLinks): Promise<LinkList>;
  revokeLink(link: string): Promise<Link>;
  /** These throw `unauthenticated` unless the link holds. */
  lookByLink(secret: string): Promise<GuestView>;
  decideByLink(input: DecideByLink): Promise<GuestView>;
  answerByLink(input: AnswerByLink): Promise<GuestView>;
}
