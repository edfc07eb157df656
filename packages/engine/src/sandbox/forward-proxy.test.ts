import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseHostRule, type HostRule } from "../domain/host-rules.ts";
import { connectChecked, type Resolve } from "./checked-connect.ts";
import { createForwardProxy, type ForwardProxy } from "./forward-proxy.ts";
import { PROXY_LIMITS, type TrafficOptions } from "./proxy-traffic.ts";

const HOST = "api.example.com";

describe("the proxy", () => {
  let front: Server;
  let back: Server;
  let web: HttpServer;
  let proxy: ForwardProxy;
  let lines: string[];
  const sockets: Socket[] = [];
  /** First bytes of each connection that came through a tunnel. */
  const tunneled: Buffer[] = [];
  const requests: IncomingMessage[] = [];

  beforeEach(async () => {
    front = createServer((socket) => proxy.serve(socket));
    back = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (bytes) => tunneled.push(bytes));
    });
    web = createHttpServer((request, response) => {
      requests.push(request);
      request.resume();
      response.end("reached");
    });
    await Promise.all([front, back, web].map((server) => once(server.listen(0, "127.0.0.1"), "listening")));
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    proxy.close();
    web.closeAllConnections();
    for (const server of [front, back, web]) server.close();
    tunneled.length = 0;
    requests.length = 0;
  });

  const use = (texts: string[], options: Partial<TrafficOptions> = {}) => {
    lines = [];
    const rules = texts.map((text) => parseHostRule(text) as HostRule);
    proxy = createForwardProxy({ rules, onRefused: (line) => lines.push(line), ...options });
  };
  /** Names of the public internet that lead here; only the last look at an address can tell, and is left out. */
  const useNames = (port: number) => use([`${HOST}:${port}`], { connect: (_rule, target) => here(target.port) });
  const resolvingTo = (resolve: Resolve): Partial<TrafficOptions> => ({
    connect: (rule, target) => connectChecked(rule, target, resolve),
  });
  const portOf = (server: Server | HttpServer) => (server.address() as { port: number }).port;
  const open = (text: string): Socket => {
    const socket = connect(portOf(front), "127.0.0.1");
    socket.on("error", () => {});
    sockets.push(socket);
    socket.write(text);
    return socket;
  };
  const answerTo = async (text: string): Promise<string> => {
    const parts: Buffer[] = [];
    const socket = open(text);
    socket.on("data", (bytes) => parts.push(bytes));
    await once(socket, "close");
    return Buffer.concat(parts).toString();
  };
  /** A tunnel that is open, or null where it was refused. */
  const tunnel = async (port: number): Promise<Socket> => {
    const socket = open(`CONNECT ${HOST}:${port} HTTP/1.1\r\nHost: ${HOST}:${port}\r\n\r\n`);
    const [bytes] = (await once(socket, "data")) as [Buffer];
    expect(bytes.toString()).toMatch(/^HTTP\/1\.1 200 /);
    return socket;
  };

  test("passes a TLS greeting on that names the host of the tunnel", async () => {
    useNames(portOf(back));
    const client = connectTls({ socket: await tunnel(portOf(back)), servername: HOST });
    client.on("error", () => {});
    await expect.poll(() => tunneled.length).toBe(1);
    expect(tunneled[0]!.includes(HOST)).toBe(true);
    expect(lines).toEqual([]);
  });

  test.each([
    ["another host", "evil.example", `evil.example in a connection to ${HOST}`],
    ["no host", "", "names no server (SNI)"],
  ])(
    "closes a tunnel whose TLS greeting names %s, before a byte of it is passed on",
    async (_what, servername, words) => {
      useNames(portOf(back));
      const socket = await tunnel(portOf(back));
      connectTls({ socket, servername, checkServerIdentity: () => undefined }).on("error", () => {});
      await expect.poll(() => lines.length).toBe(1);
      expect(lines[0]).toContain(words);
      await expect.poll(() => socket.destroyed).toBe(true);
      expect(tunneled).toEqual([]);
      expect(proxy.use()).toMatchObject({ refused: 1 });
    },
  );

  test("closes a tunnel that carries plain HTTP, which could ask for any host", async () => {
    useNames(portOf(back));
    const socket = await tunnel(portOf(back));
    socket.write("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    await once(socket, "close");
    expect(lines).toEqual([expect.stringContaining("must be TLS")]);
    expect(tunneled).toEqual([]);
  });

  test("refuses a name that leads to this machine or a private network, and says how a person can allow it", async () => {
    for (const address of ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1"]) {
      use(
        [HOST],
        resolvingTo(async () => ["93.184.216.34", address]),
      );
      const answer = await answerTo(`GET http://${HOST}/ HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 403 /);
      expect(lines).toEqual([
        `network: ${HOST} leads to ${address}, which is not on the public internet; a person can allow it as private:${HOST}:80 under sandbox.hosts`,
      ]);
    }
  });

  test("says that a name is not known, which is no refusal", async () => {
    use(
      [HOST],
      resolvingTo(() => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }))),
    );
    expect(await answerTo(`GET http://${HOST}/ HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)).toMatch(/502[^]*ENOTFOUND/);
    expect(proxy.use()).toEqual({ connections: 0, refused: 0, bytes: expect.any(Number) });
  });

  test("passes a plain request on, with its own headers and without those of the proxy", async () => {
    use([`127.0.0.1:${portOf(web)}`]);
    const place = `127.0.0.1:${portOf(web)}`;
    const headers = `Host: ${place}\r\nProxy-Authorization: Basic eA==\r\nConnection: x-hop, close\r\nX-Hop: 1\r\nX-Kept: 2`;
    const answer = await answerTo(
      `POST http://${place}/a?b=c HTTP/1.1\r\n${headers}\r\nContent-Length: 5\r\n\r\nhello`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK[^]*reached/);
    expect(requests[0]).toMatchObject({ method: "POST", url: "/a?b=c" });
    expect(requests[0]!.headers).toEqual({ host: place, connection: "close", "x-kept": "2", "content-length": "5" });
  });

  test.each([
    ["another Host header", (place: string) => `GET http://${place}/ HTTP/1.1\r\nHost: evil.example\r\n\r\n`],
    [
      "two Host headers",
      (place: string) => `GET http://${place}/ HTTP/1.1\r\nHost: ${place}\r\nHost: evil.example\r\n\r\n`,
    ],
    [
      "another port in its Host header",
      (place: string) => `GET http://${place}/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n`,
    ],
    ["no Host header", (place: string) => `GET http://${place}/ HTTP/1.0\r\n\r\n`],
    ["no host in its address", (place: string) => `GET / HTTP/1.1\r\nHost: ${place}\r\n\r\n`],
    [
      "a name and password in its address",
      (place: string) => `GET http://${place}@evil.example/ HTTP/1.1\r\nHost: ${place}\r\n\r\n`,
    ],
    ["another protocol", (place: string) => `GET https://${place}/ HTTP/1.1\r\nHost: ${place}\r\n\r\n`],
    [
      "two lengths",
      (place: string) =>
        `POST http://${place}/ HTTP/1.1\r\nHost: ${place}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["a tunnel to nowhere", () => "CONNECT evil HTTP/1.1\r\n\r\n"],
  ])("refuses a request with %s", async (_what, textOf) => {
    use([`127.0.0.1:${portOf(web)}`]);
    await answerTo(textOf(`127.0.0.1:${portOf(web)}`));
    expect(requests).toEqual([]);
    expect(proxy.use().connections).toBe(0);
  });

  test("checks each request of a connection that is kept open", async () => {
    const place = `127.0.0.1:${portOf(web)}`;
    use([place]);
    const good = `GET http://${place}/ HTTP/1.1\r\nHost: ${place}\r\n\r\n`;
    const answer = await answerTo(`${good}GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n`);
    expect(answer).toMatch(/200 OK[^]*403 Forbidden[^]*evil\.example:80 is not allowed/);
    expect(requests.length).toBe(1);
  });

  test("lets one command open so many connections and no more, whether side by side or on one line", async () => {
    const place = `127.0.0.1:${portOf(web)}`;
    use([place], { limits: { ...PROXY_LIMITS, connections: 3 } });
    const request = `GET http://${place}/ HTTP/1.1\r\nHost: ${place}\r\n\r\n`;
    const last = `GET http://${place}/ HTTP/1.1\r\nHost: ${place}\r\nConnection: close\r\n\r\n`;
    expect(await answerTo(request.repeat(5) + last)).toMatch(/403 Forbidden/);
    expect(requests.length).toBe(3);
    expect(lines).toEqual([expect.stringContaining("one command may open 3 connections")]);
  });

  test("ends every connection once too many bytes were moved", async () => {
    const place = `127.0.0.1:${portOf(back)}`;
    use([place], { limits: { ...PROXY_LIMITS, bytes: 100_000 } });
    const socket = open(`CONNECT ${place} HTTP/1.1\r\n\r\n`);
    await once(socket, "data");
    socket.write(Buffer.alloc(300_000));
    await once(socket, "close");
    expect(lines).toEqual([expect.stringContaining("more than 100000 bytes were moved")]);
    const next = open(`CONNECT ${place} HTTP/1.1\r\n\r\n`);
    await once(next, "close");
    expect(proxy.use().connections).toBe(1);
  });

  test("closes a connection on which nothing moves", async () => {
    use([], { limits: { ...PROXY_LIMITS, idleMs: 30 } });
    expect(await answerTo("GET http://a.exa")).toBe("");
  });

  test("tells each refusal once and a bounded number of them, and counts them all", async () => {
    use([]);
    for (let index = 0; index < 60; index += 1) {
      const name = `h${index % 30}.example`;
      await answerTo(`GET http://${name}/ HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
    }
    expect(lines.length).toBe(20);
    expect(new Set(lines).size).toBe(20);
    expect(proxy.use().refused).toBe(60);
  });
});

async function here(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}
