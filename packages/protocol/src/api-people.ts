import { z } from "zod";
import { oneOrMany, Page, PlainName, Reference } from "./api-inputs.ts";
import { endpoint } from "./endpoint.ts";
import { INBOX_KINDS } from "./inbox.ts";
import { SignedIn } from "./pairing.ts";
import {
  Invitation,
  INVITATION_STATUSES,
  InvitationMade,
  Person,
  PERSON_STATUSES,
  Preferences,
  WeekHours,
} from "./person.ts";

const MIN_SECONDS = 60;
const MAX_SECONDS = 90 * 24 * 60 * 60;
const MAX_INVITED = 50;
const SECRET_CHARACTERS = 200;
const ZONE_CHARACTERS = 100;
const ADDRESS_CHARACTERS = 300;

/** How long something holds that is told once. */
export const Span = z.number().int().min(MIN_SECONDS).max(MAX_SECONDS);
/** What was told once. */
export const Told = z.string().min(1).max(SECRET_CHARACTERS);
/** Begin of links, such as `https://bureau.example.com`. */
export const BaseUrl = z.string().min(1).max(ADDRESS_CHARACTERS);

const nextCursor = z.string().nullable();

export const ListPeople = Page.extend({ status: oneOrMany(PERSON_STATUSES).default(["active"]) });
export type ListPeople = z.infer<typeof ListPeople>;

export const PersonList = z.object({ people: z.array(Person), nextCursor });
export type PersonList = z.infer<typeof PersonList>;

/** An absent field keeps its value. */
export const ChangePreferences = z.strictObject({
  hours: WeekHours.nullable().optional(),
  timeZone: z.string().min(1).max(ZONE_CHARACTERS).optional(),
  kinds: z.array(z.enum(INBOX_KINDS)).max(INBOX_KINDS.length).optional(),
  showContent: z.boolean().optional(),
});
export type ChangePreferences = z.infer<typeof ChangePreferences>;

export const Invite = z.strictObject({
  name: PlainName,
  role: z.enum(["member", "guest"]),
  /** What a guest may read; a goal with its thread. Needs a guest. */
  goals: z.array(Reference).max(MAX_INVITED).optional(),
  threads: z.array(Reference).max(MAX_INVITED).optional(),
  /** Seven days where absent. */
  expiresInSeconds: Span.optional(),
  /** Begin of the link, in place of the address that the server finds itself. */
  url: BaseUrl.optional(),
});
export type Invite = z.infer<typeof Invite>;

export const ListInvitations = Page.extend({ status: oneOrMany(INVITATION_STATUSES).default(["open"]) });
export type ListInvitations = z.infer<typeof ListInvitations>;

export const InvitationList = z.object({ invitations: z.array(Invitation), nextCursor });
export type InvitationList = z.infer<typeof InvitationList>;

/** `device` is what the browser or phone that accepts is called; the person's name where absent. */
export const AcceptInvitation = z.strictObject({ secret: Told, device: PlainName.optional() });
export type AcceptInvitation = z.infer<typeof AcceptInvitation>;

export const peopleApi = {
  listPeople: endpoint("GET", "/api/people", {
    summary: "Who belongs to the workspace",
    group: "people",
    query: ListPeople,
    reply: PersonList,
  }),
  getPerson: endpoint("GET", "/api/people/:person", {
    summary: "One person, by id or name; `me` is whoever asks",
    group: "people",
    reply: Person,
    errors: ["not_found"],
  }),
  removePerson: endpoint("DELETE", "/api/people/:person", {
    summary: "End a person's devices and sessions at once, and free what was theirs to decide",
    group: "people",
    reply: Person,
    errors: ["not_found", "conflict"],
  }),
  getPreferences: endpoint("GET", "/api/people/:person/preferences", {
    summary: "When and of what a person is told",
    group: "people",
    reply: Preferences,
    errors: ["not_found"],
  }),
  changePreferences: endpoint("PATCH", "/api/people/:person/preferences", {
    summary: "Change when and of what a person is told",
    group: "people",
    body: ChangePreferences,
    reply: Preferences,
    errors: ["not_found"],
  }),
  listInvitations: endpoint("GET", "/api/invitations", {
    summary: "Invitations, open ones by default, newest first",
    group: "people",
    scope: "full",
    query: ListInvitations,
    reply: InvitationList,
  }),
  invite: endpoint("POST", "/api/invitations", {
    summary: "Make an invitation; its secret is told this once",
    group: "people",
    body: Invite,
    reply: InvitationMade,
    errors: ["not_found", "conflict", "limit_reached"],
  }),
  revokeInvitation: endpoint("DELETE", "/api/invitations/:invitation", {
    summary: "End an invitation that nobody has accepted; again is no error",
    group: "people",
    reply: Invitation,
    errors: ["not_found", "conflict"],
  }),
  acceptInvitation: endpoint("POST", "/api/invitations/accept", {
    summary: "Become a person of the workspace by an invitation's secret, with a device and a session cookie",
    group: "people",
    body: AcceptInvitation,
    reply: SignedIn,
    open: true,
    errors: ["unauthenticated", "conflict", "limit_reached"],
  }),
};
