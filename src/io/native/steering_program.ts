// The program by which the kernel finds the socket of a datagram, among those of several workers.

/** What a program depends on. */
export interface Steering {
  /** Bytes of the connection IDs that workers issue. */
  readonly idLength: number;
  /** Those of the mask of worker numbers: see `WorkerMask`. */
  readonly multipliers: readonly [number, number];
  /** What spreads clients over workers; secret, so that no client chooses its worker. */
  readonly spread: number;
  /** The sockets that something reads from. */
  readonly open: readonly number[];
  /** Those of them that get new clients, in turn; some may stand there several times. */
  readonly accepting: readonly number[];
}

/** Opcodes of classic BPF (bpf_common.h): load, store, calculate, jump, return. */
const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const LOAD_WORD_AT_X = 0x40;
const LOAD_BYTE_AT_X = 0x50;
const LOAD_NUMBER = 0x00;
const X_NUMBER = 0x01;
const X_MEMORY = 0x61;
const STORE = 0x02;
const SUBTRACT = 0x14;
const MULTIPLY = 0x24;
const MODULO = 0x94;
const AND = 0x54;
const SHIFT_RIGHT = 0x74;
const SHIFT_LEFT_BY_X = 0x6c;
const XOR_X = 0xac;
const TO_X = 0x07;
const FROM_X = 0x87;
const JUMP = 0x05;
const IF_EQUAL = 0x15;
const IF_ANY = 0x45;
const RETURN_NUMBER = 0x06;
const RETURN = 0x16;

/** `SKF_AD_OFF + SKF_AD_PROTOCOL` and `SKF_NET_OFF` of filter.h: what lies around the datagram. */
const PROTOCOL = 0xffff_f000;
const NETWORK = 0xfff0_0000;
/** `ETH_P_IPV6` of if_ether.h. */
const IPV6 = 0x86dd;

/** Versions of QUIC, and the bit by which packet types without a token differ from the others. */
const VERSION_1 = 1;
const VERSION_2 = 0x6b33_43cf;
const LATE_TYPE = 0x20;
/** RFC 9369, Section 3.2: types of version 2 are those of version 1 and one. */
const NEXT_TYPE = 0x10;

/** Where IDs begin: in long headers behind version and length. */
const LONG_ID_AT = 6;
const LONG_LENGTH_AT = 5;
const SHORT_ID_AT = 1;

/** One instruction; jumps name where they lead. */
interface Instruction {
  readonly code: number;
  readonly value: number;
  readonly label?: string | undefined;
  readonly then?: string;
  readonly otherwise?: string;
}

/**
 * The program by which the kernel finds the socket of a datagram: an array of `sock_filter`. A
 * datagram with a short header, or of a late handshake, goes to the socket that its connection ID
 * names, whatever address it comes from. Others go by their source to a socket that gets new
 * connections: so do all of a handshake until the client knows an ID.
 *
 * Loads past the end of a datagram end the program with 0; what is too short for an ID may go
 * anywhere.
 */
export function steeringProgram(steering: Steering): Uint8Array<ArrayBuffer> {
  const code = [...headerPart(steering), ...idPart(steering), ...clientPart(steering)];
  const places = new Map<string, number>();
  code.forEach(({ label }, index) => label !== undefined && places.set(label, index));
  const bytes = new Uint8Array(8 * code.length);
  const view = new DataView(bytes.buffer);
  code.forEach((instruction, index) => {
    const distance = (label: string | undefined) =>
      label === undefined ? 0 : places.get(label)! - index - 1;
    const isJump = instruction.code === JUMP;
    view.setUint16(8 * index, instruction.code, true);
    if (!isJump) {
      bytes[8 * index + 2] = distance(instruction.then);
      bytes[8 * index + 3] = distance(instruction.otherwise);
    }
    view.setUint32(8 * index + 4, isJump ? distance(instruction.then) : instruction.value, true);
  });
  return bytes;
}

/** Finds out where the ID is, if the datagram has one that a worker issued. */
function headerPart({ idLength }: Steering): Instruction[] {
  return [
    step(LOAD_BYTE, 0),
    branch(IF_ANY, 0x80, "long", "short"),
    step(LOAD_WORD, 1, "long"),
    branch(IF_EQUAL, VERSION_2, "second", "other"),
    branch(IF_EQUAL, VERSION_1, "first", "client", "other"),
    step(LOAD_BYTE, 0, "second"),
    step(SUBTRACT, NEXT_TYPE),
    jump("type"),
    step(LOAD_BYTE, 0, "first"),
    branch(IF_ANY, LATE_TYPE, "late", "client", "type"),
    step(LOAD_BYTE, LONG_LENGTH_AT, "late"),
    branch(IF_EQUAL, idLength, "issued", "client"),
    step(X_NUMBER, LONG_ID_AT, "issued"),
    jump("id"),
    step(X_NUMBER, SHORT_ID_AT, "short"),
  ];
}

/** Reads which worker the ID at X names, as `workerAt` does. */
function idPart({ multipliers: [first, second], open }: Steering): Instruction[] {
  return [
    step(LOAD_BYTE_AT_X, 0, "id"),
    step(STORE, 0),
    step(LOAD_WORD_AT_X, 4),
    step(STORE, 1),
    step(LOAD_WORD_AT_X, 1),
    step(MULTIPLY, first),
    step(TO_X, 0),
    step(SHIFT_RIGHT, 15),
    step(XOR_X, 0),
    step(X_MEMORY, 1),
    step(XOR_X, 0),
    step(MULTIPLY, second),
    step(SHIFT_RIGHT, 27),
    step(X_MEMORY, 0),
    step(XOR_X, 0),
    step(AND, 31),
    step(TO_X, 0),
    step(LOAD_NUMBER, 1),
    step(SHIFT_LEFT_BY_X, 0),
    branch(IF_ANY, bitsOf(open), "found", "client"),
    step(FROM_X, 0, "found"),
    step(RETURN, 0),
  ];
}

/** Chooses a socket by address and port of the sender. */
function clientPart({ accepting, spread }: Steering): Instruction[] {
  const choices = accepting.slice(0, -1).flatMap((socket, index) => [
    branch(IF_EQUAL, index, `to ${index}`, `not ${index}`, `not ${index - 1}`),
    step(RETURN_NUMBER, socket, `to ${index}`),
  ]);
  return [
    step(LOAD_HALF, PROTOCOL, "client"),
    branch(IF_EQUAL, IPV6, "six", "four"),
    step(LOAD_WORD, NETWORK + 12, "four"),
    step(STORE, 0),
    step(LOAD_HALF, NETWORK + 20),
    jump("spread"),
    step(LOAD_WORD, NETWORK + 20, "six"),
    step(STORE, 0),
    step(LOAD_HALF, NETWORK + 40),
    step(MULTIPLY, spread | 1, "spread"),
    step(X_MEMORY, 0),
    step(XOR_X, 0),
    step(MULTIPLY, spread | 1),
    step(TO_X, 0),
    step(SHIFT_RIGHT, 15),
    step(XOR_X, 0),
    step(MULTIPLY, spread | 1),
    step(SHIFT_RIGHT, 8),
    step(MODULO, accepting.length),
    ...choices,
    step(RETURN_NUMBER, accepting.at(-1)!, `not ${accepting.length - 2}`),
  ];
}

function bitsOf(sockets: readonly number[]): number {
  return sockets.reduce((bits, socket) => bits | (1 << socket), 0);
}

function step(code: number, value: number, label?: string): Instruction {
  return { code, value, label };
}

function branch(
  code: number,
  value: number,
  then: string,
  otherwise: string,
  label?: string,
): Instruction {
  return { code, value, then, otherwise, label };
}

function jump(then: string): Instruction {
  return { code: JUMP, value: 0, then };
}
