import { createAccess, systemClock } from "@bureau/engine";
import { ACCESS, type Access, API_ACCESS, type Api, api, type Endpoint, type Role, ROLES } from "@bureau/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../../engine/src/testing/test-database.ts";
import { BASE_URL, testApp } from "./testing/test-app.ts";

/** Whom each kind of access lets through where the path names something that is nobody's. */
const PASSES: Record<Access, Record<Role, boolean>> = {
  anyone: { owner: true, member: true, guest: true },
  guest: { owner: true, member: true, guest: true },
  self: { owner: true, member: false, guest: false },
  goal: { owner: true, member: true, guest: false },
  thread: { owner: true, member: true, guest: false },
  entry: { owner: true, member: true, guest: false },
  member: { owner: true, member: true, guest: false },
  owner: { owner: true, member: false, guest: false },
};
/** What members have no part in, as it is promised: written out, so that a change of the table is one here as well. */
const OWNERS_ALONE: (keyof Api)[] = [
  "addPolicyRule",
  "closeSessions",
  "invite",
  "listInvitations",
  "listSecrets",
  "removePerson",
  "removePolicyRule",
  "removeSecret",
  "resumeAll",
  "revokeInvitation",
  "setSecret",
];
const OPEN: (keyof Api)[] = [
  "acceptInvitation",
  "answerByLink",
  "beginPasskeySignIn",
  "decideByLink",
  "decideByPush",
  "lookByLink",
  "redeemPairing",
  "signIn",
  "signInWithPasskey",
];

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

const endpoints = Object.entries<Endpoint>(api) as [keyof Api, Endpoint][];
const access = () => createAccess({ database, clock: systemClock });
const namesOf = (wanted: Access) =>
  endpoints.flatMap(([name]) => (API_ACCESS[name] === wanted ? [name] : [])).toSorted();

/** A device of somebody with this role. */
async function tokenOf(role: Role): Promise<string> {
  const engine = access();
  if (role === "owner") {
    return (await engine.addDevice({ name: role, scope: "full", personId: "pers_owner", by: "owner" })).token;
  }
  const { secret } = await engine.invite({ name: `A ${role}`, role, by: "owner" });
  const { person } = await engine.acceptInvitation({ secret });
  return (await engine.addDevice({ name: role, scope: "full", personId: person.id, by: "owner" })).token;
}

describe("the table of roles", () => {
  test("decides every endpoint, and no other", () => {
    expect(Object.keys(API_ACCESS).toSorted()).toEqual(endpoints.map(([name]) => name).toSorted());
    for (const [name, endpoint] of endpoints)
      expect([name, API_ACCESS[name] === "anyone"]).toEqual([name, endpoint.open === true]);
    expect(Object.keys(PASSES)).toEqual([...ACCESS]);
  });

  test("keeps people, secrets, rules and the resumption of everything for the owner, and opens what is listed here", () => {
    expect(namesOf("owner")).toEqual(OWNERS_ALONE);
    expect(namesOf("anyone")).toEqual(OPEN);
  });

  test.each(ROLES)("lets a %s call exactly what it says", async (role) => {
    let ahead = 0;
    const app = testApp({ access: access(), clock: { ...systemClock, now: () => systemClock.now() + ahead } });
    const headers = { authorization: `Bearer ${await tokenOf(role)}` };
    for (const [name, endpoint] of endpoints) {
      // There are more endpoints than a device may ask at once.
      ahead += 1_000;
      if (name === "closeSessions" || endpoint.open === true) continue;
      const before = app.engine.calls.length;
      const path = endpoint.path.replace(/:[A-Za-z]+/g, "x");
      const response = await app.app.request(`${BASE_URL}${path}`, { method: endpoint.method, headers });
      await response.body?.cancel();
      // What came through is refused for its input, or because the thing is not there.
      expect([name, response.status !== 403]).toEqual([name, PASSES[API_ACCESS[name]][role]]);
      const asked = app.engine.calls.slice(before).map((call) => call.name);
      const allowed = ["callerOfToken", "isInvitedTo"];
      if (response.status === 403) expect([name, asked.filter((one) => !allowed.includes(one))]).toEqual([name, []]);
    }
    expect(app.faults).toEqual([]);
  });
});
