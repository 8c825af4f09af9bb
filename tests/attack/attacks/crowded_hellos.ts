import { concatBytes } from "../../../src/bytes/bytes.ts";
import { Writer } from "../../../src/bytes/writer.ts";
import { writeCryptoHeader } from "../../../src/frame/crypto.ts";
import { ExtensionType } from "../../../src/tls/code/code_point.ts";
import { rewriteExtension } from "../../conformance/twisted_tls.ts";
import { type Attack, type AttackContext, effort, honestBounds, type Numbers } from "../attack.ts";
import { pause } from "../honest_client.ts";
import { InitialForge, randomId } from "../initial_forge.ts";

/** Bytes of CRYPTO in a packet. */
const PIECE = 15_000;

/** ClientHellos of 61 kB with as many groups and key shares as have room. */
export const crowdedHellos: Attack = {
  name: "ClientHellos with thousands of shares",
  row: "B6",
  victim: "server",
  full: { hellos: 200, groups: 14_000, shares: 6_500 },
  short: { hellos: 60, groups: 14_000, shares: 6_500 },
  run,
  bounds: (result) => [
    ...honestBounds(result),
    {
      what: "processor time of a ClientHello, ms",
      value: effort(result) / result.tally.sent!,
      most: 12,
    },
  ],
};

async function run({ size, port, stopped, ready }: AttackContext): Promise<Numbers> {
  const forge = new InitialForge();
  const hello = crowded(forge.clientHello, size.groups!, size.shares!);
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.8.1.1", port: 0 });
  const target = { transport: "udp", hostname: "127.0.0.1", port } as const;
  let sent = 0;
  ready();
  for (; sent < size.hellos! && !stopped.aborted; sent++) {
    const id = randomId();
    for (let offset = 0; offset < hello.length; offset += PIECE) {
      const piece = cryptoFrame(offset, hello.subarray(offset, offset + PIECE));
      await socket.send(forge.make(id, undefined, piece, offset / PIECE), target);
    }
    await pause(50);
  }
  while (!stopped.aborted) await pause(50);
  socket.close();
  return { sent, bytes: hello.length };
}

/** The message with groups that do not exist, and shares of the last of them. */
function crowded(hello: Uint8Array, groups: number, shares: number): Uint8Array {
  const number = (i: number) => [0x40 | i >> 8, i & 0xff];
  const list = new Uint8Array(Array.from({ length: groups }, (_, i) => number(i)).flat());
  const last = Array.from({ length: shares }, (_, i) => number(groups - 1 - i));
  const keys = new Uint8Array(last.flatMap((group) => [...group, 0, 1, 0]));
  return [
    rewriteExtension(ExtensionType.SupportedGroups, () => [
      ExtensionType.SupportedGroups,
      vector16(list),
    ]),
    rewriteExtension(ExtensionType.KeyShare, () => [ExtensionType.KeyShare, vector16(keys)]),
  ].reduce((message, rewrite) => rewrite(message), hello);
}

function vector16(bytes: Uint8Array): Uint8Array {
  return concatBytes(new Uint8Array([bytes.length >> 8, bytes.length]), bytes);
}

function cryptoFrame(offset: number, data: Uint8Array): Uint8Array {
  const writer = new Writer(new Uint8Array(data.length + 20));
  writeCryptoHeader(writer, offset, data.length);
  writer.put(data);
  return writer.bytes.subarray(0, writer.offset);
}
