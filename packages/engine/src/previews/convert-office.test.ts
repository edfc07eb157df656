import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { aCell, aDocx, anOfficeFile, anOpenDocument, anXlsx, aPptx, aZip } from "../testing/office-files.ts";
import { convertOffice, flags } from "./convert-office.ts";
import { makePreview } from "./make-preview.ts";
import { sniff } from "./sniff.ts";

const LIMIT_MS = 60_000;

const preview = (name: string, bytes: Buffer) =>
  makePreview(name, bytes, (content, _hash, format) => convertOffice(content, format));

const MARKDOWN = "# Plan\n\nHello\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n";

describe("an office file is looked at as data", () => {
  test.each(["docx", "odt", "rtf"] as const)(
    "%s as headings, paragraphs, lists and tables",
    async (format) => {
      const found = await preview("x.bin", await anOfficeFile(format, MARKDOWN));
      expect(found).toMatchObject({ kind: "document", format, truncated: false });
      expect(found.kind === "document" && found.blocks).toEqual([
        { type: "heading", level: 1, text: "Plan" },
        { type: "paragraph", text: "Hello" },
        {
          type: "list",
          ordered: false,
          items: [
            { depth: 0, text: "one" },
            { depth: 0, text: "two" },
          ],
        },
        {
          type: "table",
          rows: [
            ["a", "b"],
            ["1", "2"],
          ],
        },
      ]);
    },
    LIMIT_MS,
  );

  test("slides one after the other", async () => {
    const found = await preview("x", aPptx(["First", "Second"]));
    expect(found).toMatchObject({ kind: "document", format: "pptx" });
    expect(found.kind === "document" && found.blocks).toEqual([
      { type: "page_break", title: "Slide 1" },
      { type: "paragraph", text: "First" },
      { type: "page_break", title: "Slide 2" },
      { type: "paragraph", text: "Second" },
    ]);
    const open = await preview(
      "x",
      anOpenDocument(
        "presentation",
        '<draw:page draw:name="p1"><draw:frame><draw:text-box><text:p>Third</text:p></draw:text-box></draw:frame></draw:page>',
      ),
    );
    expect(open.kind === "document" && open.blocks).toContainEqual({ type: "paragraph", text: "Third" });
  });

  test("sheets as rows of text, each cell in its place", async () => {
    const rows = `<row r="1">${aCell("A1", "Name")}${aCell("C1", "&lt;script&gt;")}</row>`;
    expect(await preview("x", anXlsx(rows))).toMatchObject({
      kind: "table",
      sheets: [{ name: "Costs", rows: [["Name", "", "<script>"]], truncated: false }],
    });
    const table =
      '<table:table table:name="T"><table:table-row><table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row></table:table>';
    expect(await preview("x", anOpenDocument("spreadsheet", table))).toMatchObject({
      kind: "table",
      sheets: [{ rows: [["x"]] }],
    });
  });

  test("a page that begins anew is told", async () => {
    const page = '<w:p><w:r><w:t>One</w:t></w:r></w:p><w:p><w:r><w:br w:type="page"/><w:t>Two</w:t></w:r></w:p>';
    const found = await preview("x", aDocx(page));
    expect(found.kind === "document" && found.blocks.map((block) => block.type)).toEqual([
      "paragraph",
      "page_break",
      "paragraph",
    ]);
  });
});

describe("a hostile file ends in a reason, within the limits:", () => {
  const text = (content: string) => `<w:p><w:r><w:t>${content}</w:t></w:r></w:p>`;
  const laughs = Array.from({ length: 12 }, (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`);
  const entities = `<!DOCTYPE x [<!ENTITY l0 "ha">${laughs.join("")}]>`;
  const files: Record<string, () => Buffer> = {
    "a zip bomb": () => aDocx(text(" ".repeat(200 * 1024 * 1024))),
    "a zip bomb that says it is small": () => aDocx(text(" ".repeat(200 * 1024 * 1024)), { size: 1_000 }),
    "many parts": () =>
      aZip([
        ...Array.from({ length: 8_000 }, (_, index) => ({ name: `word/part${index}.xml`, content: "<x/>" })),
        { name: "word/document.xml", content: "<x/>" },
      ]),
    "a document cut off": () => aDocx(text("x")).subarray(0, 200),
    "a document without its body": () => aZip([{ name: "word/document.xml", content: "<not><closed>" }]),
    "a document of noise": () => aZip([{ name: "word/document.xml", content: Buffer.alloc(5_000, 0x9d) }]),
    "deep nesting": () => aDocx(`${"<w:sdt><w:sdtContent>".repeat(50_000)}x`),
  };
  for (const [name, file] of Object.entries(files)) {
    test(
      `${name}`,
      async () => {
        const bytes = file();
        const { format } = sniff(bytes, "x.docx");
        const converted = await convertOffice(bytes, format ?? "docx");
        if ("content" in converted) expect(JSON.stringify(converted.content).length).toBeLessThan(10_000);
        else expect(converted.problem).toMatch(/^[A-Z].*\.$/);
      },
      LIMIT_MS,
    );
  }

  test(
    "an entity that grows without end is not grown",
    async () => {
      const converted = await convertOffice(aDocx(text("&l12;"), { before: entities }), "docx");
      expect(JSON.stringify(converted).length).toBeLessThan(10_000);
    },
    LIMIT_MS,
  );

  test(
    "a huge sheet is cut, or refused",
    async () => {
      const rows = Array.from(
        { length: 120_000 },
        (_, index) => `<row r="${index + 1}">${aCell(`A${index + 1}`, "x".repeat(40))}</row>`,
      );
      const converted = await convertOffice(anXlsx(rows.join("")), "xlsx");
      if ("content" in converted) expect(converted.content).toMatchObject({ truncated: true });
      else expect(converted.problem).toMatch(/memory|elements|shown/);
    },
    LIMIT_MS,
  );

  test("a picture that unpacks to billions of pixels is not shown", async () => {
    const png = Buffer.from("89504e470d0a1a0a0000000d49484452000186a0000186a0", "hex");
    expect(await preview("x.png", png)).toMatchObject({ kind: "other", problem: expect.stringContaining("too large") });
  });
});

test("the program that reads a file can neither write, start anything nor read what is not its own", () => {
  const tries = [
    'fs.writeFileSync("/tmp/x", "")',
    'fs.readFileSync("/etc/passwd")',
    'require("node:child_process").spawnSync("true").error && (() => { throw 1 })()',
    'new (require("node:worker_threads").Worker)("1", { eval: true })',
  ];
  for (const one of tries) {
    const { status } = spawnSync(process.execPath, [...flags(), "-e", one], { env: {}, stdio: "ignore" });
    expect([one, status]).toEqual([one, 1]);
  }
  expect(spawnSync(process.execPath, [...flags(), "-e", "1"], { env: {}, stdio: "ignore" }).status).toBe(0);
});
