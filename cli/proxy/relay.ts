// Carries bytes between a program and a tunnel.

import type { TcpStreams, TcpTunnel } from "../../mod.ts";
import type { ByteReader } from "./byte_reader.ts";

/** Bytes after which a tunnel goes behind those that carry little. */
const BULK = 262_144;
/** Milliseconds of silence after which a tunnel counts as one that carries little again. */
const PAUSE = 1_000;
const INTERACTIVE_URGENCY = 3;
const BULK_URGENCY = 5;

/**
 * Carries bytes both ways until both directions have ended. The end of one is not that of the other,
 * and a reset of either end is one of the other.
 *
 * @param program The program's connection.
 * @param reader What the program sends.
 * @param tunnel The tunnel.
 * @param most Bytes of the program to carry; its direction is left open after them.
 */
export async function relay(
  program: TcpStreams,
  reader: ByteReader,
  tunnel: TcpTunnel,
  most = Infinity,
): Promise<void> {
  const load = new Load(tunnel);
  await Promise.all([
    upload(program, reader, tunnel, load, most).catch(() => program.reset()),
    download(program, tunnel, load).catch(() => program.reset()),
  ]);
  await reader.cancel();
  program.reset();
}

async function upload(
  program: TcpStreams,
  reader: ByteReader,
  tunnel: TcpTunnel,
  load: Load,
  most: number,
): Promise<void> {
  const writer = tunnel.writable.getWriter();
  // The other direction may wait for a slow program, and would not see that the tunnel is broken.
  writer.closed.catch(() => program.reset());
  try {
    let left = most;
    while (left > 0) {
      const piece = await reader.piece();
      if (piece === undefined) return await writer.close();
      const part = piece.length > left ? piece.subarray(0, left) : piece;
      left -= part.length;
      load.add(part.length);
      await writer.write(part);
    }
    // Further requests of the program are not for this host.
    while (await reader.piece() !== undefined);
    await writer.close();
  } catch (error) {
    writer.abort(error).catch(ignore);
    throw error;
  }
}

async function download(program: TcpStreams, tunnel: TcpTunnel, load: Load): Promise<void> {
  const reader = tunnel.readable.getReader();
  const writer = program.writable.getWriter();
  writer.closed.catch(ignore);
  try {
    for (let part; !(part = await reader.read()).done;) {
      load.add(part.value.length);
      await writer.write(part.value);
    }
    await writer.close();
  } catch (error) {
    reader.cancel(error).catch(ignore);
    throw error;
  }
}

/** How much a tunnel carries at a time, which decides what goes first. */
class Load {
  readonly #tunnel: TcpTunnel;
  #bytes = 0;
  #lastAt = performance.now();
  #isBulk = false;

  constructor(tunnel: TcpTunnel) {
    this.#tunnel = tunnel;
  }

  /** So many bytes more. */
  add(bytes: number): void {
    const now = performance.now();
    if (now - this.#lastAt > PAUSE) this.#bytes = 0;
    this.#lastAt = now;
    this.#bytes += bytes;
    const isBulk = this.#bytes > BULK;
    if (isBulk !== this.#isBulk) {
      this.#tunnel.prioritize(isBulk ? BULK_URGENCY : INTERACTIVE_URGENCY);
    }
    this.#isBulk = isBulk;
  }
}

function ignore(): void {}
