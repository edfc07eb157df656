import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import { BROKER_PROTOCOL, jobFolder } from "./broker-protocol.ts";
import { aSandbox, noSandboxReason, processesWith, until, type TestSandbox } from "./test-sandbox.ts";

const SERVER_MAIN = fileURLToPath(new URL("./test-server-main.ts", import.meta.url));

const BROKER_MAIN = fileURLToPath(new URL("./broker-main.ts", import.meta.url));
const exitOf = (child: ChildProcess) => new Promise((resolve) => child.once("exit", resolve));

describe.skipIf(noSandboxReason)(`broker ${noSandboxReason ?? ""}`, () => {
  let box: TestSandbox;
  const servers: ChildProcess[] = [];
  beforeEach(() => {
    box = aSandbox();
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) server.kill("SIGKILL");
    await box.close();
  });
  const { signal } = new AbortController();
  const lines = () => readFileSync(`${box.folder}/runs`, "utf8");

  /** Starts a server with a command, and kills it once the command has written something. */
  const killedServer = async (id: string, command: string): Promise<void> => {
    const server = spawn(process.execPath, [SERVER_MAIN, box.stateFolder, box.folder, id, command], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    servers.push(server);
    await new Promise((resolve) => server.stdout.once("data", resolve));
    server.kill("SIGKILL");
    await new Promise((resolve) => server.once("exit", resolve));
  };

  test("a command outlives a killed server, and the next one waits for its result", async () => {
    await killedServer("a", "echo run >> runs; echo begun; sleep 0.5; echo over; exit 4");
    const result = await box.sandbox.find("a", { signal });
    expect(result).toMatchObject({ exitCode: 4, limit: null, output: "begun\nover\n" });
    expect(lines()).toBe("run\n");
  });

  test("the result of a command that ended while no server ran is collected", async () => {
    await killedServer("a", "echo begun; sleep 0.1; echo over");
    await until(() => existsSync(`${jobFolder(box.stateFolder, "a")}/result.json`));
    process.kill(box.brokerPid()!, "SIGKILL");
    await until(() => box.brokerPid() === null);
    expect(await box.sandbox.find("a", { signal })).toMatchObject({ exitCode: 0, output: "begun\nover\n" });
  });

  test("a killed broker takes its commands with it, and their outcome is unknown", async () => {
    await killedServer("a", "echo run >> runs; echo begun; sleep 75.5 & sleep 75.5");
    process.kill(box.brokerPid()!, "SIGKILL");
    await until(() => processesWith("75.5").length === 0, 1000);
    expect(await box.sandbox.find("a", { signal })).toBeNull();
    await expect(box.run("true", { id: "a" })).rejects.toMatchObject({ code: "conflict" });
    expect(lines()).toBe("run\n");
  });

  test("a broker killed under a waiting server is told as unknown, and the next command gets a new broker", async () => {
    const started = box.run("echo run >> runs; sleep 76.5", { id: "a" });
    await until(() => existsSync(`${box.folder}/runs`));
    process.kill(box.brokerPid()!, "SIGKILL");
    await expect(started).rejects.toMatchObject({ code: "conflict" });
    expect(await box.run("echo again")).toMatchObject({ exitCode: 0, output: "again\n" });
    expect(lines()).toBe("run\n");
  });

  test("the same id starts once: together, later, and after the broker is gone", async () => {
    const request = { id: "same/../id" };
    const command = "echo run >> runs; sleep 0.2; echo over";
    const results = await Promise.all([box.run(command, request), box.run(command, request)]);
    results.push(await box.run(command, request));
    process.kill(box.brokerPid()!, "SIGKILL");
    await until(() => box.brokerPid() === null);
    results.push(await box.run(command, request));
    for (const result of results) expect(result).toEqual(results[0]);
    expect(lines()).toBe("run\n");
    expect(readdirSync(`${box.stateFolder}/jobs`)).toHaveLength(1);
  });

  test("a forgotten or unheard-of command is not found", async () => {
    await box.run("true", { id: "a" });
    await box.sandbox.forget("a");
    expect(await box.sandbox.find("a", { signal })).toBeNull();
    expect(await box.sandbox.find("never", { signal })).toBeNull();
  });

  test("many commands at once each get their own result", async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => box.run(`echo ${index}; exit ${index}`)),
    );
    results.forEach((result, index) => expect(result).toMatchObject({ exitCode: index, output: `${index}\n` }));
  });

  test("a prepared sandbox serves one command, and one in its own folder", async () => {
    await box.run("touch /tmp/left; export LEFT=1; cd /; umask 077");
    const other = `${box.root}/other`;
    mkdirSync(other);
    for (const folder of [box.folder, other, box.folder]) {
      const { output } = await box.run("ls /tmp | grep left; echo $LEFT; pwd; umask", { folder });
      expect(output).toBe(`\n${folder}\n0022\n`);
    }
  });

  test("old results are removed when a broker starts", async () => {
    const folder = jobFolder(box.stateFolder, "old");
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/result.json`, "{}");
    utimesSync(folder, 1, 1);
    await box.run("true");
    expect(existsSync(folder)).toBe(false);
  });

  test("a broker without commands and connections ends by itself", async () => {
    const broker = spawn(process.execPath, [BROKER_MAIN, `${box.root}/b.sock`, box.stateFolder, "50"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    servers.push(broker);
    await new Promise((resolve) => broker.stdout.once("data", resolve));
    const socket = connect(`${box.root}/b.sock`);
    await new Promise((resolve) => socket.once("data", resolve));
    expect(await Promise.race([exitOf(broker), systemClock.sleep(300)])).toBeUndefined();
    socket.destroy();
    expect(await exitOf(broker)).toBe(0);
  });

  test("what is not a message closes the connection and nothing else", async () => {
    await box.run("true");
    const socket = connect(`${box.stateFolder}/broker-${BROKER_PROTOCOL}.sock`);
    socket.resume().write("nonsense\n");
    await new Promise((resolve) => socket.once("close", resolve));
    expect(await box.run("echo fine")).toMatchObject({ output: "fine\n" });
  });

  test("a command that starts nothing big is quick", async () => {
    const times: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      const began = performance.now();
      await box.run("true");
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    console.log(`sandboxed true, back to back: p50 ${times[10]!.toFixed(1)} ms, best ${times[0]!.toFixed(1)} ms`);
    expect(times).toHaveLength(20);
  });
});
