import assert from "node:assert/strict";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { judgeCertificates } from "../../src/tls/peer_certificate.ts";
import { TrustStore } from "../../src/tls/trust/trust_store.ts";
import { type Made, make, makeLeaf } from "./authority.ts";
import { alternativeNames, authority, forge, generalName, keyUsage } from "./forge.ts";
import { EPOCH } from "./pair.ts";

const root = await make(undefined, { subject: "CN=root" });
const store = new TrustStore([root.pem]);

/** 0 if the store lets the chain pass, else the code of the error. */
function judge(chain: readonly Uint8Array[], serverName: string | undefined): number {
  try {
    judgeCertificates(chain, { verification: store, serverName, time: EPOCH });
    return 0;
  } catch (error) {
    assert.ok(error instanceof TransportError, String(error));
    return error.code;
  }
}

/** What an attacker makes: an authority with the root's name, and below it a victim's certificate. */
async function pretend(usage: string): Promise<[Made, Made]> {
  const authority = await make(undefined, { subject: "CN=root" });
  const names = [{ type: "dns", value: "victim.test" }] as const;
  return [authority, await makeLeaf(authority, { names, usage: [usage] })];
}

const usages = { "victim.test": "1.3.6.1.5.5.7.3.1", "": "1.3.6.1.5.5.7.3.2" };

for (const [name, usage] of Object.entries(usages)) {
  const serverName = name || undefined;
  const who = serverName ? "server" : "client";
  Deno.test(`A ${who}'s certificate is not taken for one that a trusted root has signed`, async () => {
    const [authority, leaf] = await pretend(usage);
    // What is remembered of these two must say nothing of the two certificates that the same bytes
    // are when they are cut elsewhere: the leaf with the authority behind it, and the root.
    const longer = concatBytes(authority.der, root.der);
    for (let i = 0; i < 2; i++) assert.notEqual(judge([leaf.der, longer], serverName), 0);
    for (let i = 0; i < 2; i++) {
      assert.notEqual(judge([concatBytes(leaf.der, authority.der)], serverName), 0);
      assert.notEqual(judge([concatBytes(leaf.der, authority.der), authority.der], serverName), 0);
    }
    const honest = await makeLeaf(root, {
      names: [{ type: "dns", value: "victim.test" }],
      usage: [usage],
    });
    assert.equal(judge([honest.der], serverName), 0);
    assert.notEqual(judge([concatBytes(honest.der, Uint8Array.of(0))], serverName), 0);
  });
}

Deno.test("A chain with any bit changed is refused", () => {
  const extensions = [keyUsage(0), alternativeNames(generalName.dns("a.test"))];
  const above = forge({ subject: "root", extensions: [authority(), keyUsage(5)] });
  const inner = forge({ issuer: above, subject: "i", extensions: [authority(), keyUsage(5)] });
  const leaf = forge({ issuer: inner, subject: "l", extensions });
  const pem = `-----BEGIN CERTIFICATE-----\n${above.der.toBase64()}\n-----END CERTIFICATE-----\n`;
  const trusting = new TrustStore([pem]);
  const isTaken = (chain: readonly Uint8Array[]) => {
    try {
      judgeCertificates(chain, { verification: trusting, serverName: "a.test", time: EPOCH });
      return true;
    } catch (error) {
      assert.ok(error instanceof TransportError, String(error));
      return false;
    }
  };
  assert.ok(isTaken([leaf.der, inner.der]));
  for (const which of [0, 1]) {
    const chain = [leaf.der, inner.der];
    const original = chain[which]!;
    for (let bit = 0; bit < 8 * original.length; bit++) {
      chain[which] = original.slice();
      chain[which]![bit >>> 3]! ^= 0x80 >>> (bit & 7);
      assert.ok(!isTaken(chain), `bit ${bit} of certificate ${which}`);
    }
  }
});

Deno.test("A certificate that is remembered is judged again with others", async () => {
  const [authority, leaf] = await pretend(usages["victim.test"]);
  const honest = await makeLeaf(root, { names: [{ type: "dns", value: "victim.test" }] });
  for (let i = 0; i < 3; i++) {
    assert.equal(judge([honest.der], "victim.test"), 0);
    assert.notEqual(judge([leaf.der], "victim.test"), 0);
    assert.notEqual(judge([leaf.der, authority.der], "victim.test"), 0);
    assert.notEqual(judge([leaf.der, root.der, authority.der], "victim.test"), 0);
  }
});
