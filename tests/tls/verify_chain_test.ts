import "reflect-metadata";
import assert from "node:assert/strict";
import { rootCertificates } from "node:tls";
import * as x509 from "@peculiar/x509";
import { TransportError } from "../../src/error/quic_error.ts";
import { Certificate, KeyUsageBit } from "../../src/tls/x509/certificate.ts";
import { readPem } from "../../src/tls/x509/pem.ts";
import { TrustStore } from "../../src/tls/trust/trust_store.ts";
import { verifyChain } from "../../src/tls/trust/verify_chain.ts";
import { type Made, make, makeLeaf } from "./authority.ts";
import { explicit, sequence } from "./der_writer.ts";
import { generalName } from "./forge.ts";
import { EPOCH, issued } from "./pair.ts";
import { threadTime } from "../thread_time.ts";

const root = await make(undefined, { subject: "CN=root" });
const middle = await make(root, { subject: "CN=middle" });
const DAY = 86_400_000;

/** 0 if the chain is accepted, else the code of the error. */
function judge(
  chain: readonly Made[],
  serverName = "a.test",
  anchors = [root],
  time = EPOCH,
): number {
  const store = new TrustStore(anchors.map(({ pem }) => pem));
  try {
    const certificates = chain.map(({ der }) => store.certificate(der));
    verifyChain(certificates, { store, serverName, time });
    return 0;
  } catch (error) {
    assert.ok(error instanceof TransportError, String(error));
    assert.match(error.message, /^Cannot .*: /);
    return error.code;
  }
}

const BAD_CERTIFICATE = 0x12a;
const UNSUPPORTED = 0x12b;
const EXPIRED = 0x12d;
const UNKNOWN = 0x12e;
const UNKNOWN_CA = 0x130;

Deno.test("verifyChain() finds the way to an anchor in any order", async () => {
  const inner = await make(middle, { subject: "CN=inner" });
  const stray = await make(undefined, { subject: "CN=stray" });
  const leaf = await makeLeaf(inner);
  assert.equal(judge([leaf, inner, middle]), 0);
  assert.equal(judge([leaf, middle, inner]), 0);
  assert.equal(judge([leaf, stray, middle, root, inner]), 0);
  assert.equal(judge([leaf, inner], "a.test", [middle]), 0, "an intermediate as anchor");
  assert.equal(judge([leaf, middle]), UNKNOWN_CA, "a link is missing");
  assert.equal(judge([leaf, inner, middle], "a.test", [stray]), UNKNOWN_CA);
  assert.equal(judge([leaf, inner, middle], "a.test", []), UNKNOWN_CA);
});

Deno.test("verifyChain() accepts a self-signed certificate only if it is an anchor itself", async () => {
  const own = await makeLeaf(undefined, { subject: "CN=own" });
  const twin = await makeLeaf(undefined, { subject: "CN=own" });
  assert.equal(judge([own], "a.test", [own]), 0);
  assert.equal(judge([own], "b.test", [own]), UNKNOWN);
  assert.equal(judge([own]), UNKNOWN_CA);
  assert.equal(judge([twin], "a.test", [own]), BAD_CERTIFICATE);
});

Deno.test("verifyChain() refuses a certificate that another certificate without the right issued", async () => {
  const leaf = await makeLeaf(root, { subject: "CN=leaf" });
  const forged = await makeLeaf(leaf, { names: [{ type: "dns", value: "victim.test" }] });
  assert.equal(judge([forged, leaf], "victim.test"), BAD_CERTIFICATE);
  const mute = await make(root, { keyUsage: x509.KeyUsageFlags.digitalSignature });
  assert.equal(judge([await makeLeaf(mute), mute]), BAD_CERTIFICATE);
});

Deno.test("verifyChain() refuses wrong signatures", async () => {
  const thief = await make(undefined, { subject: "CN=thief" });
  const leaf = await makeLeaf(root, { signWith: thief.keys.privateKey });
  assert.equal(judge([leaf]), BAD_CERTIFICATE);
  const fake = await make(root, { subject: "CN=fake", signWith: thief.keys.privateKey });
  assert.equal(judge([await makeLeaf(fake), fake]), BAD_CERTIFICATE);
});

Deno.test("verifyChain() looks at the time of every certificate", async () => {
  const leaf = await makeLeaf(middle);
  assert.equal(judge([leaf, middle], "a.test", [root], EPOCH + 2 * DAY), EXPIRED);
  assert.equal(judge([leaf, middle], "a.test", [root], EPOCH - 2 * DAY), EXPIRED);
  assert.equal(judge([leaf, middle], "a.test", [root], NaN), EXPIRED);
  const stale = await make(root, { notAfter: EPOCH - 1000 });
  assert.equal(judge([await makeLeaf(stale), stale]), EXPIRED);
  const old = await make(undefined, { notAfter: EPOCH - 1000 });
  assert.equal(judge([await makeLeaf(old)], "a.test", [old]), EXPIRED);
});

Deno.test("verifyChain() keeps to path lengths", async () => {
  const strict = await make(undefined, {
    authority: undefined,
    extensions: [],
    subject: "CN=strict",
  });
  const zero = await make(strict, { subject: "CN=one", authority: 1 });
  const first = await make(zero, { subject: "CN=first" });
  const second = await make(first, { subject: "CN=second" });
  assert.equal(judge([await makeLeaf(first), first, zero], "a.test", [strict]), 0);
  const deep = [await makeLeaf(second), second, first, zero];
  assert.equal(judge(deep, "a.test", [strict]), BAD_CERTIFICATE);
  const last = await make(strict, { subject: "CN=last", authority: 0 });
  assert.equal(judge([await makeLeaf(last), last], "a.test", [strict]), 0);
  const below = await make(last, { subject: "CN=below" });
  assert.equal(judge([await makeLeaf(below), below, last], "a.test", [strict]), BAD_CERTIFICATE);
});

/** A sequence in a sequence in a sequence, so many of them. */
function nested(depth: number): Uint8Array<ArrayBuffer> {
  let inner = new Uint8Array(0);
  for (let i = 0; i < depth; i++) {
    const { length } = inner;
    const size = length < 0x80 ? [length] : [0x82, length >>> 8, length & 0xff];
    inner = Uint8Array.from([0x30, ...size, ...inner]);
  }
  return inner;
}

// A parser by recursion runs out of stack, which ends a process in other languages.
Deno.test("verifyChain() refuses what is nested deeper than any certificate, and quickly [attack certificates]", async () => {
  let spent = 0;
  const timed = <T>(work: () => T): T => {
    const begun = threadTime();
    const result = work();
    spent += 1_000 * (threadTime() - begun);
    return result;
  };
  for (const depth of [100, 5_000]) {
    const bytes = nested(depth);
    timed(() => assert.throws(() => new Certificate(bytes), { code: BAD_CERTIFICATE }));
    for (const id of ["2.5.29.17", "2.5.29.30", "2.5.29.37"]) {
      const odd = new x509.Extension(id, false, bytes);
      const leaf = await makeLeaf(root, { names: [], extensions: [odd] });
      assert.notEqual(timed(() => judge([leaf])), 0, `${id} ${depth}`);
    }
    const harmless = new x509.Extension("1.2.3.4", false, bytes);
    const leaf = await makeLeaf(root, { extensions: [harmless] });
    assert.equal(timed(() => judge([leaf])), 0);
  }
  assert.ok(spent < 1_000_000, `${spent} us`);
});

Deno.test("verifyChain() refuses other purposes and critical extensions it does not know", async () => {
  const client = await makeLeaf(root, { usage: ["1.3.6.1.5.5.7.3.2"] });
  assert.equal(judge([client]), UNSUPPORTED);
  const server = await makeLeaf(root, { usage: ["1.3.6.1.5.5.7.3.1"] });
  assert.equal(judge([server]), 0);
  const mail = await make(root, { usage: ["1.3.6.1.5.5.7.3.4"] });
  assert.equal(judge([await makeLeaf(mail), mail]), UNSUPPORTED);
  const odd = new x509.Extension("1.2.3.4.5", true, Uint8Array.of(5, 0));
  assert.equal(judge([await makeLeaf(root, { extensions: [odd] })]), UNSUPPORTED);
  const harmless = new x509.Extension("1.2.3.4.5", false, Uint8Array.of(5, 0));
  assert.equal(judge([await makeLeaf(root, { extensions: [harmless] })]), 0);
  const keyUsage = x509.KeyUsageFlags.keyEncipherment;
  assert.equal(judge([await makeLeaf(root, { keyUsage })]), UNSUPPORTED);
});

function constraints(permitted: string[], excluded: string[], ip: number[] = []): x509.Extension {
  const subtrees = (list: Uint8Array[]) => list.map((base) => sequence(base));
  const allowed = permitted.map(generalName.dns);
  if (ip.length > 0) allowed.push(generalName.ip(...ip));
  const value = sequence(
    ...(allowed.length > 0 ? [explicit(0, ...subtrees(allowed))] : []),
    ...(excluded.length > 0 ? [explicit(1, ...subtrees(excluded.map(generalName.dns)))] : []),
  );
  return new x509.Extension("2.5.29.30", true, value);
}

Deno.test("verifyChain() applies name constraints", async () => {
  const cases: [x509.Extension, string, number][] = [
    [constraints(["test"], []), "a.test", 0],
    [constraints([".test"], []), "a.test", 0],
    [constraints(["b.test"], []), "a.test", BAD_CERTIFICATE],
    [constraints(["st"], []), "a.test", BAD_CERTIFICATE],
    [constraints([], ["a.test"]), "a.test", BAD_CERTIFICATE],
    [constraints([], ["a.test"]), "x.a.test", BAD_CERTIFICATE],
    [constraints([], ["a.b.test"]), "*.b.test", BAD_CERTIFICATE],
    [constraints([], ["other"]), "a.test", 0],
  ];
  for (const [extension, value, expected] of cases) {
    const authority = await make(root, { extensions: [extension] });
    const leaf = await makeLeaf(authority, { names: [{ type: "dns", value }] });
    const name = value.replace("*", "a");
    assert.equal(judge([leaf, authority], name), expected, `${value} under ${extension.type}`);
  }
  const authority = await make(root, {
    extensions: [constraints([], [], [10, 0, 0, 0, 255, 0, 0, 0])],
  });
  for (const [value, expected] of [["10.1.2.3", 0], ["11.1.2.3", BAD_CERTIFICATE]] as const) {
    const leaf = await makeLeaf(authority, { names: [{ type: "ip", value }] });
    assert.equal(judge([leaf, authority], value), expected);
  }
});

Deno.test("matchesIdentity() follows the rules of names, wildcards and addresses [attack certificates]", async () => {
  const names = ["a.test", "*.b.test", "*.com", "w*.c.test", "xn--bcher-kva.test"];
  const leaf = await makeLeaf(root, {
    subject: "CN=common.test",
    names: [
      ...names.map((value) => ({ type: "dns", value } as const)),
      { type: "ip", value: "192.0.2.7" },
      { type: "ip", value: "2001:db8::7" },
    ],
  });
  const good = [
    "a.test",
    "A.TEST",
    "a.test.",
    "x.b.test",
    "192.0.2.7",
    "2001:db8:0::7",
    "[2001:db8::7]",
  ];
  for (const name of good) assert.equal(judge([leaf], name), 0, name);
  const bad = [
    "common.test",
    "b.test",
    "x.y.b.test",
    ".b.test",
    "example.com",
    "www.c.test",
    "*.b.test",
    "192.0.2.8",
    "2001:db8::8",
    "",
    "a.test\0.b.test",
  ];
  for (const name of bad) assert.equal(judge([leaf], name), UNKNOWN, name);
});

Deno.test("Certificate refuses bytes that are no certificate [attack certificates]", () => {
  const der = root.der;
  for (let length = 0; length < der.length; length += 7) {
    assert.throws(() => new Certificate(der.subarray(0, length)), { code: BAD_CERTIFICATE });
  }
  const nested = new Uint8Array(60_000).fill(0x30);
  assert.throws(() => new Certificate(nested), { code: BAD_CERTIFICATE });
});

Deno.test("verifyChain() ends soon for a chain with many ways through it [attack certificates]", async () => {
  const keys = root.keys;
  const twins = await Promise.all(
    Array.from({ length: 15 }, () => make(undefined, { subject: "CN=loop", keys })),
  );
  const leaf = await makeLeaf(twins[0]);
  const start = performance.now();
  assert.equal(judge([leaf, ...twins]), UNKNOWN_CA);
  assert.ok(performance.now() - start < 2000);
});

Deno.test("Every root that the runtime trusts can be read and used", () => {
  assert.ok(rootCertificates.length > 100);
  const store = new TrustStore(rootCertificates);
  for (const pem of rootCertificates) {
    const certificate = new Certificate(readPem(pem, "CERTIFICATE")[0]!);
    assert.ok(store.anchorsFor(certificate.subject.key).length > 0);
    const { extensions, publicKey, subject } = certificate;
    assert.ok(publicKey && extensions.isAuthority, subject.text);
    assert.equal(extensions.problem, undefined, subject.text);
    assert.ok(extensions.allowsKeyUsage(KeyUsageBit.KeyCertSign), subject.text);
  }
});

Deno.test("TrustStore leaves out what it cannot read", () => {
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const store = new TrustStore([broken + root.pem, root.pem, "nothing"]);
  assert.equal(store.size, 1);
  assert.equal(new TrustStore([issued("RSA-2048").caPem]).size, 1);
});
