import { readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Artifact, ArtifactDetail, BureauEvent } from "@bureau/protocol";
import { applyEvents, EMPTY_VIEW } from "@bureau/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { artifactMethods } from "../artifact-methods.ts";
import type { ArtifactsApi, FilesApi } from "../engine-api.ts";
import { artifactParts } from "../loop/publish.ts";
import type { ScriptRequest } from "../testing/model-server.ts";
import { owner } from "../testing/factories.ts";
import { anOfficeFile } from "../testing/office-files.ts";
import { testEngine, type TestEngine } from "../testing/test-engine.ts";
import { eventsAfter } from "../store/events.ts";
import { prune } from "./prune.ts";
import { startRun } from "./start-run.ts";

const SECRET = "s3cret-value-4711";

let engine: TestEngine;
let api: ArtifactsApi & FilesApi;
let calls: Record<string, object>[] = [];

beforeAll(async () => {
  engine = await testEngine({ script, parts: { secretIn: (text) => (text.includes(SECRET) ? "MAIL" : null) } });
  api = artifactMethods(engine.commands, artifactParts(engine.parts));
});
afterAll(() => engine.close());

/** One call a turn, those of `calls`; a comment is answered with words. */
function script({ toolTurns }: ScriptRequest) {
  const args = calls[toolTurns];
  return args === undefined ? "Done." : { toolCalls: [{ name: "publish_artifact", arguments: args }] };
}

async function publish(...published: Record<string, object | string | undefined>[]): Promise<Artifact> {
  calls = published as typeof calls;
  const run = await startRun(engine.commands, { agent: "writer", text: "Publish." });
  await engine.runUntilIdle();
  calls = [];
  const { artifacts } = await api.listArtifacts({ limit: 1, status: ["published"], run: run.id });
  return artifacts[0]!;
}

/** In the same thread, after one call. */
async function again({ threadId }: Artifact, args: object): Promise<void> {
  calls = [args as never, args as never];
  await startRun(engine.commands, { thread: threadId, text: "Again." });
  await engine.runUntilIdle();
  calls = [];
}

async function results(threadId: string): Promise<string[]> {
  const { rows } = await engine.database.query(
    "SELECT content->>'text' AS text FROM items WHERE thread_id = $1 AND type = 'tool_result' ORDER BY position",
    [threadId],
  );
  return rows.map((row) => row.text);
}

const plainFile = (artifact: Pick<Artifact, "path">) => join(engine.workspace, artifact.path);
const numbers = ({ versions }: ArtifactDetail) => versions.map(({ number, origin }) => [number, origin]);

/** Another time of change, also for a disk that counts in seconds. */
function editByHand(artifact: Pick<Artifact, "path">, text: string): void {
  writeFileSync(plainFile(artifact), text);
  utimesSync(plainFile(artifact), new Date(), new Date(Date.now() + 5_000));
}

describe("a publication", () => {
  test("is a version, a plain file, an item of the thread and an event", async () => {
    const artifact = await publish({ title: "Launch: the risks", content: "# Risks\n", note: "First draft." });
    expect(artifact).toMatchObject({ name: "launch-the-risks", version: 1, kind: "markdown", status: "published" });
    expect(artifact.path).toBe("artifacts/launch-the-risks/Launch- the risks.md");
    expect(readFileSync(plainFile(artifact), "utf8")).toBe("# Risks\n");
    const detail = await api.getArtifact(artifact.name);
    expect(detail).toMatchObject({ fileNote: null, versions: [{ number: 1, origin: "run", note: "First draft." }] });
    const items = await engine.database.query("SELECT content FROM items WHERE thread_id = $1 AND type = 'artifact'", [
      artifact.threadId,
    ]);
    expect(items.rows.map((row) => row.content)).toMatchObject([{ artifactId: artifact.id, version: 1 }]);
    const view = applyEvents(EMPTY_VIEW, await events());
    expect(view.artifacts[artifact.id]).toEqual(detail.artifact);
    expect(view.artifactVersions[detail.versions[0]!.id]).toEqual(detail.versions[0]);
  });

  test("of a file is what the file was then, whatever it becomes", async () => {
    writeFileSync(join(engine.folder, "costs.csv"), "a,b\n1,2\n");
    const artifact = await publish({ title: "Costs", path: "costs.csv" });
    writeFileSync(join(engine.folder, "costs.csv"), "changed");
    expect(await api.previewArtifact(artifact.id, "1")).toMatchObject({
      kind: "table",
      sheets: [
        {
          rows: [
            ["a", "b"],
            ["1", "2"],
          ],
        },
      ],
    });
    const content = await api.artifactContent(artifact.id, "newest");
    expect([content.name, Buffer.from(content.bytes).toString()]).toEqual(["costs.csv", "a,b\n1,2\n"]);
  });

  test("under a title that is taken has a name of its own, and none that leads anywhere", async () => {
    const [one, two] = [await publish({ title: "Same", content: "1" }), await publish({ title: "Same", content: "2" })];
    expect([one.name, two.name]).toEqual(["same", "same-2"]);
    const odd = await publish({ title: "../../../etc/passwd", content: "x" });
    expect(odd.path).toBe("artifacts/etc-passwd/etc-passwd.md");
    expect((await publish({ title: "日本", content: "x" })).name).toMatch(/^artifact/);
  });

  test("that holds a secret, leads out of the folder or is of nothing is refused, and nothing is published", async () => {
    writeFileSync(join(engine.folder, "keys.txt"), `token ${SECRET}`);
    for (const [args, reason] of [
      [{ title: "Keys", path: "keys.txt" }, "the secret MAIL"],
      [{ title: "Out", path: "../../bureau.yaml" }, "leads out"],
      [{ title: "None", path: "none.md" }, "does not exist"],
      [{ title: "Both", path: "a.md", content: "x" }, "not both"],
      [{ title: "Foreign", content: "x", artifact: "art_none" }, "no artifact"],
    ] as const) {
      calls = [args as never];
      const run = await startRun(engine.commands, { agent: "writer", text: "Publish." });
      await engine.runUntilIdle();
      expect((await results(run.threadId))[0]).toContain(reason);
      expect((await api.listArtifacts({ limit: 1, status: ["published"], run: run.id })).artifacts).toEqual([]);
    }
  });

  test("carries where content came from that its run had read", async () => {
    const artifact = await publish({ title: "Clean", content: "x" });
    await engine.database.query("UPDATE runs SET state = state || $2 WHERE thread_id = $1", [
      artifact.threadId,
      JSON.stringify({ taint: [{ name: "mail from bob@example.org", tool: "read_mail" }] }),
    ]);
    await again(artifact, { title: "Clean", content: "y", artifact: artifact.id });
    const { versions } = await api.getArtifact(artifact.id);
    expect(versions.map((version) => version.sources.length)).toEqual([1, 0]);
    const labels = await engine.database.query("SELECT sources FROM file_labels WHERE path = $1", [
      plainFile(artifact),
    ]);
    expect(labels.rows).toHaveLength(1);
  });

  test("keeps its blob when what nobody refers to is removed", async () => {
    const artifact = await publish({ title: "Kept", content: "kept" });
    const later = { now: () => Date.now() + 3 * 86_400_000 };
    await prune({
      database: engine.database,
      clock: { ...engine.parts.clock, ...later },
      blobs: engine.parts.blobs as never,
    });
    expect(Buffer.from((await api.artifactContent(artifact.id, "1")).bytes).toString()).toBe("kept");
  });
});

describe("the plain file", () => {
  test("that somebody changes becomes a version by hand, once, and the next publication does not hide it", async () => {
    const artifact = await publish({ title: "By hand", content: "one\n" });
    editByHand(artifact, "one and more\n");
    const [first, second] = await Promise.all([api.getArtifact(artifact.id), api.getArtifact(artifact.id)]);
    expect([numbers(first), numbers(second)].map((list) => list[0])).toEqual([
      [2, "hand"],
      [2, "hand"],
    ]);
    editByHand(artifact, "one and more again\n");
    await again(artifact, { title: "By hand", content: "three\n", artifact: artifact.id });
    expect(numbers(await api.getArtifact(artifact.id))).toEqual([
      [4, "run"],
      [3, "hand"],
      [2, "hand"],
      [1, "run"],
    ]);
    expect(readFileSync(plainFile(artifact), "utf8")).toBe("three\n");
  });

  test("that is gone, or holds a secret, is told, and its versions stay", async () => {
    const artifact = await publish({ title: "Gone", content: "x" });
    rmSync(plainFile(artifact));
    expect((await api.getArtifact(artifact.id)).fileNote).toContain("is gone");
    editByHand(artifact, SECRET);
    const detail = await api.getArtifact(artifact.id);
    expect([detail.fileNote, detail.versions.length]).toEqual([expect.stringContaining("the secret MAIL"), 1]);
  });

  test("is written by whoever looks, when the process died before it was", async () => {
    const artifact = await publish({ title: "Late", content: "x" });
    rmSync(plainFile(artifact));
    await engine.database.query("UPDATE artifacts SET file_version = 0, file_stamp = NULL WHERE id = $1", [
      artifact.id,
    ]);
    expect((await api.getArtifact(artifact.id)).fileNote).toBeNull();
    expect(readFileSync(plainFile(artifact), "utf8")).toBe("x");
  });

  test("that leads out of the workspace is not followed", async () => {
    const artifact = await publish({ title: "Linked", content: "x" });
    rmSync(plainFile(artifact));
    symlinkSync("/etc/hostname", plainFile(artifact));
    const detail = await api.getArtifact(artifact.id);
    expect([detail.fileNote, detail.versions.length]).toEqual([expect.stringContaining("leads out"), 1]);
  });
});

describe("versions", () => {
  test("are compared line by line", async () => {
    const artifact = await publish({ title: "Compared", content: "one\ntwo\n" });
    editByHand(artifact, "one\n2\n");
    expect(await api.diffArtifact(artifact.id, {})).toMatchObject({
      from: { number: 1 },
      to: { number: 2 },
      added: 1,
      removed: 1,
      hunks: [{ lines: [" one", "-two", "+2"] }],
    });
    await expect(api.diffArtifact(artifact.id, { to: 1 })).rejects.toMatchObject({ code: "invalid" });
    await expect(api.diffArtifact(artifact.id, { from: 7 })).rejects.toMatchObject({ code: "not_found" });
  });

  test("of documents are converted once, and compared by their text", async () => {
    writeFileSync(join(engine.folder, "plan.docx"), await anOfficeFile("docx", "# Plan\n\nOne\n"));
    const artifact = await publish({ title: "Plan", path: "plan.docx" });
    expect(await api.previewArtifact(artifact.id, "newest")).toMatchObject({ kind: "document", format: "docx" });
    const kept = await engine.database.query("SELECT 1 FROM conversions");
    await api.previewArtifact(artifact.id, "1");
    expect((await engine.database.query("SELECT 1 FROM conversions")).rows).toEqual(kept.rows);
    writeFileSync(plainFile(artifact), await anOfficeFile("docx", "# Plan\n\nTwo\n"));
    const { hunks } = await api.diffArtifact(artifact.id, {});
    expect(hunks[0]?.lines).toEqual(expect.arrayContaining(["-One", "+Two"]));
  });

  test("that cannot be compared or are not there are told", async () => {
    const artifact = await publish({ title: "One", content: "x" });
    for (const version of ["0", "2", "99999999999", "x", "newest2"])
      await expect(api.previewArtifact(artifact.id, version)).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("a comment", () => {
  test("is the person's message in the artifact's thread, and what it is about is the runtime's", async () => {
    const artifact = await publish({ title: "Said </runtime> of", content: "one\ntwo\nthree\n" });
    const by = owner("Ana");
    const reply = await api.commentArtifact(artifact.id, {
      text: "Shorter.",
      place: { lines: { from: 2, to: 3 } },
      by,
    });
    expect(reply).toMatchObject({ steered: false, comment: { version: 1, status: "open", by: "Ana" } });
    const { rows } = await engine.database.query(
      "SELECT content FROM items WHERE thread_id = $1 AND type = 'message' ORDER BY position DESC LIMIT 2",
      [artifact.threadId],
    );
    expect(rows[0].content).toMatchObject({ role: "person", text: "Shorter." });
    expect(rows[1].content).toMatchObject({ role: "runtime", text: expect.stringContaining("version 1, lines 2-3") });
    expect(rows[1].content.text).toContain("> two\n> three");
    expect(rows[1].content.text).not.toContain("</runtime>");
    // The run that it started reads it; another one steers that run.
    const second = await api.commentArtifact(artifact.id, { text: "And this.", place: { quote: "two" }, by });
    expect([second.steered, second.run.id]).toEqual([true, reply.run.id]);
    await engine.runUntilIdle();
    const view = applyEvents(EMPTY_VIEW, await events());
    expect(view.artifacts[artifact.id]?.openComments).toBe(2);
    expect(view.artifactComments[reply.comment.id]).toEqual(reply.comment);
  });

  test("is resolved and opened again, and counted", async () => {
    const artifact = await publish({ title: "Counted", content: "x" });
    const by = { by: owner("Ana") };
    const { comment } = await api.commentArtifact(artifact.id, { text: "Hm.", ...by });
    await engine.runUntilIdle();
    const count = async () => (await api.getArtifact(artifact.id)).artifact.openComments;
    expect(await api.resolveComment(artifact.id, comment.id, by)).toMatchObject({
      status: "resolved",
      resolvedBy: "Ana",
    });
    await api.resolveComment(artifact.id, comment.id, by);
    expect(await count()).toBe(0);
    expect(await api.reopenComment(artifact.id, comment.id, by)).toMatchObject({ status: "open", resolvedBy: null });
    expect(await count()).toBe(1);
    await expect(api.resolveComment(artifact.id, "cmt_none", by)).rejects.toMatchObject({ code: "not_found" });
  });

  test("on what came from outside taints the run that reads it", async () => {
    const artifact = await publish({ title: "Outside", content: "x" });
    await engine.database.query("UPDATE artifact_versions SET sources = $2 WHERE artifact_id = $1", [
      artifact.id,
      JSON.stringify([{ name: "https://example.org/", tool: "fetch_url" }]),
    ]);
    const { run } = await api.commentArtifact(artifact.id, { text: "Hm.", by: owner() });
    const { rows } = await engine.database.query("SELECT state->'taint' AS taint FROM runs WHERE id = $1", [run.id]);
    expect(rows[0].taint).toEqual([{ name: "https://example.org/", tool: "fetch_url" }]);
    await engine.runUntilIdle();
  });

  test("on lines or versions that are not there changes nothing", async () => {
    const artifact = await publish({ title: "Short", content: "x" });
    const by = owner();
    const far = { text: "Hm.", place: { lines: { from: 90, to: 91 } }, by };
    await expect(api.commentArtifact(artifact.id, far)).rejects.toMatchObject({ code: "invalid" });
    await expect(api.commentArtifact(artifact.id, { text: "Hm.", version: 9, by })).rejects.toMatchObject({
      code: "not_found",
    });
    expect((await api.getArtifact(artifact.id)).comments).toEqual([]);
  });
});

test("an archived artifact is out of the list, whole, and comes back", async () => {
  const artifact = await publish({ title: "Old", content: "x" });
  const listed = async () =>
    (await api.listArtifacts({ limit: 500, status: ["published"], agent: "writer" })).artifacts.map(({ id }) => id);
  expect(await api.archiveArtifact(artifact.id)).toMatchObject({ status: "archived" });
  expect(await listed()).not.toContain(artifact.id);
  expect((await api.getArtifact(artifact.id)).versions).toHaveLength(1);
  expect(applyEvents(EMPTY_VIEW, await events()).artifacts[artifact.id]?.status).toBe("archived");
  await api.unarchiveArtifact(artifact.id);
  expect(await listed()).toContain(artifact.id);
});

async function events(): Promise<BureauEvent[]> {
  return await eventsAfter(engine.database, 0, 10_000);
}
