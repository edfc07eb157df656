import { AppError, createClient } from "@bureau/protocol";

/** The one client of the app: signed in by the session's cookie, at the address that the app came from. */
export const client = createClient({ baseUrl: window.location.origin });

/** Trades a token for a session. */
export async function signInWithToken(token: string): Promise<void> {
  await client.signIn({ body: { token } });
}

/**
 * The token of `bureau up`'s address, `#token=…`, traded for a session at once and taken out of the address.
 *
 * The part after `#` is never sent to a server, so it is in no log.
 */
export async function signInFromAddress(): Promise<void> {
  const token = new URLSearchParams(window.location.hash.slice(1)).get("token");
  if (token === null) return;
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  await signInWithToken(token);
}

/** True when somebody has to sign in before anything else. */
export function needsSignIn(error: unknown): boolean {
  return error instanceof AppError && error.code === "unauthenticated";
}

/** True when the server could not be reached: what is on the screen may be old. */
export function isOffline(error: unknown): boolean {
  return error instanceof AppError && error.code === "unavailable";
}
