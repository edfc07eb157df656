import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aSandbox, noSandboxReason, processesWith, TEST_LIMITS, until, type TestSandbox } from "./test-sandbox.ts";

describe.skipIf(noSandboxReason)(`isolation ${noSandboxReason ?? ""}`, () => {
  let box: TestSandbox;
  beforeAll(() => {
    box = aSandbox();
  });
  afterAll(() => box.close());

  test("the state says which sandbox there is", async () => {
    expect(await box.sandbox.state()).toEqual({ available: true, kind: "bubblewrap" });
  });

  test("a command works in its folder, and output and errors keep their order", async () => {
    const result = await box.run("pwd; echo one > a.txt; echo two >&2; cat a.txt; exit 7");
    expect(result).toMatchObject({ exitCode: 7, signal: null, limit: null, droppedBytes: 0 });
    expect(result.output).toBe(`${box.folder}\ntwo\none\n`);
    expect(readFileSync(`${box.folder}/a.txt`, "utf8")).toBe("one\n");
  });

  test("nothing outside the folder and the temporary folder can be written", async () => {
    const { output } = await box.run(
      "for p in / /usr /etc /opt /dev /proc /var /proc/sys/kernel/hostname; do touch $p/x 2>/dev/null && echo wrote $p; done; touch /tmp/x && echo temporary; touch ../x 2>/dev/null && echo beside; true",
    );
    expect(output).toBe("temporary\nbeside\n"); // Beside the folder is the private /tmp here, and not the disk's.
    expect(existsSync(`${box.root}/x`)).toBe(false);
  });

  test("home, other folders, the state folder and the system's secrets are not seen", async () => {
    writeFileSync(`${box.root}/key`, "secret words");
    const { output } = await box.run(
      `cat ${box.root}/key ${box.stateFolder}/* ~root/.ssh/* /etc/shadow /etc/ssh/* 2>/dev/null; ls /root /home ${process.cwd()}/package.json /run /sys 2>/dev/null; echo end`,
    );
    expect(output).toBe("end\n");
  });

  test("a link that leads out of the folder leads nowhere", async () => {
    writeFileSync(`${box.root}/outside`, "secret words");
    symlinkSync(`${box.root}/outside`, `${box.folder}/link`);
    symlinkSync("/etc/shadow", `${box.folder}/shadow`);
    const result = await box.run("cat link shadow; echo changed > link");
    expect(result.output).not.toContain("secret words");
    expect(readFileSync(`${box.root}/outside`, "utf8")).toBe("secret words");
  });

  test("there is no network, not even loopback's other side", async () => {
    const server = createServer((socket) => socket.end("reached"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const result = await box.run(`exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3; exec 4<>/dev/tcp/1.1.1.1/53`);
    server.close();
    expect(result.exitCode).not.toBe(0);
    expect(result.output).not.toContain("reached");
  });

  test("a unix socket inside the folder cannot be reached", async () => {
    const server = createServer((socket) => socket.end("reached"));
    await new Promise<void>((resolve) => server.listen(`${box.folder}/s.sock`, resolve));
    const perl =
      "use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0) and connect(S, sockaddr_un('s.sock')) and print <S>; print $!";
    const { output } = await box.run(`perl -e '${perl.replaceAll("'", `'"'"'`)}'`);
    server.close();
    expect(output).toContain("not permitted");
    expect(output).not.toContain("reached");
  });

  test("only sockets that the closed network holds can be made", async () => {
    const families = [1, 2, 10, 16, 31, 38, 40];
    const { output } = await box.run(
      `for f in ${families.join(" ")}; do perl -e 'print socket(S, $ARGV[0], $ARGV[0] == 16 ? 3 : 1, 0) ? "$ARGV[0] yes\\n" : $! =~ /not permitted/ ? "$ARGV[0] no\\n" : "$ARGV[0] $!\\n"' $f; done`,
    );
    expect(output).toBe("1 no\n2 yes\n10 yes\n16 yes\n31 no\n38 no\n40 no\n");
  });

  test("other processes are not seen, and no descriptor of Bureau's is open", async () => {
    const { output } = await box.run(
      "ls /proc | grep -c '^[0-9]*$'; ls /proc/$$/fd | tr '\\n' ' '; echo; cat /proc/1/environ | tr '\\0' '\\n'",
    );
    const [processes, descriptors, ...environment] = output.split("\n");
    expect(Number(processes)).toBeLessThan(6);
    expect(descriptors?.trim()).toBe("0 1 2");
    for (const line of environment.filter(Boolean)) expect(line).toMatch(/^(PATH|HOME|TMPDIR|LANG|PWD)=/);
  });

  test("no namespace, mount or capability can be had inside", async () => {
    const { output } = await box.run(
      "unshare -Ur true; unshare -n true; mount -t tmpfs none /mnt; umount -l /tmp; chroot / true; grep CapEff /proc/self/status",
    );
    expect(output).toContain("CapEff:\t0000000000000000");
    expect(output.match(/not permitted|failed|must be|only root/gi)?.length).toBeGreaterThanOrEqual(4);
  });

  test("git hooks and configuration are seen but not changed, nor moved away", async () => {
    const hooks = `${box.folder}/.git/hooks`;
    mkdirSync(hooks, { recursive: true });
    writeFileSync(`${hooks}/pre-commit`, "mine");
    writeFileSync(`${box.folder}/.git/config`, "[core]\n");
    const { output } = await box.run(
      "echo evil > .git/hooks/pre-commit; echo evil > .git/hooks/post-merge; echo evil >> .git/config; mv .git away; rm -rf .git/hooks; echo fine > .git/HEAD; cat .git/hooks/pre-commit",
    );
    expect(output).toMatch(/mine\n?$/);
    expect(readFileSync(`${hooks}/pre-commit`, "utf8")).toBe("mine");
    expect(readFileSync(`${box.folder}/.git/config`, "utf8")).toBe("[core]\n");
    expect(existsSync(`${hooks}/post-merge`)).toBe(false);
    expect(readFileSync(`${box.folder}/.git/HEAD`, "utf8")).toBe("fine\n");
  });

  test("goal files and settings are seen but not changed, nor moved away", async () => {
    mkdirSync(`${box.folder}/goals`, { recursive: true });
    writeFileSync(`${box.folder}/goals/report.md`, "mine");
    writeFileSync(`${box.folder}/bureau.yaml`, "mine");
    const { output } = await box.run(
      "echo evil > goals/report.md; echo evil > goals/new.md; echo evil >> bureau.yaml; mv goals away; rm -rf goals; cat goals/report.md bureau.yaml",
    );
    expect(output).toMatch(/minemine\n?$/);
    expect(existsSync(`${box.folder}/goals/new.md`)).toBe(false);
  });

  test("a link in place of .git is not followed out", async () => {
    const folder = `${box.root}/linked`;
    mkdirSync(folder);
    mkdirSync(`${box.root}/private`);
    writeFileSync(`${box.root}/private/word`, "secret words");
    symlinkSync(`${box.root}/private`, `${folder}/.git`);
    const { output } = await box.run("cat .git/word; echo end", { folder });
    expect(output).not.toContain("secret words");
    expect(output).toContain("end");
  });

  test("only what is given is in the environment, and what would reach the loader is refused", async () => {
    const { output } = await box.run('echo "$GIVEN|$HOME|$TMPDIR|$VITEST"', { environment: { GIVEN: "a 'b' $c" } });
    expect(output).toBe("a 'b' $c|/tmp|/tmp|\n");
    await expect(box.run("true", { environment: { LD_PRELOAD: "x.so" } })).rejects.toMatchObject({ code: "invalid" });
  });

  test("standard input is closed and there is no terminal", async () => {
    const { output } = await box.run("cat; tty; echo end");
    expect(output).toBe("not a tty\nend\n");
  });

  test("a command is data: quotes, new lines and other alphabets arrive as they are", async () => {
    const text = `a'b"c$(d)\`e\`\\ f\n\tgrüße 你好`;
    const { output } = await box.run(`cat <<'EOF'\n${text}\nEOF`);
    expect(output).toBe(`${text}\n`);
  });

  test("a long command is not cut", async () => {
    const { output } = await box.run(`: ${"x".repeat(200_000)}; echo end`);
    expect(output).toBe("end\n");
  });

  test("folders of the system and links to folders are refused", async () => {
    symlinkSync(box.folder, `${box.root}/alias`);
    for (const folder of ["/", "/etc", "/usr/lib", `${box.root}/alias`]) {
      await expect(box.run("true", { folder })).rejects.toMatchObject({ code: "invalid" });
    }
    await expect(box.run("true", { folder: `${box.root}/none` })).rejects.toMatchObject({ code: "not_found" });
  });

  test("Bureau's own folder inside the agent's folder is hidden", async () => {
    const data = `${box.folder}/.bureau`;
    mkdirSync(data);
    writeFileSync(`${data}/key`, "secret words");
    mkdirSync(`${data}/keys`);
    const other = aSandbox({ hidden: [data, `${data}/keys`], stateFolder: `${data}/sandbox` });
    const result = await other.run("ls -A .bureau; cat .bureau/key; touch .bureau/x; mv .bureau b", {
      folder: box.folder,
    });
    await other.close();
    expect(result.output).not.toContain("secret words");
    expect(readFileSync(`${data}/key`, "utf8")).toBe("secret words");
  });
});

describe("without a sandbox", () => {
  let box: TestSandbox;
  beforeAll(() => {
    box = aSandbox({ bubblewrap: "/nowhere/bwrap" });
  });
  afterAll(() => box.close());

  test("the state says what is missing and what mends it", async () => {
    const hint = expect.stringMatching(/install|add|pacman/);
    const state = await box.sandbox.state();
    expect(state).toEqual({ available: false, reason: expect.stringContaining("bubblewrap"), hint });
  });

  test("a command is refused, and does not run", async () => {
    await expect(box.run("touch ran")).rejects.toMatchObject({ code: "unavailable" });
    expect(existsSync(`${box.folder}/ran`)).toBe(false);
  });

  test("with a person's yes it runs bare, with its limits and without leftovers", async () => {
    const limits = { ...TEST_LIMITS, timeMs: 400 };
    const bare = { unsandboxed: true };
    expect(await box.run("echo out; echo err >&2; exit 3", {}, bare)).toMatchObject({
      exitCode: 3,
      output: "out\nerr\n",
    });
    const result = await box.run("setsid sleep 81.5 & sleep 82.5 & echo begun; sleep 83.5", { limits }, bare);
    expect(result).toMatchObject({ exitCode: null, limit: "time", output: expect.stringMatching(/^begun\n/) });
    await box.run("setsid sleep 84.5 >/dev/null 2>&1 & sleep 85.5 & true", {}, bare);
    await until(() => processesWith("sleep\x008").length === 0);
  });

  test("a bare command dies with the broker", async () => {
    const started = box.run("touch begun; sleep 86.5", {}, { unsandboxed: true });
    await until(() => existsSync(`${box.folder}/begun`));
    process.kill(box.brokerPid()!, "SIGKILL");
    await expect(started).rejects.toMatchObject({ code: "conflict" });
    await until(() => processesWith("sleep\x0086.5").length === 0);
  });
});
