import { isIP } from "node:net";
import type { PasskeysApi } from "@bureau/engine";
import {
  AppError,
  type DeviceId,
  type PasskeyOptions,
  type RegisterPasskey,
  type SignInWithPasskey,
} from "@bureau/protocol";
import type { AppContext } from "./app-parts.ts";
import type { PeerReader } from "./peer.ts";

const CHALLENGE_MS = 5 * 60_000;
const RP_NAME = "Bureau";
/** EdDSA, ECDSA with P-256, and RSA, as COSE numbers them: what phones, computers and sticks sign with. */
const ALGORITHMS = [-8, -7, -257];

type Options = PasskeyOptions["options"];

/** Where a browser signs in: what its passkeys are bound to. */
export interface Site {
  /** The host's name alone. */
  host: string;
  /** `https://bureau.example:8443` */
  origin: string;
}

/**
 * The site that a request was sent to. Its Host is one of ours: that was checked at the door.
 *
 * Throws `invalid` where browsers make no passkeys: without TLS anywhere but at localhost, and under an address.
 */
export function siteOf(context: AppContext, peerOf: PeerReader): Site {
  const address = (context.req.header("host") ?? new URL(context.req.url).host).toLowerCase();
  const { isSecure } = peerOf(context);
  const url = URL.parse(`${isSecure ? "https" : "http"}://${address}`);
  const host = url?.hostname ?? "";
  if (url === null || isIP(host.replace(/^\[|\]$/g, "")) !== 0) {
    throw new AppError("invalid", "Passkeys need a name, and this server was called by an address.", {
      hint: "Open it as http://localhost and its port, or under a name with TLS.",
    });
  }
  if (!isSecure && host !== "localhost") {
    throw new AppError("invalid", "Passkeys need TLS, and this request came without it.", {
      hint: "Open it by https; where a proxy encrypts, name it in BUREAU_TRUSTED_PROXY.",
    });
  }
  return { host, origin: url.origin };
}

/** Loaded with the first passkey. */
function loadLibrary(): Promise<typeof import("@simplewebauthn/server")> {
  return import("@simplewebauthn/server");
}

/** For a passkey that its maker keeps with the site's name, and that looks at the person each time. */
export async function registrationOptions(
  engine: PasskeysApi,
  site: Site,
  { holder, name }: { holder: DeviceId | null; name: string },
): Promise<Options> {
  const { generateRegistrationOptions } = await loadLibrary();
  const known = await engine.passkeysOf(holder, site.host);
  const options = await generateRegistrationOptions({
    rpName: RP_NAME,
    rpID: site.host,
    userName: name,
    userDisplayName: name,
    timeout: CHALLENGE_MS,
    attestationType: "none",
    supportedAlgorithmIDs: ALGORITHMS,
    excludeCredentials: known.map(({ credentialId: id, transports }) => ({ id, transports })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
  });
  await engine.addChallenge(options.challenge, { purpose: "register", holder });
  return { ...options } as unknown as Options;
}

/** For whichever passkey of the site the person chooses. Names nobody. */
export async function signInOptions(engine: PasskeysApi, site: Site): Promise<Options> {
  const { generateAuthenticationOptions } = await loadLibrary();
  const options = await generateAuthenticationOptions({
    rpID: site.host,
    timeout: CHALLENGE_MS,
    userVerification: "required",
  });
  await engine.addChallenge(options.challenge, { purpose: "sign_in" });
  return { ...options } as unknown as Options;
}

/** What a new passkey is, once all that it signed was checked. Throws `invalid` where anything is not right. */
export async function checkRegistration(
  engine: PasskeysApi,
  site: Site,
  holder: DeviceId | null,
  response: RegisterPasskey["response"],
) {
  const { verifyRegistrationResponse } = await loadLibrary();
  const challenge = await takenChallenge(response.response.clientDataJSON, (text) =>
    engine.takeChallenge(text, { purpose: "register", holder }),
  );
  if (challenge === null) throw notMade("it was not asked for here, or more than five minutes ago");
  const verified = await verifyRegistrationResponse({
    response: { ...response, clientExtensionResults: {} } as Parameters<
      typeof verifyRegistrationResponse
    >[0]["response"],
    expectedChallenge: challenge,
    expectedOrigin: site.origin,
    expectedRPID: site.host,
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  }).catch((error: unknown) => {
    throw notMade("what the browser sent does not hold", error);
  });
  if (!verified.verified) throw notMade("its signature is not right");
  const { credential, credentialBackedUp: synced } = verified.registrationInfo;
  return {
    credentialId: credential.id,
    publicKey: credential.publicKey,
    counter: credential.counter,
    transports: response.response.transports ?? [],
    host: site.host,
    synced,
  };
}

/** Whom a passkey signs in; null is the owner, undefined nobody. */
export async function checkSignIn(
  engine: PasskeysApi,
  site: Site,
  response: SignInWithPasskey["response"],
): Promise<DeviceId | null | undefined> {
  const { verifyAuthenticationResponse } = await loadLibrary();
  const challenge = await takenChallenge(response.response.clientDataJSON, (text) =>
    engine.takeChallenge(text, { purpose: "sign_in" }),
  );
  if (challenge === null) return undefined;
  const passkey = await engine.findPasskey(response.id, site.host);
  if (passkey === null) return undefined;
  const { credentialId: id, publicKey, counter, transports } = passkey;
  const verified = await verifyAuthenticationResponse({
    response: { ...response, clientExtensionResults: {} } as Parameters<
      typeof verifyAuthenticationResponse
    >[0]["response"],
    expectedChallenge: challenge,
    expectedOrigin: site.origin,
    expectedRPID: site.host,
    credential: { id, publicKey, counter, transports },
    requireUserVerification: true,
    // A signature, a counter or a flag that is not right: nobody is told which.
  }).catch(() => null);
  if (verified === null || !verified.verified) return undefined;
  const isFirst = await engine.passkeyUsed(passkey.id, verified.authenticationInfo.newCounter);
  return isFirst ? passkey.holder : undefined;
}

/** The challenge that the browser signed, used up; null when it is none of ours. */
async function takenChallenge(clientData: string, take: (text: string) => Promise<boolean>): Promise<string | null> {
  const challenge = challengeIn(clientData);
  return challenge !== null && (await take(challenge)) ? challenge : null;
}

function challengeIn(clientData: string): string | null {
  try {
    const data = JSON.parse(Buffer.from(clientData, "base64url").toString("utf8")) as unknown;
    const challenge = typeof data === "object" && data !== null && "challenge" in data ? data.challenge : null;
    return typeof challenge === "string" ? challenge : null;
  } catch {
    return null;
  }
}

function notMade(why: string, cause?: unknown): AppError {
  return new AppError("invalid", `The passkey was not kept: ${why}.`, { hint: "Try again from the start.", cause });
}
