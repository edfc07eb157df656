import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GuestView, InvitationMade, LinkMade, PairingMade } from "@bureau/protocol";
import { initWorkspace, readConfig, readSettings, type RunningServer, startServer } from "@bureau/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ModelServer, type ScriptRequest, startModelServer } from "../../../engine/src/testing/model-server.ts";
import { testDatabase, type TestDatabase } from "../../../engine/src/testing/test-database.ts";
import { type Outcome, runCommandLine } from "../testing/test-terminal.ts";

let folder: string;
let model: ModelServer;
let database: TestDatabase;
let server: RunningServer;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "bureau-people-")));
  await initWorkspace(folder, "empty");
  model = await startModelServer({ script });
  database = await testDatabase();
  const environment = { BUREAU_PUBLIC_URL: "https://bureau.example.com" };
  const config = readConfig({ workspace: folder, port: 0 }, await readSettings(folder), environment, folder);
  const provider = { kind: "openai-compatible" as const, baseUrl: model.openaiUrl, apiKey: "none" };
  const models = { default: "test/scripted", providers: { test: provider } };
  server = await startServer({ ...config, databaseUrl: database.url, models }, () => undefined);
});

afterAll(async () => {
  await server.stop();
  await model.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

function script({ toolTurns }: ScriptRequest) {
  if (toolTurns > 0) return { text: "Thanks." };
  return { toolCalls: [{ name: "ask_person", arguments: { question: "What is your goal?" } }] };
}

const bureau = (...argv: string[]): Promise<Outcome> => runCommandLine(argv, { folder });
const json = async <T>(...argv: string[]): Promise<T> => {
  const { out, err, code } = await bureau(...argv, "--json");
  expect([argv.join(" "), code, err]).toEqual([argv.join(" "), 0, ""]);
  return JSON.parse(out) as T;
};

async function post<T>(path: string, body: object): Promise<{ status: number; cookie: string; reply: T }> {
  const response = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  return { status: response.status, cookie, reply: (await response.json()) as T };
}

describe("a person", () => {
  test("is invited, joins, is given an entry, and is removed", async () => {
    const shown = await bureau("person", "invite", "Ana López", "--expires", "2d");
    expect(shown.out).toMatch(/^https:\/\/bureau\.example\.com\/join#[\w-]{43}\n/);
    expect((await bureau("person", "list", "--invited")).out).toMatch(/Ana López +member +owner/);
    const made = await json<InvitationMade>("person", "invite", "Bo", "--role", "guest");
    await post("/api/invitations/accept", { secret: made.secret });
    const joined = await post("/api/invitations/accept", { secret: shown.out.split("\n")[0]?.split("#")[1] });
    expect(joined.status).toBe(200);
    const asAna = () => fetch(`${server.url}/api/status`, { headers: { cookie: joined.cookie } });
    expect((await asAna()).status).toBe(200);
    expect((await bureau("person", "list")).out).toMatch(
      /owner +owner[^]*Ana López +member[^]*Bo +guest|Bo +guest[^]*Ana/,
    );
    expect((await bureau("run", "Ask me")).code).toBe(7);
    await bureau("hey");
    expect((await bureau("inbox", "reply", "1 → @cleo")).out).toContain(
      'There is nobody named "cleo" here. There are: owner,',
    );
    expect((await bureau("inbox", "reply", "1 → @ana, tomorrow")).out).toBe("for Ana López: What is your goal?\n");
    expect((await bureau("hey", "--mine")).out).toContain("Nothing needs you now.");
    expect((await bureau("person", "show", "ana lópez")).out).toContain(
      "Notifications do not say what they are about.",
    );
    expect((await bureau("person", "remove", "Ana López")).out).toContain("their devices and sessions are over");
    expect((await asAna()).status).toBe(401);
    expect((await bureau("hey", "--mine")).out).toContain("What is your goal?");
    expect((await bureau("person", "list", "--all")).out).toMatch(/Ana López +member +removed/);
    expect((await bureau("person", "remove", "owner")).code).toBe(5);
    expect((await bureau("person", "remove", "nobody")).code).toBe(4);
  });

  test("who is only invited can be uninvited by the invitation's id", async () => {
    const { invitation, secret } = await json<InvitationMade>("person", "invite", "Cleo");
    expect((await bureau("person", "remove", invitation.id)).out).toBe("The invitation of Cleo is revoked.\n");
    expect((await post("/api/invitations/accept", { secret })).status).toBe(401);
  });
});

describe("a phone", () => {
  test("is paired by what the terminal shows: a QR code and the same as a link", async () => {
    const { out, err } = await bureau("device", "pair", "Phone", "--scope", "inbox");
    expect(err).toBe("");
    expect(out).toMatch(/[▀▄█]{8}/);
    const [, code] = /https:\/\/bureau\.example\.com\/pair#([\w-]{43})\n/.exec(out) ?? [];
    const { status, cookie } = await post("/api/pairings/redeem", { code });
    expect(status).toBe(200);
    expect((await fetch(`${server.url}/api/inbox`, { headers: { cookie } })).status).toBe(200);
    expect((await bureau("device", "list")).out).toMatch(/Phone +inbox +active/);
    const made = await json<PairingMade>("device", "pair", "--url", "https://other.example");
    expect([made.link, made.pairing.scope]).toEqual([`https://other.example/pair#${made.code}`, "full"]);
    expect((await bureau("device", "pair", "--url", "other.example")).code).toBe(2);
  });
});

describe("a link", () => {
  test("asks somebody without an account, is listed, and ends", async () => {
    expect((await bureau("run", "Ask me")).code).toBe(7);
    await bureau("inbox", "list");
    const made = await json<LinkMade>("link", "ask", "1", "--name", "Bo", "--expires", "2d");
    expect(made.url).toBe(`https://bureau.example.com/ask#${made.secret}`);
    expect((await bureau("link", "list")).out).toMatch(/Bo +decision +open/);
    const { secret } = made;
    const { reply } = await post<GuestView>("/api/links/look", { secret });
    expect(reply.asked).toMatchObject({ what: "question", title: "What is your goal?" });
    expect((await post("/api/links/answer", { secret, ref: reply.asked?.ref, text: "Readers" })).status).toBe(200);
    expect((await bureau("inbox", "show", made.link.entryId ?? "")).out).toContain("Decided by Bo (by link)");
    expect((await bureau("link", "list", "--all")).out).toMatch(/Bo +decision +used/);
    expect((await bureau("link", "revoke", made.link.id)).out).toBe("The link for Bo is revoked.\n");
    expect((await post("/api/links/look", { secret })).status).toBe(401);
    expect((await bureau("link", "ask", "--name", "Bo")).code).toBe(2);
    expect((await bureau("link", "ask", "1")).code).toBe(2);
  });
});
