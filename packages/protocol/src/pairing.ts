import { z } from "zod";
import { Device, SCOPES } from "./device.ts";
import type { DeviceId, PairingId, PersonId } from "./ids.ts";
import { Address, Person, QrCode } from "./person.ts";

const id = <T extends string>() => z.custom<T>((value) => typeof value === "string");

export const PAIRING_STATUSES = ["open", "redeemed", "expired"] as const;
export type PairingStatus = (typeof PAIRING_STATUSES)[number];

/** A code that makes one new device of a person, once, within minutes. */
export const Pairing = z.object({
  id: id<PairingId>(),
  personId: id<PersonId>(),
  /** What the device will be called; null: the device says, or is called by the person's name. */
  name: z.string().nullable(),
  scope: z.enum(SCOPES),
  status: z.enum(PAIRING_STATUSES),
  createdBy: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
  /** The device that it became. */
  deviceId: id<DeviceId>().nullable(),
});
export type Pairing = z.infer<typeof Pairing>;

/** The only time that the code is told. */
export const PairingMade = z.object({
  pairing: Pairing,
  code: z.string(),
  /** `ADDRESS/pair#CODE`: what is after the `#` is sent to no server. */
  link: z.string(),
  qr: QrCode,
  address: Address,
});
export type PairingMade = z.infer<typeof PairingMade>;

/** Who somebody is now; the cookie came with the answer. */
export const SignedIn = z.object({ person: Person, device: Device });
export type SignedIn = z.infer<typeof SignedIn>;
