import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { connect } from "node:tls";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { MAX_HELLO_BYTES, readClientHello } from "./client-hello.ts";

/** What a real client sends first. */
async function realHello(servername: string): Promise<Buffer> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  const client = connect({ host: "127.0.0.1", port, servername, rejectUnauthorized: false });
  client.on("error", () => {});
  const [socket] = (await once(server, "connection")) as [Socket];
  const [bytes] = (await once(socket, "data")) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

describe("the first bytes of a connection", () => {
  let hello: Buffer;
  beforeAll(async () => {
    hello = await realHello("api.example.com");
  });

  test("name the server", async () => {
    expect(readClientHello(hello)).toEqual({ type: "hello", serverName: "api.example.com", encrypted: false });
    expect(readClientHello(await realHello(""))).toEqual({ type: "hello", serverName: null, encrypted: false });
  });

  test("are waited for until they are whole", () => {
    for (let length = 0; length < hello.length; length += 1) {
      expect(readClientHello(hello.subarray(0, length))).toEqual({ type: "incomplete" });
    }
  });

  test("are read also when they come in many records", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (size) => {
        const body = hello.subarray(5);
        const records: Buffer[] = [];
        for (let at = 0; at < body.length; at += size) {
          const part = body.subarray(at, at + size);
          records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
        }
        expect(readClientHello(Buffer.concat(records))).toMatchObject({ serverName: "api.example.com" });
      }),
      { numRuns: 40 },
    );
  });

  test("that are no TLS, or too many, are something else", () => {
    expect(readClientHello(Buffer.from("GET / HTTP/1.1\r\n"))).toEqual({ type: "other" });
    expect(readClientHello(Buffer.from("SSH-2.0-x\r\n"))).toEqual({ type: "other" });
    const endless = Buffer.alloc(MAX_HELLO_BYTES + 5, 1);
    endless.set([22, 3, 1, 0xff, 0xff, 1, 0, 0x3f, 0xff]);
    expect(readClientHello(endless.subarray(0, MAX_HELLO_BYTES))).toEqual({ type: "other" });
  });

  test("with a second server name or a hidden one are told", () => {
    const name = extension(0, Buffer.concat([Buffer.from([0, 4, 0, 0, 1]), Buffer.from("a")]));
    expect(readClientHello(helloWith(name))).toEqual({ type: "hello", serverName: "a", encrypted: false });
    expect(readClientHello(helloWith(name, name))).toEqual({ type: "other" });
    expect(readClientHello(helloWith(name, extension(0xfe0d, Buffer.alloc(8))))).toMatchObject({ encrypted: true });
    const two = Buffer.concat([
      Buffer.from([0, 8, 0, 0, 1]),
      Buffer.from("a"),
      Buffer.from([0, 0, 1]),
      Buffer.from("b"),
    ]);
    expect(readClientHello(helloWith(extension(0, two)))).toEqual({ type: "other" });
  });

  test("that are damaged are never taken for another server's, and never throw", () => {
    fc.assert(
      fc.property(fc.nat(hello.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const damaged = Buffer.from(hello);
        damaged[at] = value;
        expect(["incomplete", "hello", "other"]).toContain(readClientHello(damaged).type);
      }),
    );
  });
});

function extension(kind: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(kind, 0);
  head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}

function helloWith(...extensions: Buffer[]): Buffer {
  const all = Buffer.concat(extensions);
  const length = Buffer.from([all.length >> 8, all.length & 255]);
  const message = Buffer.concat([Buffer.alloc(34), Buffer.from([0, 0, 2, 19, 1, 1, 0]), length, all]);
  const handshake = Buffer.concat([Buffer.from([1, 0, message.length >> 8, message.length & 255]), message]);
  return Buffer.concat([Buffer.from([22, 3, 1, handshake.length >> 8, handshake.length & 255]), handshake]);
}
