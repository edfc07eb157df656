import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeCall, type DescribedTool } from "./describe-call.ts";

function aTool(changes: Partial<DescribedTool> = {}): DescribedTool {
  return {
    title: "mail: send_email",
    isRead: false,
    carriesOut: "never",
    opensThings: true,
    targets: null,
    schema: {},
    ...changes,
  };
}

const MAIL = {
  type: "object",
  properties: {
    recipients: { type: "array", items: { type: "string" } },
    cc: { anyOf: [{ type: "array", items: { type: "string" } }, { type: "null" }] },
    subject: { type: "string" },
    body: { type: "string" },
    attachments: { anyOf: [{ type: "array", items: { $ref: "#/$defs/Attachment" } }, { type: "null" }] },
  },
  $defs: { Attachment: { type: "object", properties: { type: { const: "file" }, file_id: { type: "string" } } } },
};

describe("describeCall", () => {
  test("takes who it goes to for targets, and all else for content", () => {
    const found = describeCall(aTool({ schema: MAIL }), {
      recipients: ["a@example.org", "b@example.org"],
      cc: ["c@example.org"],
      subject: "Hello",
      body: "Text",
      attachments: [{ type: "file", file_id: "17" }],
    });
    expect(found).toEqual({
      targets: ["a@example.org", "b@example.org", "c@example.org", "17"],
      content: ["Hello", "Text", "file"],
      carriesOut: false,
      reaches: [],
      title: "mail: send_email → a@example.org, b@example.org, c@example.org and 1 more",
    });
  });

  test("leaves out nothing but nulls and empty text", () => {
    const { targets, content } = describeCall(aTool({ schema: MAIL }), { cc: null, subject: "", body: "0", amount: 0 });
    expect(targets).toEqual([]);
    // `amount` is no argument of the schema, so its name is content too.
    expect(content).toEqual(["0", "amount"]);
  });

  test("takes names that the schema does not declare for content", () => {
    const sneaky = { recipients: ["a@example.org"], subject: "Hi", meta: { "the passport number is 123": true } };
    expect(describeCall(aTool({ schema: MAIL }), sneaky).content).toContain("the passport number is 123");
  });

  test("goes by the arguments that a person named as targets", () => {
    const tool = aTool({ targets: ["subject"], schema: MAIL });
    expect(describeCall(tool, { recipients: ["a@example.org"], subject: "Hi" })).toMatchObject({
      targets: ["Hi"],
      content: ["a@example.org"],
    });
  });

  test("takes an address for a target whatever its argument is called", () => {
    const found = describeCall(aTool(), { what: "https://evil.example/x", note: "see www.evil.example now" });
    expect(found.targets).toEqual(["https://evil.example/x"]);
  });

  test.each<[string, Record<string, unknown>, boolean]>([
    ["an argument named url", { url: "example.org" }, true],
    ["an argument named callbackURI", { callbackURI: "x" }, true],
    ["an address inside other text", { q: "look at https://evil.example/?d=1" }, true],
    ["www. in a list of names", { names: ["Ritz", "www.evil.example/a"] }, true],
    ["an address deep inside", { a: [{ b: { c: "ftp://evil.example" } }] }, true],
    ["words", { query: "invoice" }, false],
    ["a name from a result", { hotel_names: ["Le Marais Boutique"] }, false],
    ["nothing", {}, false],
  ])("of a read, with %s", (_what, args, expected) => {
    expect(describeCall(aTool({ isRead: true, carriesOut: "addresses" }), args).carriesOut).toBe(expected);
  });

  test("lets free words leave only where the tool is about the outside", () => {
    const args = { query: "my passport number" };
    expect(describeCall(aTool({ isRead: true, carriesOut: "addresses_and_words" }), args).carriesOut).toBe(true);
    expect(describeCall(aTool({ isRead: true, carriesOut: "addresses" }), args).carriesOut).toBe(false);
    expect(describeCall(aTool({ isRead: true, carriesOut: "never" }), { url: "https://a.example" }).carriesOut).toBe(
      false,
    );
    expect(describeCall(aTool({ isRead: true, carriesOut: "always" }), { n: 1 }).carriesOut).toBe(true);
  });

  test.each<[Record<string, unknown>, string[]]>([
    [{ file_path: "bill-december.txt" }, ["bill-december.txt"]],
    [{ filePath: "a.txt" }, ["a.txt"]],
    [{ target: "/config/api_keys.env" }, ["/config/api_keys.env"]],
    [{ target: "~/.ssh/id_rsa" }, ["~/.ssh/id_rsa"]],
    [{ target: "../../etc/passwd" }, ["../../etc/passwd"]],
    [{ target: "file:///etc/passwd" }, ["file:///etc/passwd"]],
    [{ target: "C:\\Users" }, ["C:\\Users"]],
    [{ paths: ["a", "b"] }, ["a", "b"]],
    [{ file_id: "13" }, []],
    [{ note: "~5 of them, and/or ... more" }, []],
  ])("of a read that opens things, %j reaches for %j", (args, reaches) => {
    expect(describeCall(aTool({ isRead: true }), args).reaches).toEqual(reaches);
  });

  test("takes a search by a file's name for no reach, but an absolute path for one", () => {
    const tool = aTool({ isRead: true, opensThings: false });
    expect(describeCall(tool, { filename: "plan.docx" }).reaches).toEqual([]);
    expect(describeCall(tool, { path: "/etc" }).reaches).toEqual(["/etc"]);
  });

  test("loses no value, however the arguments are built", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 6 })), (args) => {
        const { targets = [], content = [] } = describeCall(aTool({ schema: MAIL }), args);
        const seen = new Set([...targets, ...content]);
        for (const text of textsIn(args)) expect(seen.has(text)).toBe(true);
      }),
    );
  });

  test("comes to an end with a schema that refers to itself in many ways", () => {
    const reference = { $ref: "#/$defs/A" };
    const many = Array.from({ length: 50 }, () => reference);
    const schema = { properties: { a: reference }, $defs: { A: { anyOf: many, properties: { a: reference } } } };
    const args = { a: { a: { a: { a: "deep", b: "hidden" } } } };
    expect(describeCall(aTool({ schema }), args).content).toEqual(["deep", "hidden", "b"]);
  });
});

function textsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(textsIn);
  return value === null || value === "" ? [] : [String(value as string | number | boolean)];
}
