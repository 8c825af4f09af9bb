// Assembles WebAssembly from instructions.

/** Instructions of WebAssembly, or an expression that leaves one value, as bytes. */
export type Code = readonly number[];

/** Types of locals. */
export const ValueType = { I32: 0x7f, I64: 0x7e, V128: 0x7b } as const;
/** One of the values of {@linkcode ValueType}. */
export type ValueType = (typeof ValueType)[keyof typeof ValueType];

/** A function without a result that other code may call by its name. */
export interface WasmFunction {
  readonly name: string;
  /** How many parameters it has, each an i32; they are the first locals. */
  readonly parameters: number;
  /** How many locals of which type follow. */
  readonly locals: readonly (readonly [count: number, type: ValueType])[];
  readonly body: Code;
}

/** The bytes of a module with a memory of so many pages, exported as `memory`. */
export function assemble(
  pages: number,
  functions: readonly WasmFunction[],
): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [
    0x60,
    ...list(new Array(parameters).fill([ValueType.I32])),
    0,
  ]);
  const exports = functions.map(({ name }, index) => [...text(name), 0, ...unsigned(index)]);
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(3, list(functions.map((_, index) => unsigned(index)))),
    ...section(5, list([[0, ...unsigned(pages)]])),
    ...section(7, list([[...text("memory"), 2, 0], ...exports])),
    ...section(10, list(functions.map(functionCode))),
  ]);
}

/** The value of a local. */
export function get(local: number): Code {
  return [0x20, ...unsigned(local)];
}

/** Gives a local a value. */
export function set(local: number, value: Code): Code {
  return [...value, 0x21, ...unsigned(local)];
}

/** A constant of 32 bits. */
export function i32(value: number): Code {
  return [0x41, ...signed(value)];
}

/** A constant of 64 bits, within the safe integers. */
export function i64(value: number): Code {
  return [0x42, ...signed(value)];
}

/** An instruction with its operands before it. */
export function operation(opcode: number, ...operands: Code[]): Code {
  return [...operands.flat(), opcode];
}

/** A vector instruction with its operands before it and immediate bytes behind. */
export function vector(opcode: number, operands: readonly Code[], immediate: Code = []): Code {
  return [...operands.flat(), 0xfd, ...unsigned(opcode), ...immediate];
}

/** An instruction that loads from, or stores to, `offset` bytes behind an address. */
export function access(opcode: number, offset: number, ...operands: Code[]): Code {
  return [...operands.flat(), opcode, 0, ...unsigned(offset)];
}

/** A vector instruction that loads from, or stores to, `offset` bytes behind an address. */
export function vectorAccess(opcode: number, offset: number, ...operands: Code[]): Code {
  return vector(opcode, operands, [0, ...unsigned(offset)]);
}

/** Runs the body again and again as long as the condition holds behind it. */
export function repeatWhile(condition: Code, ...body: Code[]): Code {
  return [0x03, 0x40, ...body.flat(), ...condition, 0x0d, 0, 0x0b];
}

/** Passes over the body if the condition holds. */
export function unless(condition: Code, ...body: Code[]): Code {
  return [0x02, 0x40, ...condition, 0x0d, 0, ...body.flat(), 0x0b];
}

function functionCode({ locals, body }: WasmFunction): Code {
  const code = [...list(locals.map(([count, type]) => [...unsigned(count), type])), ...body, 0x0b];
  return [...unsigned(code.length), ...code];
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function list(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): Code {
  return list([...new TextEncoder().encode(value)].map((byte) => [byte]));
}

/** LEB128 without a sign. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push(value % 0x80 | 0x80);
  return [...bytes, value];
}

/** LEB128 with a sign. */
function signed(value: number): Code {
  const bytes: number[] = [];
  for (; value < -0x40 || value >= 0x40; value = Math.floor(value / 0x80)) {
    bytes.push(value - 0x80 * Math.floor(value / 0x80) | 0x80);
  }
  return [...bytes, value & 0x7f];
}
