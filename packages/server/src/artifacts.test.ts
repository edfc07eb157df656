import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSecretGuard, openVault, systemClock } from "@bureau/engine";
import { type ArtifactDetail, type ArtifactList, type Preview } from "@bureau/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ScriptRequest } from "../../engine/src/testing/model-server.ts";
import { aCell, aDocx, anXlsx } from "../../engine/src/testing/office-files.ts";
import { testEngine, type TestEngine } from "../../engine/src/testing/test-engine.ts";
import { testEngineApi, type TestEngineApi } from "../../engine/src/testing/test-engine-api.ts";
import { jsonBody, testApp } from "./testing/test-app.ts";

const PAYLOADS = JSON.parse(
  readFileSync(new URL("./testing/fixtures/xss/payloads.json", import.meta.url), "utf8"),
) as string[];
const ALL = PAYLOADS.join("\n\n");
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

let engine: TestEngine;
let engineApi: TestEngineApi;
let app: ReturnType<typeof testApp>;

beforeAll(async () => {
  engine = await testEngine({ script });
  const vault = openVault({
    folder: join(engine.workspace, ".bureau", "vault"),
    key: { type: "own" },
    clock: systemClock,
  });
  engineApi = await testEngineApi(engine, { clock: systemClock, vault });
  app = testApp({ engine: engineApi.api, guard: createSecretGuard() });
  const at = (name: string) => join(engine.folder, name);
  for (const name of [
    "page.html",
    "picture.svg",
    "page.xhtml",
    "notes.md",
    "rows.csv",
    "script.js",
    "odd.pdf",
    "odd.png",
  ])
    writeFileSync(at(name), ALL);
  const text = ALL.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;" })[character] ?? "&gt;").replace(
    /[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g,
    "",
  );
  writeFileSync(at("plan.docx"), aDocx(`<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`));
  writeFileSync(at("sheet.xlsx"), anXlsx(`<row r="1">${aCell("A1", "&lt;img src=x onerror=alert(1)&gt;")}</row>`));
  writeFileSync(at("real.png"), PNG);
  mkdirSync(at("memory"));
  await engineApi.api.startRun({ text: "Publish.", agent: "writer" });
  await engine.runUntilIdle();
});
afterAll(async () => {
  await engineApi.close();
  await engine.close();
});

function script({ toolTurns }: ScriptRequest) {
  if (toolTurns > 0) return "Done.";
  return {
    toolCalls: [
      { name: "publish_artifact", arguments: { title: '<img src=x onerror="alert(1)">', content: ALL } },
      { name: "publish_artifact", arguments: { title: 'Ein "Bild"\u0007 für dich', path: "real.png" } },
    ],
  };
}

async function json<T>(path: string): Promise<T> {
  const reply = await app.request(path);
  expect([path, reply.status, reply.headers.get("content-type")]).toEqual([path, 200, "application/json"]);
  return (await reply.json()) as T;
}

const file = (kind: "preview" | "content", path: string) =>
  `/api/agents/writer/files/${kind}?path=${encodeURIComponent(path)}`;

function expectInert(reply: Response): void {
  expect(reply.headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
  expect(reply.headers.get("x-content-type-options")).toBe("nosniff");
  expect(reply.headers.get("content-disposition")).toMatch(/^attachment; filename="[\w. -]+"; filename\*=UTF-8''/);
  expect(reply.headers.get("content-type")).toMatch(
    /^(?:text\/plain; charset=utf-8|application\/octet-stream|image\/(?:png|jpeg|gif|webp)|application\/pdf)$/,
  );
}

describe("HTML that tries to run", () => {
  test.each(["page.html", "picture.svg", "page.xhtml", "notes.md", "script.js", "odd.pdf", "odd.png"])(
    "comes back from %s as text, whole",
    async (path) => {
      const preview = await json<Preview>(file("preview", path));
      expect(["text", "markdown"]).toContain(preview.kind);
      expect("text" in preview && preview.text).toBe(ALL);
      const content = await app.request(file("content", path));
      expectInert(content);
      expect(content.headers.get("content-type")).toBe("text/plain; charset=utf-8");
      expect(await content.text()).toBe(ALL);
    },
  );

  test("comes back from documents and tables as their words", async () => {
    const plan = await json<Preview>(file("preview", "plan.docx"));
    expect(plan).toMatchObject({ kind: "document", blocks: [{ type: "paragraph" }] });
    const sheet = await json<Preview>(file("preview", "sheet.xlsx"));
    expect(sheet).toMatchObject({ kind: "table", sheets: [{ rows: [["<img src=x onerror=alert(1)>"]] }] });
    expect(await json<Preview>(file("preview", "rows.csv"))).toMatchObject({ kind: "table" });
    expectInert(await app.request(file("content", "plan.docx")));
  });

  test("comes back from an artifact as text, and its title makes no path and no header", async () => {
    const { artifacts } = await json<ArtifactList>("/api/artifacts");
    for (const { id } of artifacts) {
      const { versions } = await json<ArtifactDetail>(`/api/artifacts/${id}`);
      const reply = await app.request(`/api/artifacts/${id}/versions/${versions[0]?.number}/content`);
      expectInert(reply);
      expect((await reply.arrayBuffer()).byteLength).toBe(versions[0]?.bytes);
    }
    const page = artifacts.find(({ kind }) => kind === "markdown")!;
    expect(page.path).toMatch(/^artifacts\/[a-z0-9-]+\/[^<>"/]+\.md$/);
    expect(await json<Preview>(`/api/artifacts/${page.name}/versions/newest/preview`)).toMatchObject({ text: ALL });
  });
});

describe("the bytes of a file", () => {
  test("are a picture where they are one", async () => {
    const reply = await app.request(file("content", "real.png"));
    expectInert(reply);
    expect(reply.headers.get("content-type")).toBe("image/png");
    expect(Buffer.from(await reply.arrayBuffer())).toEqual(PNG);
  });

  test("need a token, and errors about them are JSON", async () => {
    const { artifacts } = await json<ArtifactList>("/api/artifacts");
    const path = `/api/artifacts/${artifacts[0]?.id}/versions/1/content`;
    expect((await app.requestFrom("127.0.0.1", path)).status).toBe(401);
    const missing = await app.request(`/api/artifacts/${artifacts[0]?.id}/versions/77/content`);
    expect([missing.status, missing.headers.get("content-type")]).toEqual([404, "application/json"]);
  });
});

test("a context file that was changed since is a conflict", async () => {
  const put = (body: object) => app.request("/api/agents/writer/context-file", jsonBody(body, "PUT"));
  const made = await put({ path: "memory/one.md", text: "One.\n", hash: null });
  const { hash } = (await made.json()) as { hash: string };
  expect((await put({ path: "memory/one.md", text: "Two.\n", hash })).status).toBe(200);
  expect((await put({ path: "memory/one.md", text: "Three.\n", hash })).status).toBe(409);
  expect(await json(`/api/agents/writer/context-file?path=memory%2Fone.md`)).toMatchObject({ text: "Two.\n" });
});
