import { z } from "zod";
import { PlainName, Reference } from "./api-inputs.ts";
import { BaseUrl, Told } from "./api-people.ts";
import { SCOPES } from "./device.ts";
import { endpoint } from "./endpoint.ts";
import { Pairing, PairingMade, SignedIn } from "./pairing.ts";

export const Pair = z.strictObject({
  /** What the new device is called; else it says so itself. */
  name: PlainName.optional(),
  scope: z.enum(SCOPES).default("full"),
  /** Whose device it becomes; the owner may name others. Whoever asks, where absent. */
  person: Reference.optional(),
  /** Begin of the link, in place of the address that the server finds itself. */
  url: BaseUrl.optional(),
});
export type Pair = z.infer<typeof Pair>;

export const RedeemPairing = z.strictObject({ code: Told, name: PlainName.optional() });
export type RedeemPairing = z.infer<typeof RedeemPairing>;

export const pairingsApi = {
  pair: endpoint("POST", "/api/pairings", {
    summary: "Make a code, as text, link and QR code, that adds a device once within ten minutes",
    group: "devices",
    body: Pair,
    reply: PairingMade,
    errors: ["not_found", "limit_reached"],
  }),
  getPairing: endpoint("GET", "/api/pairings/:pairing", {
    summary: "What became of a code",
    group: "devices",
    scope: "full",
    reply: Pairing,
    errors: ["not_found"],
  }),
  endPairing: endpoint("DELETE", "/api/pairings/:pairing", {
    summary: "End a code before its time; again is no error",
    group: "devices",
    reply: Pairing,
    errors: ["not_found"],
  }),
  redeemPairing: endpoint("POST", "/api/pairings/redeem", {
    summary: "Trade a code for a device and its session cookie",
    group: "devices",
    body: RedeemPairing,
    reply: SignedIn,
    open: true,
    errors: ["unauthenticated", "conflict", "limit_reached"],
  }),
};
