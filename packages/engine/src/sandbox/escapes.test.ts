import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seccompFilter } from "./seccomp-filter.ts";
import { aSandbox, noSandboxReason, processesWith, until, type TestSandbox } from "./test-sandbox.ts";

const SECRET = "words that nobody may read";
const HOME_NAMES = [".ssh/id_ed25519", ".aws/credentials", ".config/gh/hosts.yml", ".gnupg/key", ".netrc", ".npmrc"];

/** A home with secrets, and a workspace in it. */
function aHome(root: string): string {
  const home = `${root}/home`;
  for (const folder of [
    "",
    "/.ssh",
    "/.aws",
    "/.config",
    "/.config/gh",
    "/.gnupg",
    "/workspace",
    "/workspace/.bureau",
  ]) {
    mkdirSync(`${home}${folder}`);
  }
  for (const name of [...HOME_NAMES, "workspace/.bureau/token", "workspace/.bureau/vault.key"]) {
    writeFileSync(`${home}/${name}`, SECRET);
  }
  return home;
}

describe.skipIf(noSandboxReason)(`a command that tries to get out ${noSandboxReason ?? ""}`, () => {
  let box: TestSandbox;
  beforeAll(() => {
    box = aSandbox();
    writeFileSync(`${box.root}/secret`, SECRET);
  });
  afterAll(() => box.close());
  const outputOf = async (command: string) => (await box.run(command)).output;
  const perl = (program: string) => `perl -e '${program.replaceAll("'", `'"'"'`)}'`;

  describe("to files", () => {
    test.each([
      ["/proc/self/root", (path: string) => `cat /proc/self/root${path}`],
      ["/proc/1/root", (path: string) => `cat /proc/1/root${path}`],
      ["/proc/1/cwd", (path: string) => `cat /proc/1/cwd${path} /proc/1/cwd/../../../../..${path}`],
      [
        "descriptors of any process",
        (path: string) => `for fd in /proc/[0-9]*/fd/*; do cat $fd${path} $fd/../secret $fd/../../secret; done`,
      ],
      ["its parent folder", () => "cat ../secret ../../secret; cd ..; cat secret"],
      ["a link of its own", (path: string) => `ln -s ${path} out; cat out; ln -s / root; cat root${path}; rm out root`],
      ["a hard link of its own", (path: string) => `ln ${path} out; cat out`],
      ["names of memory maps", () => "cat /proc/*/map_files/* /proc/kcore /dev/mem"],
    ])("finds nothing outside through %s", async (_what, commandOf) => {
      const output = await outputOf(
        `{ ${commandOf(`${box.root}/secret`)}; } 2>/dev/null </dev/null | head -c 100000; echo end`,
      );
      expect(output).toMatch(/end\n$/);
      expect(output).not.toContain(SECRET);
    });

    test("leaves no descriptor open in any process that it sees", async () => {
      const output = await outputOf(
        "for p in /proc/[0-9]*; do ls -l $p/fd; done 2>/dev/null | grep -o '[-]> .*' | sort -u",
      );
      expect(output).not.toContain(box.root.slice(1));
      expect(output).not.toMatch(/-> \/(?!dev\/null|proc\/)/);
    });

    test("does not follow a link that is put in the place of its folder while it starts", async () => {
      const folder = `${box.root}/swapped`;
      mkdirSync(folder);
      mkdirSync(`${box.root}/private`);
      writeFileSync(`${box.root}/private/word`, SECRET);
      await box.run("true", { folder });
      const started = box.run("cat word; touch left", { folder });
      renameSync(folder, `${folder}-away`);
      symlinkSync(`${box.root}/private`, folder);
      const output = await started.then(
        (result) => result.output,
        (error: Error) => error.message,
      );
      expect(output).not.toContain(SECRET);
      expect(existsSync(`${box.root}/private/left`)).toBe(false);
    });

    test("swaps a link in vain while it runs", async () => {
      const output = await outputOf(
        `for i in $(seq 1 200); do ln -sfn ${box.root}/secret swap; cat swap; ln -sfn /etc/shadow swap; cat swap; done 2>/dev/null; rm swap; echo end`,
      );
      expect(output).toBe("end\n");
    });

    test("a hard link that a person made shows what it links to, and no more", async () => {
      linkSync(`${box.root}/secret`, `${box.folder}/given`);
      expect(await outputOf("cat given; rm given")).toBe(SECRET);
      expect(readFileSync(`${box.root}/secret`, "utf8")).toBe(SECRET);
    });

    test("sees neither the system's sockets and services, nor its logs and state", async () => {
      const output = await outputOf(
        "ls -A /run /var/run /var/lib /var/log /sys /boot /root /home /srv /mnt /media 2>/dev/null; ls /dev | tr '\\n' ' '",
      );
      expect(output.trim().split(/\s+/).toSorted()).toEqual(
        "console core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero"
          .split(" ")
          .filter((name) => output.includes(name)),
      );
    });
  });

  describe("to people's secrets", () => {
    const readAll = (paths: string[]) =>
      `cat ${paths.join(" ")} 2>/dev/null; ls -A ${paths.join(" ")} 2>/dev/null | grep -v '^/' ; echo end`;

    test("sees nothing of home from a folder inside it", async () => {
      const other = aSandbox();
      const home = aHome(other.root);
      const folder = `${home}/workspace`;
      const inside = aSandbox({ home, hidden: [`${folder}/.bureau`], stateFolder: `${other.root}/inner` });
      const paths = [...HOME_NAMES, "workspace/.bureau/token", "workspace/.bureau/vault.key"];
      const { output } = await inside.run(`${readAll(paths.map((name) => `${home}/${name}`))}; ls -A ${home}`, {
        folder,
      });
      await inside.close();
      await other.close();
      expect(output).toBe("end\nworkspace\n");
    });

    test("sees no secrets of home where home itself is the folder, also behind links", async () => {
      const other = aSandbox();
      const home = aHome(other.root);
      renameSync(`${home}/.ssh`, `${home}/dotfiles`);
      symlinkSync(`${home}/dotfiles`, `${home}/.ssh`);
      writeFileSync(`${home}/notes.txt`, "mine");
      const at = aSandbox({ home, hidden: [`${home}/workspace/.bureau`], stateFolder: `${other.root}/inner` });
      const paths = [...HOME_NAMES, "dotfiles/id_ed25519", "workspace/.bureau/token", "workspace/.bureau/vault.key"];
      const { output } = await at.run(`cat ${paths.join(" ")} 2>/dev/null; cat notes.txt`, { folder: home });
      await at.close();
      await other.close();
      expect(output).toBe("mine");
    });

    test("sees no more of a search path that leads home, or to Bureau's own data, than its programs", async () => {
      const other = aSandbox();
      const home = aHome(other.root);
      mkdirSync(`${home}/.local/bin`, { recursive: true });
      writeFileSync(`${home}/.local/bin/tool`, "#!/bin/sh\necho tool\n", { mode: 0o755 });
      writeFileSync(`${home}/.local/private`, SECRET);
      mkdirSync(`${home}/workspace/bin`);
      symlinkSync(home, `${other.root}/alias`);
      const searchPath = [home, "/", other.root, `${other.root}/alias`, `${home}/.local/bin`, `${home}/workspace/bin`];
      const at = aSandbox({
        home,
        hidden: [`${home}/workspace/.bureau`],
        stateFolder: `${other.root}/inner`,
        searchPath: [...searchPath, "/usr/bin", "/bin"].join(":"),
      });
      const paths = [...HOME_NAMES, ".local/private", "workspace/.bureau/token"];
      const all = paths.flatMap((name) => [`${home}/${name}`, `${other.root}/alias/${name}`]);
      const { output } = await at.run(`cat ${all.join(" ")} 2>/dev/null; tool`, { folder: other.folder });
      await at.close();
      await other.close();
      expect(output).toBe("tool\n");
    });

    test("a workspace that is reached over a link shows the same as without", async () => {
      const other = aSandbox();
      const home = aHome(other.root);
      symlinkSync(`${home}/workspace`, `${other.root}/link`);
      const at = aSandbox({ home, hidden: [`${other.root}/link/.bureau`], stateFolder: `${other.root}/inner` });
      const { output } = await at.run("cat .bureau/token; ls -A .bureau", { folder: `${home}/workspace` });
      await expect(at.run("true", { folder: `${other.root}/link` })).rejects.toMatchObject({ code: "invalid" });
      await at.close();
      await other.close();
      expect(output).not.toContain(SECRET);
    });

    test("finds nothing of the server's environment in any process", async () => {
      process.env["BUREAU_TEST_SECRET"] = SECRET;
      const output = await outputOf("cat /proc/*/environ | tr '\\0' '\\n'; env");
      delete process.env["BUREAU_TEST_SECRET"];
      expect(output).not.toContain(SECRET);
      expect(output).not.toMatch(/TOKEN|KEY|SECRET|VITEST|DATABASE/);
    });
  });

  describe("to sockets", () => {
    test("reaches no socket of the folder, connected or by datagram, nor one without a path", async () => {
      const server = createServer((socket) => socket.end("reached"));
      await new Promise<void>((resolve) => server.listen(`${box.folder}/docker.sock`, resolve));
      const hidden = createServer((socket) => socket.end("reached"));
      await new Promise<void>((resolve) => hidden.listen("\0bureau-test-hidden", resolve));
      const output = await outputOf(
        perl(`use Socket;
          for my $name ("docker.sock", "\\0bureau-test-hidden") {
            for my $type (SOCK_STREAM, SOCK_DGRAM, 5) {
              print socket(my $s, AF_UNIX, $type, 0) ? "open" : "no";
            }
          }
          print socketpair(my $a, my $b, AF_UNIX, SOCK_DGRAM, 0) ? " pair" : " no";
          print socketpair(my $a, my $b, AF_UNIX, SOCK_DGRAM | 02000000, 0) ? " pair" : " no";
          print socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) ? " stream" : " no";`),
      );
      server.close();
      hidden.close();
      expect(output).toBe("nononononono no no stream");
    });

    test("opens no raw socket, no rare protocol, and of netlink only the list of interfaces", async () => {
      const tries: [number, number, number][] = [
        [2, 3, 1], // raw ICMP
        [2, 3, 255],
        [2, 5, 132], // SCTP
        [2, 5, 0],
        [2, 6, 33], // DCCP
        [2, 1, 262], // MPTCP
        [2, 2, 115], // L2TP
        [16, 3, 4], // sockets of the machine
        [16, 3, 9], // audit
        [16, 3, 12], // netfilter
        [16, 3, 15],
        [16, 3, 16],
        [17, 3, 0], // packets
        [38, 5, 0], // crypto
        [40, 1, 0], // the host of a virtual machine
      ];
      const list = tries.map((each) => each.join(",")).join(" ");
      const output = await outputOf(
        `for t in ${list} 2,1,6 2,2,17 10,1,0 16,3,0; do ${perl('($f, $t, $p) = split /,/, $ARGV[0]; print socket(S, $f, $t, $p) ? "$ARGV[0]\\n" : ""')} $t; done`,
      );
      expect(output).toBe("2,1,6\n2,2,17\n10,1,0\n16,3,0\n");
    });

    test("the filter is one that the kernel takes, on both processors", () => {
      for (const machine of ["x64", "arm64"]) expect(seccompFilter(machine)!.length % 8).toBe(0);
      expect(seccompFilter("mips")).toBeNull();
    });
  });

  describe("to other processes and the kernel", () => {
    test("makes no namespace and joins none", async () => {
      const output = await outputOf(
        "for n in -U -n -m -p -i -u -C -T; do unshare $n -f true && echo made $n; done; for n in user net mnt pid; do nsenter --$n=/proc/1/ns/$n true && echo joined $n; done; echo end",
      );
      expect(output).not.toMatch(/made|joined/);
      expect(output).toMatch(/end\n$/);
    });

    test("mounts nothing and changes no root", async () => {
      const output = await outputOf(
        "mkdir -p m; for c in 'mount -t tmpfs x m' 'mount --bind / m' 'mount -o remount,rw /' 'umount /tmp' 'umount /proc' 'chroot / true' 'pivot_root . m'; do $c 2>/dev/null && echo did $c; done; echo end",
      );
      expect(output).toBe("end\n");
    });

    test("traces no process, not even its own child", async () => {
      const number = process.arch === "arm64" ? 117 : 101;
      const output = await outputOf(
        perl(
          `$p = fork // die; if (!$p) { sleep 5; exit } print syscall(${number}, 16, $p, 0, 0) == -1 ? "no " : "yes "; kill 9, $p; print syscall(${number}, 0, 0, 0, 0) == -1 ? "no" : "yes"`,
        ),
      );
      expect(output).toBe("no no");
    });

    // Asks with signal 0, which ends nobody: where isolation were broken, a test must not harm the machine it runs on.
    test("sees no process outside, and so can send it nothing", async () => {
      const pids = [process.pid, process.ppid, box.brokerPid()].join(" ");
      const output = await outputOf(
        `for p in ${pids}; do kill -0 $p 2>/dev/null && grep -qs node /proc/$p/cmdline && echo seen; done; ls -d /proc/[0-9]* | wc -l; readlink /proc/self/ns/pid`,
      );
      const [processes, space] = output.trim().split("\n");
      expect(Number(processes)).toBeLessThan(10);
      expect(space).toMatch(/^pid:/);
      expect(space).not.toBe(readlinkSync("/proc/self/ns/pid"));
    });

    test("has no terminal to type into", async () => {
      const output = await outputOf(
        perl(
          `for $fd (0..2) { open my $h, "<&=", $fd; $c = "x"; print ioctl($h, 0x5412, $c) ? "typed" : "no" } print -t STDIN ? "tty" : "", open(T, "</dev/tty") ? "tty" : ""`,
        ),
      );
      expect(output).toBe("nonono");
    });

    test("leaves no core dump", async () => {
      const output = await outputOf(
        "ulimit -c; ulimit -c unlimited 2>/dev/null; ulimit -c; bash -c 'kill -SEGV $$'; ls -A | grep -i core; echo end",
      );
      expect(output).toMatch(/^0\n0\n/);
      expect(output).toMatch(/\nend\n$/);
      expect(output).not.toMatch(/^core/m);
    });

    test("asks the kernel for nothing that a filter is there for", async () => {
      const numbers =
        process.arch === "arm64" ? [280, 217, 241, 425, 282, 105, 224, 268] : [321, 248, 298, 425, 323, 175, 167, 308];
      const output = await outputOf(
        perl(`for (${numbers.join(", ")}) { $r = syscall($_, 0, 0, 0, 0, 0); print "$_ " if !$!{EPERM} }`),
      );
      expect(output).toBe("");
    });
  });

  describe("to outlive its end", () => {
    test.each([
      ["setsid", "setsid sleep 91.5 >/dev/null 2>&1 &"],
      ["nohup", "nohup sleep 92.5 >/dev/null 2>&1 &"],
      ["two forks", "( ( sleep 93.5 >/dev/null 2>&1 & ) & )"],
      [
        "a daemon that hears no signal",
        perl(
          "use POSIX; exit if fork; setsid(); exit if fork; $SIG{$_} = 'IGNORE' for qw(TERM HUP INT); close $_ for 0..2; exec 'sleep', '94.5'",
        ),
      ],
    ])("with %s is ended with it", async (_what, command) => {
      expect((await box.run(`${command}\nsleep 0.1; echo over`)).output).toBe("over\n");
      await until(() => ["91.5", "92.5", "93.5", "94.5"].every((time) => processesWith(`sleep\0${time}`).length === 0));
    });
  });

  test("settings, goals and connections are a person's, also those that it would make below another agent", async () => {
    const folder = `${box.root}/whole`;
    mkdirSync(`${folder}/agents/other/goals`, { recursive: true });
    for (const name of ["bureau.yaml", "mcp.json", "agents/other/goals/a.md"])
      writeFileSync(`${folder}/${name}`, "mine");
    await box.run(
      "for f in bureau.yaml mcp.json agents/other/goals/a.md agents/other/goals/b.md; do echo evil > $f; rm -f $f; mv $f x; done",
      { folder },
    );
    for (const name of ["bureau.yaml", "mcp.json", "agents/other/goals/a.md"]) {
      expect(readFileSync(`${folder}/${name}`, "utf8")).toBe("mine");
    }
    expect(existsSync(`${folder}/agents/other/goals/b.md`)).toBe(false);
  });
});
