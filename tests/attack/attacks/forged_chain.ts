import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { concatBytes } from "../../../src/bytes/bytes.ts";
import type { Credential } from "../../../src/tls/credential.ts";
import { make, makeLeaf } from "../../tls/authority.ts";
import { type Attack, type AttackContext, honestBounds, type Numbers } from "../attack.ts";
import { forgedCredential } from "../forged_credential.ts";
import { HostileServer } from "../hostile_server.ts";
import { pause } from "../honest_client.ts";
import { RawConnection } from "../raw_connection.ts";
import { readSite } from "../site.ts";

/** What a victim that believed a forged chain is counted by. */
const accepted = (tally: Numbers) => ({
  what: "forged chains that were believed",
  value: tally.accepted!,
  most: 0,
});

/**
 * A certificate of an authority that has a trusted one's name: its issuer is shown with the trusted
 * authority behind it, then both together as one certificate.
 */
export const forgedServer: Attack = {
  name: "forged chain of a server",
  row: "A1",
  victim: "client",
  full: {},
  short: {},
  run: attackClient,
  bounds: (result) => [
    ...honestBounds(result),
    accepted(result.tally),
    { what: "fewer than two attempts", value: result.tally.begun! < 2 ? 1 : 0, most: 0 },
  ],
};

/** The same for a client. */
export const forgedClient: Attack = {
  name: "forged chain of a client",
  row: "A1",
  victim: "mutual server",
  full: { attempts: 40 },
  short: { attempts: 10 },
  run: attackServer,
  bounds: (result) => [...honestBounds(result), accepted(result.tally)],
};

async function attackClient({ folder, stopped, ready }: AttackContext): Promise<Numbers> {
  const shown = await forge(readSite(folder, "server").authority, "localhost");
  let turn = 0;
  const server = new HostileServer(() => shown[turn++ % shown.length]!);
  ready(server.port);
  while (!stopped.aborted) await pause(50);
  const tally = { begun: server.begun, accepted: server.accepted.length };
  server.close();
  return tally;
}

async function attackServer(context: AttackContext): Promise<Numbers> {
  const { size, folder, port, stopped, ready } = context;
  const shown = await forge(readSite(folder, "client").authority, "client.test");
  let accepted = 0;
  ready();
  for (let i = 0; i < size.attempts! && !stopped.aborted; i++) {
    const tls = { credential: shown[i % shown.length]! };
    const raw = await RawConnection.connect({ port, from: "127.11.1.1", tls });
    // A client has completed its handshake before the server has judged its certificates.
    for (let i = 0; i < 20 && raw?.isClosed === false; i++) {
      await pause(10);
      if (raw.connection.handshake.confirmed) break;
    }
    if (raw?.connection.handshake.confirmed) accepted++;
    raw?.abandon();
  }
  while (!stopped.aborted) await pause(50);
  return { accepted };
}

/** What to show in turn, for an authority that the victim believes, of which only the name is ours. */
async function forge(authorityPem: string, name: string): Promise<Credential[]> {
  const authority = new x509.X509Certificate(authorityPem);
  const now = Date.now();
  const dates = { notBefore: now - 3_600_000, notAfter: now + 86_400_000 };
  const issuer = await make(undefined, { subject: authority.subject, ...dates });
  const leaf = await makeLeaf(issuer, { names: [{ type: "dns", value: name }], ...dates });
  const trusted = new Uint8Array(authority.rawData);
  return [
    await forgedCredential(leaf, [leaf.der, concatBytes(issuer.der, trusted)]),
    await forgedCredential(leaf, [concatBytes(leaf.der, issuer.der)]),
    await forgedCredential(leaf, [leaf.der, issuer.der]),
    await forgedCredential(leaf, [concatBytes(leaf.der, issuer.der, trusted)]),
  ];
}
