import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseMcpJson } from "./mcp-json.ts";

const PLACE = { file: "mcp.json", folder: "/work" };

function parse(mcpServers: unknown) {
  return parseMcpJson(JSON.stringify({ mcpServers }), PLACE);
}

function toolOf(tool: unknown) {
  return parse({ mail: { command: "mail", bureau: { tools: { send: tool } } } });
}

describe("parseMcpJson", () => {
  test("reads a program", () => {
    const { servers, notices } = parse({
      mail: { command: "npx", args: ["-y", "mail", 8080], env: { TOKEN: "${TOKEN}" }, cwd: "/srv" },
    });
    expect(notices).toEqual([]);
    expect(servers).toEqual([
      {
        name: "mail",
        transport: {
          type: "stdio",
          command: "npx",
          args: ["-y", "mail", "8080"],
          env: { TOKEN: "${TOKEN}" },
          cwd: "/srv",
        },
        trust: "untrusted",
        timeoutMs: 60_000,
        tools: new Map(),
        ...PLACE,
      },
    ]);
  });

  test.each([
    [{ url: "https://mcp.example.org/mcp", headers: { a: "b" } }],
    [{ type: "http", url: "https://mcp.example.org/mcp", headers: { a: "b" } }],
    [{ type: "streamable-http", serverUrl: "https://mcp.example.org/mcp", headers: { a: "b" } }],
    [{ httpUrl: "https://mcp.example.org/mcp", requestInit: { headers: { a: "b" } }, alwaysAllow: ["x"] }],
  ])("reads an address as others write it: %j", (entry) => {
    expect(parse({ mail: entry }).servers[0]!.transport).toEqual({
      type: "http",
      url: "https://mcp.example.org/mcp",
      headers: { a: "b" },
    });
  });

  test("reads what stands under our own key", () => {
    const { servers, notices } = parse({
      mail: {
        command: "mail",
        bureau: {
          trust: "trusted",
          timeout: "2m",
          tools: {
            send: {
              effect: "write_outside",
              kind: "mail.send",
              targets: ["to"],
              carriesOut: true,
              reversible: true,
              undo: { tool: "delete", arguments: { id: "$.id" } },
              reconcile: { tool: "sent", match: ["subject"] },
              undoWindow: "10s",
              hidden: true,
              idempotent: true,
            },
          },
        },
      },
    });
    expect(notices).toEqual([]);
    expect(servers[0]).toMatchObject({ trust: "trusted", timeoutMs: 120_000 });
    expect(servers[0]!.tools.get("send")).toEqual({
      effect: "write_outside",
      kind: "mail.send",
      targets: ["to"],
      carriesOut: true,
      reversible: true,
      undo: { tool: "delete", arguments: { id: "$.id" } },
      reconcile: { tool: "sent", arguments: {}, match: ["subject"] },
      undoWindowMs: 10_000,
      hidden: true,
      idempotent: true,
    });
  });

  test.each<[unknown, string]>([
    [{ effect: "reed" }, "bureau.tools.send.effect must be one of read, write_workspace, write_outside"],
    [{ efect: "read" }, 'bureau.tools.send has no setting "efect"'],
    [{ hidden: "yes" }, "bureau.tools.send.hidden must be true or false"],
    [{ targets: "to" }, "bureau.tools.send.targets must be a list"],
    [{ reversible: true }, "bureau.tools.send.reversible needs an undo"],
    [{ reconcile: { tool: "sent" } }, "match needs the arguments"],
    [{ undo: {} }, "bureau.tools.send.undo.tool must be text"],
    [{ kind: "mail send" }, "must be words with dots between them"],
    [{ undoWindow: "10" }, "undoWindow must be a duration"],
    [{ undoWindow: "2h" }, "undoWindow is longer than 10 minutes"],
    ["read", "bureau.tools.send must be an object"],
  ])("leaves the server out for a slip under our key: %j", (tool, reason) => {
    const { servers, notices } = toolOf(tool);
    expect(servers).toEqual([]);
    expect(notices[0]).toContain('mcp.json: the server "mail" is left out: ');
    expect(notices[0]).toContain(reason);
  });

  test.each<[unknown, string]>([
    [{}, "it has neither a command nor a url"],
    [{ url: "ftp://a" }, "its url is no http or https address"],
    [{ command: 7 }, "command must be text"],
    [{ command: "a", args: "b" }, "args must be a list"],
    [{ command: "a", env: { A: [] } }, "env.A must be text"],
    [{ command: "a", bureau: { trust: "full" } }, "bureau.trust must be one of trusted, untrusted"],
    [{ command: "a", bureau: { tolls: {} } }, 'bureau has no setting "tolls"'],
    [null, "it must be an object"],
  ])("leaves out a server that cannot be used, and takes the others: %j", (entry, reason) => {
    const { servers, notices } = parse({ bad: entry, good: { command: "good" } });
    expect(servers.map(({ name }) => name)).toEqual(["good"]);
    expect(notices[0]).toContain(reason);
  });

  test("leaves alone what is switched off", () => {
    expect(parse({ a: { command: "a", disabled: true }, b: { command: "b", enabled: false } })).toEqual({
      servers: [],
      notices: [],
    });
  });

  test.each(["", "{}", '{"servers":{}}', '\uFEFF{"mcpServers":null}'])("finds nothing in %j", (text) => {
    expect(parseMcpJson(text, PLACE)).toEqual({ servers: [], notices: [] });
  });

  test.each(["{", "[]", "7", '{"mcpServers":[]}'])("says that %j cannot be read", (text) => {
    const { servers, notices } = parseMcpJson(text, PLACE);
    expect(servers).toEqual([]);
    expect(notices).toHaveLength(1);
  });

  test("takes at most 50 servers", () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_each, index) => [`s${index}`, { command: "a" }]));
    const { servers, notices } = parse(many);
    expect(servers).toHaveLength(50);
    expect(notices[0]).toContain("only the first 50 of 60");
  });

  test("never throws, whatever stands in it", () => {
    const entry = fc.record(
      {
        command: fc.jsonValue(),
        url: fc.jsonValue(),
        args: fc.jsonValue(),
        env: fc.jsonValue(),
        bureau: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.dictionary(fc.string(), entry).map((mcpServers) => JSON.stringify({ mcpServers })),
        ),
        (text) => {
          const { servers } = parseMcpJson(text, PLACE);
          for (const { transport, trust } of servers) {
            expect(["stdio", "http"]).toContain(transport.type);
            expect(trust).toMatch(/^(un)?trusted$/);
          }
        },
      ),
    );
  });
});
