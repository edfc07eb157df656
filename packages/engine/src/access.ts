import type { AccessApi, PasskeysApi } from "./engine-api.ts";
import { type AccessParts, addDevice, revokeDevice } from "./commands/devices.ts";
import * as passkeys from "./commands/passkeys.ts";
import { callerOfSession, callerOfToken, stillAllowed } from "./commands/recognize-caller.ts";
import { closeSession, closeSessions, openSession } from "./commands/sessions.ts";
import { listDevices } from "./queries/devices.ts";

/** Devices and sessions by the database alone, so that what one process ends is over in all. */
export function createAccess(parts: AccessParts): AccessApi {
  return {
    addDevice: (input) => addDevice(parts, input),
    listDevices: (query) => listDevices(parts.database, parts.clock.now(), query),
    revokeDevice: (device, by) => revokeDevice(parts, device, by),
    openSession: (holder) => openSession(parts, holder),
    closeSession: (id) => closeSession(parts, id),
    closeSessions: async () => ({ closed: await closeSessions(parts) }),
    callerOfToken: (token) => callerOfToken(parts, token),
    callerOfSession: (secret, ownerKey) => callerOfSession(parts, secret, ownerKey),
    stillAllowed: (ids) => stillAllowed(parts, ids),
  };
}

/** Passkeys by the database alone, for the same reason. */
export function createPasskeys(parts: AccessParts): PasskeysApi {
  return {
    listPasskeys: () => passkeys.listPasskeys(parts.database),
    addPasskey: (passkey) => passkeys.addPasskey(parts, passkey),
    removePasskey: (passkey) => passkeys.removePasskey(parts.database, passkey),
    addChallenge: (challenge, use) => passkeys.addChallenge(parts, challenge, use),
    takeChallenge: (challenge, use) => passkeys.takeChallenge(parts, challenge, use),
    passkeysOf: (holder, host) => passkeys.passkeysOf(parts.database, holder, host),
    findPasskey: (credentialId, host) => passkeys.findPasskey(parts, credentialId, host),
    passkeyUsed: (id, counter) => passkeys.passkeyUsed(parts, id, counter),
  };
}
