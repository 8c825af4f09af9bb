import assert from "node:assert/strict";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { decompressCertificate } from "../../src/tls/message/certificate_compression.ts";
import { readCertificate } from "../../src/tls/message/certificate_message.ts";
import { judgeCertificates } from "../../src/tls/peer_certificate.ts";
import { TrustStore } from "../../src/tls/trust/trust_store.ts";
import { compressedMessages, hostileMessages, trusted } from "./hostile_messages.ts";
import { credentialFor, EPOCH, type Flight, Pair, type PairOptions } from "./pair.ts";
import { threadTime } from "../thread_time.ts";

/** Milliseconds of processor time that a judgement may take. */
const MOST = 50;
const pem = `-----BEGIN CERTIFICATE-----\n${trusted.der.toBase64()}\n-----END CERTIFICATE-----\n`;

/** What the judgement of a message takes, with nothing remembered, in milliseconds. */
function cost(message: Uint8Array, serverName: string | undefined): number {
  const verification = new TrustStore([pem]);
  const before = threadTime();
  try {
    const plain = message[0] === 25 ? decompressCertificate(message) : message;
    judgeCertificates(readCertificate(plain), { verification, serverName, time: EPOCH });
  } catch (error) {
    assert.ok(error instanceof TransportError, String(error));
  }
  return threadTime() - before;
}

/** Once in some times, as a compiler and a collector at work in the same process count too. */
function assertCheap(most: number, measure: () => number): void {
  const costs: number[] = [];
  while (costs.length < 8) {
    costs.push(measure());
    if (costs.at(-1)! < most) return;
  }
  assert.fail(`${costs.join(", ")} ms`);
}

for (const [role, serverName] of [["client", "a.test"], ["server", undefined]] as const) {
  Deno.test(`A ${role} judges any Certificate message within its budget [attack certificates]`, async (test) => {
    for (const { name, message } of [...hostileMessages(), ...compressedMessages()]) {
      await test.step(`${name}, ${message.length} bytes`, () => {
        assert.ok(message.length > 8 && message.length <= 0x1_0000);
        assertCheap(MOST, () => cost(message, serverName));
      });
    }
  });
}

const CERTIFICATE = 11;

/** Messages of the handshake with the Certificate among them replaced. */
function withCertificate(data: Uint8Array, message: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.length;) {
    const end = at + 4 + (data[at + 1]! << 16 | data[at + 2]! << 8 | data[at + 3]!);
    parts.push(data[at] === CERTIFICATE ? message : data.subarray(at, end));
    at = end;
  }
  return concatBytes(...parts);
}

Deno.test("A handshake with a hostile Certificate message ends soon in both roles [attack certificates]", () => {
  const verification = () => new TrustStore([pem]);
  const all = hostileMessages().filter(({ name }) => /path|twins below|names of dir/.test(name));
  assert.ok(all.length >= 3);
  for (const { message } of all) {
    const tamper = (fromWhom: boolean) => ({ data }: Flight, fromClient: boolean) =>
      fromClient === fromWhom ? withCertificate(data, message) : data;
    const byServer: PairOptions = {
      tamper: tamper(false),
      client: { serverName: "a.test", verification: verification(), compressions: [] },
    };
    const byClient: PairOptions = {
      tamper: tamper(true),
      client: { credential: credentialFor() },
      server: { clientCertificates: { verification: verification() } },
    };
    for (const options of [byServer, byClient]) {
      // The rest of the handshake is in it.
      assertCheap(6 * MOST, () => handshakeCost(options));
    }
  }
});

function handshakeCost(options: PairOptions): number {
  const pair = new Pair(options);
  const before = threadTime();
  assert.throws(() => pair.run(), TransportError);
  return threadTime() - before;
}
