import { z } from "zod";
import type { DeviceId, PersonId } from "./ids.ts";
import { Who } from "./person.ts";

/** What a caller may do. `read` looks; `inbox` also decides, answers and replies; `full` may do everything. */
export const SCOPES = ["read", "inbox", "full"] as const;
export type Scope = (typeof SCOPES)[number];

/** Each scope includes those before it in the list. */
export function covers(scope: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);
}

export const DEVICE_STATUSES = ["active", "expired", "revoked"] as const;
export type DeviceStatus = (typeof DEVICE_STATUSES)[number];

/** A person's phone, browser or program with a token of its own. Decisions made with it carry its name too. */
export const Device = z.object({
  id: z.custom<DeviceId>((value) => typeof value === "string"),
  name: z.string(),
  personId: z.custom<PersonId>((value) => typeof value === "string"),
  /** The person's name. */
  person: z.string(),
  scope: z.enum(SCOPES),
  status: z.enum(DEVICE_STATUSES),
  createdBy: z.string(),
  createdAt: z.string(),
  /** To the minute; null when it was never used. */
  lastSeenAt: z.string().nullable(),
  /** Null: it holds until it is revoked. */
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
});
export type Device = z.infer<typeof Device>;

/** The only time that the token is told: what is kept is its hash. */
export const DeviceAdded = z.object({ device: Device, token: z.string() });
export type DeviceAdded = z.infer<typeof DeviceAdded>;

/** Who is asking, as the server sees it. */
export const SessionInfo = z.object({
  /** `owner`, or the device's name. */
  name: z.string(),
  /** Whose it is: decisions carry their name. */
  person: Who,
  deviceId: z.custom<DeviceId>((value) => typeof value === "string").nullable(),
  scope: z.enum(SCOPES),
  /** What the header `x-bureau-csrf` of each write must carry; null where a token is sent and none is needed. */
  csrf: z.string().nullable(),
  /** Null: it ends with the token. */
  expiresAt: z.string().nullable(),
});
export type SessionInfo = z.infer<typeof SessionInfo>;

export const SessionsClosed = z.object({ closed: z.number().int() });
export type SessionsClosed = z.infer<typeof SessionsClosed>;
