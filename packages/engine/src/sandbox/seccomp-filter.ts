/**
 * A seccomp filter, as the bytes that bubblewrap reads from a descriptor.
 *
 * Namespaces keep a command from files and networks, but not from a unix socket that it can reach by a path, nor
 * from kernel interfaces that have often been the way out. The filter refuses those calls with EPERM. `clone3` hides
 * its flags from a filter, so it answers ENOSYS and the C library falls back to `clone`, whose flags are read.
 */
export function seccompFilter(architecture: string): Buffer | null {
  const machine = MACHINES[architecture];
  if (machine === undefined) return null;
  const program: Instruction[] = [
    load(ARCHITECTURE_OFFSET),
    jumpIfEqual(machine.audit, 1, 0),
    answer(EPERM),
    load(NUMBER_OFFSET),
  ];
  if (machine.highest !== null) program.push(jumpIfAtLeast(machine.highest, 0, 1), answer(EPERM));
  for (const number of machine.refused) program.push(jumpIfEqual(number, 0, 1), answer(EPERM));
  program.push(jumpIfEqual(machine.clone3, 0, 1), answer(ENOSYS));
  const families = ALLOWED_FAMILIES.map((family, index) => jumpIfEqual(family, ALLOWED_FAMILIES.length - index, 0));
  program.push(jumpIfEqual(machine.socket, 0, families.length + 2), load(FIRST_ARGUMENT_OFFSET));
  program.push(...families, answer(EPERM));
  program.push(load(NUMBER_OFFSET));
  program.push(
    jumpIfEqual(machine.clone, 0, 3),
    load(FIRST_ARGUMENT_OFFSET),
    jumpIfAnySet(CLONE_NEW, 0, 1),
    answer(EPERM),
  );
  program.push([RETURN, 0, 0, ALLOW]);
  return encode(program);
}

type Instruction = [code: number, whenTrue: number, whenFalse: number, value: number];

interface Machine {
  audit: number;
  /** First number of a second calling convention that would get around the list, or null. */
  highest: number | null;
  socket: number;
  clone: number;
  clone3: number;
  refused: number[];
}

const NUMBER_OFFSET = 0;
const ARCHITECTURE_OFFSET = 4;
const FIRST_ARGUMENT_OFFSET = 16;
const EPERM = 1;
const ENOSYS = 38;
/** IPv4, IPv6 and netlink: a network namespace holds these. Unix, host and other families get around it. */
const ALLOWED_FAMILIES = [2, 10, 16];
/** Every flag of `clone` that makes a namespace. */
const CLONE_NEW = 0x7e020000;
const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_ANY_SET = 0x45;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const ANSWER_ERROR = 0x00050000;

/** The same on every architecture since Linux 5.1: io_uring, mount and process-memory calls. */
const REFUSED_EVERYWHERE = [425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442];

const MACHINES: Record<string, Machine> = {
  x64: {
    audit: 0xc000003e,
    highest: 0x40000000,
    socket: 41,
    clone: 56,
    clone3: 435,
    // ptrace, pivot_root, chroot, mount, umount2, swap, reboot, modules, quota, keys, unshare, perf_event_open,
    // open_by_handle_at, setns, process_vm_*, finit_module, kexec, bpf, userfaultfd
    refused: [
      101,
      155,
      161,
      165,
      166,
      167,
      168,
      169,
      175,
      176,
      179,
      246,
      248,
      249,
      250,
      272,
      298,
      304,
      308,
      310,
      311,
      313,
      320,
      321,
      323,
      ...REFUSED_EVERYWHERE,
    ],
  },
  arm64: {
    audit: 0xc00000b7,
    highest: null,
    socket: 198,
    clone: 220,
    clone3: 435,
    refused: [
      117,
      41,
      51,
      40,
      39,
      224,
      225,
      142,
      105,
      106,
      60,
      104,
      217,
      218,
      219,
      97,
      241,
      265,
      268,
      270,
      271,
      273,
      294,
      280,
      282,
      ...REFUSED_EVERYWHERE,
    ],
  },
};

const load = (offset: number): Instruction => [LOAD, 0, 0, offset];
const answer = (error: number): Instruction => [RETURN, 0, 0, ANSWER_ERROR | error];
const jumpIfEqual = (value: number, yes: number, no: number): Instruction => [JUMP_EQUAL, yes, no, value];
const jumpIfAtLeast = (value: number, yes: number, no: number): Instruction => [JUMP_AT_LEAST, yes, no, value];
const jumpIfAnySet = (bits: number, yes: number, no: number): Instruction => [JUMP_ANY_SET, yes, no, bits];

/** `struct sock_filter`: 16 bits of code, two 8-bit jumps, 32 bits of value; little-endian on both architectures. */
function encode(program: Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, whenTrue, whenFalse, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(whenTrue, index * 8 + 2);
    bytes.writeUInt8(whenFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  });
  return bytes;
}
