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
  program.push(...socketRules(machine), load(NUMBER_OFFSET));
  program.push(
    jumpIfEqual(machine.clone, 0, 3),
    load(FIRST_ARGUMENT_OFFSET),
    jumpIfAnySet(CLONE_NEW, 0, 1),
    answer(EPERM),
  );
  program.push(allow);
  return encode(program);
}

/**
 * Sockets of the internet (TCP and UDP) and netlink's list of interfaces: what a closed network holds. Every other
 * family and protocol is a way around it, or a rarely used part of the kernel that loads itself when asked for.
 * A pair of unix sockets is how programs talk to their children, but one of datagrams can be sent anywhere by a path.
 */
function socketRules(machine: Machine): Instruction[] {
  const internet = [
    load(SECOND_ARGUMENT_OFFSET),
    and(SOCKET_TYPE_MASK),
    jumpIfEqual(STREAM, 2, 0),
    jumpIfEqual(DATAGRAM, 1, 0),
    answer(EPERM),
    load(THIRD_ARGUMENT_OFFSET),
    jumpIfEqual(0, 3, 0),
    jumpIfEqual(TCP, 2, 0),
    jumpIfEqual(UDP, 1, 0),
    answer(EPERM),
    allow,
  ];
  const netlink = [load(THIRD_ARGUMENT_OFFSET), jumpIfEqual(0, 1, 0), answer(EPERM), allow];
  const socket = [
    load(FIRST_ARGUMENT_OFFSET),
    jumpIfEqual(AF_NETLINK, 3, 0),
    jumpIfEqual(AF_INET, 2 + netlink.length, 0),
    jumpIfEqual(AF_INET6, 1 + netlink.length, 0),
    answer(EPERM),
    ...netlink,
    ...internet,
  ];
  const pair = [load(SECOND_ARGUMENT_OFFSET), and(SOCKET_TYPE_MASK), jumpIfEqual(DATAGRAM, 0, 1), answer(EPERM), allow];
  return [
    jumpIfEqual(machine.socket, 0, socket.length),
    ...socket,
    jumpIfEqual(machine.socketpair, 0, pair.length),
    ...pair,
  ];
}

type Instruction = [code: number, whenTrue: number, whenFalse: number, value: number];

interface Machine {
  audit: number;
  /** First number of a second calling convention that would get around the list, or null. */
  highest: number | null;
  socket: number;
  socketpair: number;
  clone: number;
  clone3: number;
  refused: number[];
}

const NUMBER_OFFSET = 0;
const ARCHITECTURE_OFFSET = 4;
const FIRST_ARGUMENT_OFFSET = 16;
const EPERM = 1;
const ENOSYS = 38;
const SECOND_ARGUMENT_OFFSET = 24;
const THIRD_ARGUMENT_OFFSET = 32;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
/** Without the flags that are given with the type. */
const SOCKET_TYPE_MASK = 0xf;
const STREAM = 1;
const DATAGRAM = 2;
const TCP = 6;
const UDP = 17;
/** Every flag of `clone` that makes a namespace. */
const CLONE_NEW = 0x7e020000;
const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_ANY_SET = 0x45;
const AND = 0x54;
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
    socketpair: 53,
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
    socketpair: 199,
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
const and = (bits: number): Instruction => [AND, 0, 0, bits];
const allow: Instruction = [RETURN, 0, 0, ALLOW];
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
