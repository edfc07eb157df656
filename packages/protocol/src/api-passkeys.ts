import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { Passkey, PasskeyList, PasskeyOptions } from "./passkey.ts";

const group = "passkeys";
const NAME_CHARACTERS = 60;
const ID_CHARACTERS = 2_000;
const DATA_CHARACTERS = 20_000;
const MAX_TRANSPORTS = 20;
const TRANSPORT_CHARACTERS = 40;

const Encoded = z
  .string()
  .max(DATA_CHARACTERS)
  .regex(/^[A-Za-z0-9_-]+$/, { message: "must be base64url" });
const CredentialId = z
  .string()
  .max(ID_CHARACTERS)
  .regex(/^[A-Za-z0-9_-]+$/, { message: "must be base64url" });

/** What every answer of `navigator.credentials` has; other fields are left out of account. */
const Credential = z.object({
  id: CredentialId,
  rawId: CredentialId,
  type: z.literal("public-key"),
});

export const RegisterPasskey = z.strictObject({
  /** What the person calls it: `Ana's phone`. */
  name: z
    .string()
    .max(NAME_CHARACTERS)
    .regex(/^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M} .'’-]*[\p{L}\p{N}\p{M}])?$/u, {
      message: "must be letters and digits, with spaces, dots, hyphens or apostrophes between them",
    }),
  /** What `startRegistration` gave. */
  response: Credential.extend({
    response: z.object({
      clientDataJSON: Encoded,
      attestationObject: Encoded,
      transports: z.array(z.string().max(TRANSPORT_CHARACTERS)).max(MAX_TRANSPORTS).optional(),
    }),
  }),
});
export type RegisterPasskey = z.infer<typeof RegisterPasskey>;

export const SignInWithPasskey = z.strictObject({
  /** What `startAuthentication` gave. */
  response: Credential.extend({
    response: z.object({
      clientDataJSON: Encoded,
      authenticatorData: Encoded,
      signature: Encoded,
      userHandle: Encoded.nullable().optional(),
    }),
  }),
});
export type SignInWithPasskey = z.infer<typeof SignInWithPasskey>;

export const passkeysApi = {
  listPasskeys: endpoint("GET", "/api/passkeys", {
    summary: "Passkeys that sign in here, newest first",
    group,
    scope: "full",
    reply: PasskeyList,
  }),
  beginPasskey: endpoint("POST", "/api/passkeys/registration", {
    summary: "What a browser makes a passkey from, for whoever asks; for five minutes and one use",
    group,
    reply: PasskeyOptions,
    errors: ["limit_reached"],
  }),
  addPasskey: endpoint("POST", "/api/passkeys", {
    summary: "Keep the passkey that the browser made; from then on it signs in whoever asked",
    group,
    body: RegisterPasskey,
    reply: Passkey,
    errors: ["conflict", "limit_reached"],
  }),
  removePasskey: endpoint("DELETE", "/api/passkeys/:passkey", {
    summary: "Forget a passkey: it signs in no more. Sessions that it opened stay until they are ended",
    group,
    reply: "empty",
    errors: ["not_found"],
  }),
  beginPasskeySignIn: endpoint("POST", "/api/passkeys/sign-in", {
    summary: "What a browser signs in from with a passkey; for five minutes and one use",
    group,
    open: true,
    reply: PasskeyOptions,
  }),
  signInWithPasskey: endpoint("POST", "/api/session/passkey", {
    summary: "Trade a passkey's signature for a session cookie",
    group: "session",
    open: true,
    body: SignInWithPasskey,
    reply: "empty",
    errors: ["unauthenticated"],
  }),
};
