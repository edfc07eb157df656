import { z } from "zod";
import type { DeviceId, PasskeyId } from "./ids.ts";

/** A key in a phone, a computer or a stick that signs in by a touch or a look. */
export const Passkey = z.object({
  id: z.custom<PasskeyId>((value) => typeof value === "string"),
  name: z.string(),
  /** The host that it signs in to, and no other. */
  host: z.string(),
  /** The name of the person whom it signs in. */
  person: z.string(),
  /** As which of their devices; null: as the owner. */
  deviceId: z.custom<DeviceId>((value) => typeof value === "string").nullable(),
  /** Kept by its maker on several machines. */
  synced: z.boolean(),
  createdBy: z.string(),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
});
export type Passkey = z.infer<typeof Passkey>;

export const PasskeyList = z.object({ passkeys: z.array(Passkey) });
export type PasskeyList = z.infer<typeof PasskeyList>;

/** What `navigator.credentials` is given, as `@simplewebauthn/browser` takes it; holds for five minutes and one use. */
export const PasskeyOptions = z.object({ options: z.record(z.string(), z.json()) });
export type PasskeyOptions = z.infer<typeof PasskeyOptions>;
