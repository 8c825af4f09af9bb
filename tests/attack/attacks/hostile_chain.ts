import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { concatBytes } from "../../../src/bytes/bytes.ts";
import type { Credential } from "../../../src/tls/credential.ts";
import { type Made, make, makeLeaf } from "../../tls/authority.ts";
import { type Attack, type AttackContext, effort, honestBounds, type Numbers } from "../attack.ts";
import { forgedCredential } from "../forged_credential.ts";
import { HostileServer } from "../hostile_server.ts";
import { pause } from "../honest_client.ts";
import { RawConnection } from "../raw_connection.ts";

/** Certificates beside the leaf: with it they are as many as are taken. */
const INTERMEDIATES = 14;
const NAME_CONSTRAINTS = "2.5.29.30";

/** Milliseconds of processor time that a chain may cost, the rest of its handshake included. */
const bounds: Attack["bounds"] = (result) => [
  ...honestBounds(result),
  {
    what: "processor time of a handshake, ms",
    value: effort(result) / result.tally.begun!,
    most: 100,
  },
];

const full = { attempts: 20, names: 5_000, constraints: 300 };
const short = { attempts: 10, names: 3_000, constraints: 200 };

/** Certificates that all may have issued each other, with many names and many constraints on them. */
export const hostileServerChain: Attack = {
  name: "dear chain of a server",
  row: "A2",
  victim: "client",
  full,
  short,
  run: attackClient,
  bounds,
};

/** The same, from an unknown client. */
export const hostileClientChain: Attack = {
  name: "dear chain of a client",
  row: "A2",
  victim: "mutual server",
  full,
  short,
  run: attackServer,
  bounds,
};

async function attackClient({ size, stopped, ready }: AttackContext): Promise<Numbers> {
  const credential = await dearCredential(size);
  const server = new HostileServer(() => credential);
  ready(server.port);
  while (!stopped.aborted) await pause(50);
  const { begun } = server;
  server.close();
  return { begun };
}

async function attackServer({ size, port, stopped, ready }: AttackContext): Promise<Numbers> {
  const credential = await dearCredential(size);
  let begun = 0;
  ready();
  while (begun < size.attempts! && !stopped.aborted) {
    begun++;
    const raw = await RawConnection.connect({ port, from: "127.12.1.1", tls: { credential } });
    for (let i = 0; i < 50 && raw?.isClosed === false; i++) await pause(10);
    raw?.abandon();
  }
  while (!stopped.aborted) await pause(50);
  return { begun };
}

/** About 45 kB of certificates of which none leads to an authority. */
async function dearCredential({ names, constraints }: Numbers): Promise<Credential> {
  const now = Date.now();
  const dates = { notBefore: now - 3_600_000, notAfter: now + 86_400_000 };
  const subject = "CN=x";
  const chain: Made[] = [];
  for (let i = 0; i < INTERMEDIATES; i++) {
    const issuer = chain[0];
    const { keys } = issuer ?? {};
    const extensions = [nameConstraints(constraints!, i)];
    chain.push(await make(issuer, { subject, extensions, ...keys && { keys }, ...dates }));
  }
  const own = ["localhost", "client.test"];
  const many = Array.from({ length: names! }, (_, i) => i.toString(36));
  const alternatives = [...own, ...many].map((value) => ({ type: "dns" as const, value }));
  const leaf = await makeLeaf(chain[0], { subject: "CN=leaf", names: alternatives, ...dates });
  return await forgedCredential(leaf, [leaf.der, ...chain.map(({ der }) => der)]);
}

/** Excluded names that none of the leaf's is one of. */
function nameConstraints(count: number, seed: number): x509.Extension {
  const bases = Array.from({ length: count }, (_, i) => `${(i + seed).toString(36)}~`);
  const trees = bases.map((base) => der(0x30, der(0x82, new TextEncoder().encode(base))));
  return new x509.Extension(NAME_CONSTRAINTS, true, der(0x30, der(0xa1, ...trees)));
}

/** A DER value of a tag. */
function der(tag: number, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const content = concatBytes(...parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return concatBytes(new Uint8Array([tag, ...size]), content);
}
