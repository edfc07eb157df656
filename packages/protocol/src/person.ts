import { z } from "zod";
import type { GoalId, InvitationId, PersonId, ThreadId } from "./ids.ts";
import { INBOX_KINDS } from "./inbox.ts";

const id = <T extends string>() => z.custom<T>((value) => typeof value === "string");

/** What somebody is in the workspace, the least first. A guest sees only what they were invited to. */
export const ROLES = ["guest", "member", "owner"] as const;
export type Role = (typeof ROLES)[number];

export const PERSON_STATUSES = ["active", "removed"] as const;
export type PersonStatus = (typeof PERSON_STATUSES)[number];

/** The one who is always there. */
export const OWNER_ID: PersonId = "pers_owner";

/** Somebody who decides and is told. Their devices and sessions are theirs alone. */
export const Person = z.object({
  id: id<PersonId>(),
  name: z.string(),
  role: z.enum(ROLES),
  status: z.enum(PERSON_STATUSES),
  /** What a guest may read; empty for others, who read everything. */
  goals: z.array(id<GoalId>()),
  threads: z.array(id<ThreadId>()),
  createdBy: z.string(),
  createdAt: z.string(),
  removedAt: z.string().nullable(),
});
export type Person = z.infer<typeof Person>;

/** Who somebody is, in short. */
export const Who = Person.pick({ id: true, name: true, role: true });
export type Who = z.infer<typeof Who>;

export const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** By the clock on the wall: `08:00` until, and without, `18:30`. A day ends at `24:00`. */
export const DayHours = z
  .strictObject({
    from: z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, { message: "must be a time such as 08:00" }),
    to: z.string().regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, { message: "must be a time such as 18:30" }),
  })
  .refine(({ from, to }) => from < to, { message: "must begin before they end" });
export type DayHours = z.infer<typeof DayHours>;

/** When somebody may be told of something; null on a day on which they are not. */
export const WeekHours = z
  .strictObject({
    monday: DayHours.nullable(),
    tuesday: DayHours.nullable(),
    wednesday: DayHours.nullable(),
    thursday: DayHours.nullable(),
    friday: DayHours.nullable(),
    saturday: DayHours.nullable(),
    sunday: DayHours.nullable(),
  })
  .refine((week) => Object.values(week).some((day) => day !== null), { message: "must hold on one day at least" });
export type WeekHours = z.infer<typeof WeekHours>;

/** Of what, when and how somebody is told outside the app. */
export const Preferences = z.object({
  /** Null: at any time. */
  hours: WeekHours.nullable(),
  /** IANA name of the zone that the hours are of. */
  timeZone: z.string(),
  /** Kinds of inbox entries that they are told of. */
  kinds: z.array(z.enum(INBOX_KINDS)),
  /** Whether a notification may say what it is about; a lock screen shows it to everyone. */
  showContent: z.boolean(),
});
export type Preferences = z.infer<typeof Preferences>;

export const INVITATION_STATUSES = ["open", "accepted", "expired", "revoked"] as const;
export type InvitationStatus = (typeof INVITATION_STATUSES)[number];

/** A place kept for somebody who is not here yet. Whoever has its secret takes it, once. */
export const Invitation = z.object({
  id: id<InvitationId>(),
  name: z.string(),
  role: z.enum(ROLES),
  status: z.enum(INVITATION_STATUSES),
  goals: z.array(id<GoalId>()),
  threads: z.array(id<ThreadId>()),
  createdBy: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
  acceptedAt: z.string().nullable(),
  /** Who took it. */
  personId: id<PersonId>().nullable(),
});
export type Invitation = z.infer<typeof Invitation>;

/** Where others reach this server, as far as it knows. */
export const Address = z.object({
  /** Begin of the links, without a slash at its end. */
  url: z.string(),
  /** What keeps the link from working elsewhere, and what to set; null when nothing is known to. */
  warning: z.string().nullable(),
});
export type Address = z.infer<typeof Address>;

/** A link as a picture to be read by a phone's camera. */
export const QrCode = z.object({
  /** An SVG document. */
  svg: z.string(),
  /** For a terminal with a light or dark ground: half blocks, two rows a line. */
  text: z.string(),
});
export type QrCode = z.infer<typeof QrCode>;

/** The only time that the secret is told. It stands after the `#`, which browsers keep to themselves. */
export const InvitationMade = z.object({
  invitation: Invitation,
  secret: z.string(),
  link: z.string(),
  address: Address,
});
export type InvitationMade = z.infer<typeof InvitationMade>;
