import type { AccessApi } from "./engine-api.ts";
import { type AccessParts, addDevice, revokeDevice } from "./commands/devices.ts";
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
