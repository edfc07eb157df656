import { join } from "node:path";
import { existsSync } from "node:fs";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import { createServer, type Server as SocketServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseHostRule, type HostRule } from "../domain/host-rules.ts";
import type { CommandResult } from "./sandbox.ts";
import { aSandbox, noSandboxReason, processesWith, until, type TestSandbox } from "./test-sandbox.ts";

describe.skipIf(noSandboxReason)(`network by host ${noSandboxReason ?? ""}`, () => {
  let box: TestSandbox;
  let web: Server;
  let echo: SocketServer;
  const seen: IncomingMessage[] = [];
  let webPort = 0;
  let echoPort = 0;

  beforeAll(async () => {
    box = aSandbox();
    web = createHttpServer((request, response) => {
      seen.push(request);
      request.resume();
      response.setHeader("x-kept", "yes").end(`reached ${request.method} ${request.url}\n`);
    });
    echo = createServer((socket) => {
      socket.on("error", () => {});
      socket.pipe(socket);
    });
    await Promise.all([once(web.listen(0, "127.0.0.1"), "listening"), once(echo.listen(0, "127.0.0.1"), "listening")]);
    webPort = (web.address() as { port: number }).port;
    echoPort = (echo.address() as { port: number }).port;
  });
  afterAll(async () => {
    web.closeAllConnections();
    web.close();
    echo.close();
    await box.close();
  });

  const run = (command: string, ...texts: string[]): Promise<CommandResult> => {
    const hosts = texts.map((text) => parseHostRule(text) as HostRule);
    return box.run(command, { hosts });
  };

  test("an allowed host is reached, and that is counted", async () => {
    const result = await run(`curl -s http://127.0.0.1:${webPort}/a?b`, `127.0.0.1:${webPort}`);
    expect(result.output).toBe("reached GET /a?b\n");
    expect(result.network).toMatchObject({ connections: 1, refused: 0, bytes: expect.any(Number) });
    expect(result.network?.bytes).toBeGreaterThan(100);
  });

  test("another host is refused, with a line in the output that says what a person can do", async () => {
    const result = await run(
      "curl -s -o /dev/null -w '%{http_code}\\n' http://evil.example/; curl -s https://evil.example/",
      "api.example",
    );
    expect(result.output.split("\n").toSorted()).toEqual([
      "",
      "403",
      "network: evil.example:443 is not allowed; ask a person to add it under sandbox.hosts",
      "network: evil.example:80 is not allowed; ask a person to add it under sandbox.hosts",
    ]);
    expect(result.network).toMatchObject({ connections: 0, refused: 2 });
  });

  test("an address is refused unless it is listed with its port, however it is written", async () => {
    const before = seen.length;
    const places = ["127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "localhost"];
    const commands = places.map((host) => `curl -s --noproxy '' -o /dev/null http://${host}:${webPort}/;`);
    const result = await run(commands.join(""), "api.example", `*.npm.example:${webPort}`);
    expect(result.network).toMatchObject({ connections: 0, refused: places.length });
    expect(seen.length).toBe(before);
  });

  test("a tunnel to a place that a person named carries bytes both ways", async () => {
    const perl = `use IO::Socket::INET; $s = IO::Socket::INET->new("127.0.0.1:3128"); print $s "CONNECT 127.0.0.1:${echoPort} HTTP/1.1\\r\\n\\r\\n"; do { $l = <$s> } until $l eq "\\r\\n"; print $s "ping\\n"; print scalar <$s>`;
    const result = await run(`perl -e '${perl}'`, `127.0.0.1:${echoPort}`);
    expect(result.output).toBe("ping\n");
  });

  test("around the proxy there is nothing", async () => {
    const result = await run(
      `env -u http_proxy -u HTTP_PROXY curl -s --noproxy '*' --max-time 2 http://127.0.0.1:${webPort}/; exec 3<>/dev/tcp/1.1.1.1/53; getent hosts example.com; ls /sys/class/net 2>/dev/null; cut -d: -f1 /proc/net/dev | tail -n +3`,
      `127.0.0.1:${webPort}`,
    );
    expect(result.output).not.toContain("reached");
    expect(result.output.trim()).toMatch(/Network is unreachable\n\s*lo$/);
  });

  test("programs find the proxy, and their own servers inside do not go through it", async () => {
    const { output } = await run(
      "echo $https_proxy $HTTP_PROXY $ALL_PROXY; echo $NO_PROXY $NODE_USE_ENV_PROXY",
      "a.example",
    );
    expect(output).toBe(
      "http://127.0.0.1:3128 http://127.0.0.1:3128 http://127.0.0.1:3128\nlocalhost,127.0.0.1,::1 1\n",
    );
  });

  test("the command holds no descriptor of the channel, and unix sockets stay closed", async () => {
    const { output } = await run(
      `ls -m /proc/$$/fd; echo "$NODE_CHANNEL_FD"; perl -e 'use Socket; print socket(S, AF_UNIX, SOCK_STREAM, 0) ? "open" : "closed"'`,
      "a.example",
    );
    expect(output).toBe("0, 1, 2\n\nclosed");
  });

  test("a prepared sandbox with a network serves the next command of the same hosts only", async () => {
    const allowed = `127.0.0.1:${webPort}`;
    await run("true", allowed);
    expect((await run(`curl -s http://127.0.0.1:${webPort}/1`, allowed)).output).toBe("reached GET /1\n");
    expect((await run(`curl -s http://127.0.0.1:${webPort}/2`, "a.example")).output).not.toContain("reached");
    expect((await box.run(`curl -s http://127.0.0.1:${webPort}/3`)).output).toBe("");
  });

  test("many commands at once each get to their own hosts alone", async () => {
    const results = await Promise.all(
      [0, 1, 2, 3, 4, 5].map((index) =>
        run(`curl -s http://127.0.0.1:${webPort}/${index}`, index % 2 === 0 ? `127.0.0.1:${webPort}` : "a.example"),
      ),
    );
    for (const [index, { output }] of results.entries()) {
      if (index % 2 === 0) expect(output).toBe(`reached GET /${index}\n`);
      else expect(output).not.toContain("reached");
    }
  });

  test("connections end with the command, also those that a background child holds", async () => {
    let ended = false;
    echo.once("connection", (socket) => socket.once("close", () => (ended = true)));
    const perl = `use IO::Socket::INET; $s = IO::Socket::INET->new("127.0.0.1:3128"); print $s "CONNECT 127.0.0.1:${echoPort} HTTP/1.1\\r\\n\\r\\n"; $l = <$s>; system("touch up"); sleep 60`;
    await run(`perl -e '${perl}' & while [ ! -e up ]; do sleep 0.02; done`, `127.0.0.1:${echoPort}`);
    await until(() => ended);
    expect(ended).toBe(true);
  });

  test("a proxy that is killed closes the way out, and the next command gets a new one", async () => {
    const allowed = `127.0.0.1:${webPort}`;
    const own = () => processesWith("proxy-main.ts").filter((pid) => parentOf(pid) === box.brokerPid());
    const command = `touch ready; while [ ! -e go ]; do sleep 0.02; done; curl -s --max-time 5 http://127.0.0.1:${webPort}/; echo $?`;
    const started = run(command, allowed);
    // Before the command is at work, the proxy that is there may be that of the one before.
    await until(() => existsSync(join(box.folder, "ready")) && own().length === 1);
    process.kill(own()[0]!, "SIGKILL");
    await until(() => own().length === 0);
    await box.run("touch go");
    const result = await started;
    expect(result.output).toMatch(/^[1-9]\d*\n$/);
    expect(result.network?.connections).toBe(1); // It may have been anywhere, so it counts as used.
    expect((await run(`curl -s http://127.0.0.1:${webPort}/again`, allowed)).output).toBe("reached GET /again\n");
  });

  test("a command without hosts starts no proxy and carries nothing of one", async () => {
    const other = aSandbox();
    const result = await other.run("env | grep -ci proxy; ls /run 2>/dev/null; true");
    const started = processesWith("proxy-main.ts").filter((pid) => parentOf(pid) === other.brokerPid());
    await other.close();
    expect(result).toMatchObject({ output: "0\n" });
    expect(result).not.toHaveProperty("network");
    expect(started).toEqual([]);
  });
});

function parentOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1] ?? "";
    return Number(fields.split(" ")[1]);
  } catch {
    return 0; // It ended meanwhile.
  }
}
