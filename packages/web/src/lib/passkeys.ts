import { client } from "./session.ts";

/** Passkeys belong to a name with TLS, or to `localhost`; a number is no name. */
export function canUsePasskeys(): boolean {
  const { hostname } = window.location;
  return window.isSecureContext && "PublicKeyCredential" in window && !/^[\d.]+$|^\[/.test(hostname);
}

type Module = typeof import("@simplewebauthn/browser");
type Creation = Parameters<Module["startRegistration"]>[0]["optionsJSON"];
type Request = Parameters<Module["startAuthentication"]>[0]["optionsJSON"];

/** Makes a passkey in this phone or computer; the person confirms it there. */
export async function addPasskey(name: string): Promise<void> {
  const [{ startRegistration }, { options }] = await Promise.all([
    import("@simplewebauthn/browser"),
    client.beginPasskey(),
  ]);
  const response = await startRegistration({ optionsJSON: options as unknown as Creation }).catch(refused);
  await client.addPasskey({ body: { name, response } });
}

export async function signInWithPasskey(): Promise<void> {
  const [{ startAuthentication }, { options }] = await Promise.all([
    import("@simplewebauthn/browser"),
    client.beginPasskeySignIn(),
  ]);
  const response = await startAuthentication({ optionsJSON: options as unknown as Request }).catch(refused);
  await client.signInWithPasskey({ body: { response } });
}

function refused(error: unknown): never {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "AbortError") {
    throw new Error("It was not confirmed, or it took too long. Nothing was changed; try again.", { cause: error });
  }
  if (name === "InvalidStateError") {
    throw new Error("This device has a passkey for Bureau already.", { cause: error });
  }
  throw error;
}
