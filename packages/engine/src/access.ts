import type { AccessApi, PasskeysApi } from "./engine-api.ts";
import type { AccessParts } from "./commands/access-parts.ts";
import { addDevice, revokeDevice } from "./commands/devices.ts";
import { acceptInvitation, invite, revokeInvitation } from "./commands/invitations.ts";
import * as passkeys from "./commands/passkeys.ts";
import { endPairing, getPairing, pair, redeemPairing } from "./commands/pairings.ts";
import { changePreferences, removePerson } from "./commands/people.ts";
import { callerOfSession, callerOfToken, stillAllowed } from "./commands/recognize-caller.ts";
import { closeSession, closeSessions, openSession } from "./commands/sessions.ts";
import { listDevices } from "./queries/devices.ts";
import { listInvitations } from "./queries/invitations.ts";
import { getPerson, getPreferences, isInvitedTo, listPeople } from "./queries/people.ts";

/** People, devices and sessions by the database alone, so that what one process ends is over in all. */
export function createAccess(parts: AccessParts): AccessApi {
  const { database, clock } = parts;
  return {
    addDevice: (input) => addDevice(parts, input),
    listDevices: (query) => listDevices(database, clock.now(), query),
    revokeDevice: (device, who) => revokeDevice(parts, device, who),
    openSession: (holder) => openSession(parts, holder),
    closeSession: (id) => closeSession(parts, id),
    closeSessions: async () => ({ closed: await closeSessions(parts) }),
    callerOfToken: (token) => callerOfToken(parts, token),
    callerOfSession: (secret, ownerKey) => callerOfSession(parts, secret, ownerKey),
    stillAllowed: (ids) => stillAllowed(parts, ids),
    listPeople: (query) => listPeople(database, query),
    getPerson: (person) => getPerson(database, person),
    removePerson: (person, by) => removePerson(parts, person, by),
    getPreferences: (person) => getPreferences(database, person),
    changePreferences: (person, changes) => changePreferences(parts, person, changes),
    isInvitedTo: (person, thing) => isInvitedTo(database, person, thing),
    invite: (input) => invite(parts, input),
    listInvitations: (query) => listInvitations(database, clock.now(), query),
    revokeInvitation: (invitation) => revokeInvitation(parts, invitation),
    acceptInvitation: (input) => acceptInvitation(parts, input),
    pair: (input) => pair(parts, input),
    getPairing: (pairing, of) => getPairing(parts, pairing, of),
    endPairing: (pairing, of) => endPairing(parts, pairing, of),
    redeemPairing: (input) => redeemPairing(parts, input),
  };
}

/** Passkeys by the database alone, for the same reason. */
export function createPasskeys(parts: AccessParts): PasskeysApi {
  return {
    listPasskeys: (of) => passkeys.listPasskeys(parts.database, of),
    addPasskey: (passkey) => passkeys.addPasskey(parts, passkey),
    removePasskey: (passkey, of) => passkeys.removePasskey(parts.database, passkey, of),
    addChallenge: (challenge, use) => passkeys.addChallenge(parts, challenge, use),
    takeChallenge: (challenge, use) => passkeys.takeChallenge(parts, challenge, use),
    passkeysOf: (holder, host) => passkeys.passkeysOf(parts.database, holder, host),
    findPasskey: (credentialId, host) => passkeys.findPasskey(parts, credentialId, host),
    passkeyUsed: (id, counter) => passkeys.passkeyUsed(parts, id, counter),
  };
}
