import { generateKeyPairSync, randomBytes } from "node:crypto";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { below, ca, end, inner, issue, names, right, root, wrong } from "./chain_case.ts";
import { bits, type Der, explicit, implicit, integer, nothing, octets, oid } from "./der_writer.ts";
import { sequence, text, truth, value } from "./der_writer.ts";
import * as make from "./forge.ts";
import { commonName, extension, forge, generalName } from "./forge.ts";
import { EPOCH } from "./pair.ts";

const leaf = issue(inner);

// RFC 5280, Section 6.1: a path.
right("a leaf of the root's", [issue(root)]);
right("an intermediate", [leaf, inner]);
right("the root sent along", [leaf, inner, root]);
{
  const first = below(root, { subject: "first" });
  const third = below(first, { subject: "third" });
  right("intermediates out of order", [issue(third), first, third]);
  right("a superfluous certificate of a stranger", [issue(third), third, forge(), first]);
  let last = first;
  const long = [first];
  for (let i = 0; i < 12; i++) long.push(last = below(last, { subject: `step ${i}` }));
  right("thirteen intermediates", [issue(last), ...long.toReversed()]);
  wrong("a link is missing", [issue(third), third]);
}
right("an intermediate as anchor", [leaf], { anchors: [inner] });
wrong("a root that is not trusted", [leaf, inner, root], { anchors: [forge({ extensions: ca })] });
wrong("a stranger with the root's name", [
  issue(forge({ subject: "root", extensions: ca })),
]);
wrong("a self-signed certificate", [forge({ subject: "a.test", extensions: end })]);
{
  const own = forge({ subject: "a.test", extensions: end });
  right("a self-signed certificate that is trusted", [own], {
    anchors: [own],
  });
}

// RFC 5280, Section 6.1.3 (a) (1): signatures.
const thief = make.curveKey().privateKey;
wrong("a leaf signed with another key", [issue(inner, { signer: thief }), inner]);
{
  const fake = below(root, { subject: "fake", signer: thief });
  wrong("an intermediate signed with another key", [issue(fake), fake]);
}
wrong("two algorithms named", [issue(root, { innerAlgorithm: make.ecdsa(384).id })]);
wrong("parameters behind the algorithm", [
  issue(root, {
    algorithm: { ...make.ecdsa(256), id: sequence(oid("1.2.840.10045.4.3.2"), nothing) },
  }),
], { openssl: "OpenSSL passes over parameters of ECDSA" });
wrong("bytes behind the signature's value", [
  issue(root, {
    algorithm: {
      ...make.ecdsa(256),
      sign: (content, key) => concatBytes(make.ecdsa(256).sign(content, key), Uint8Array.of(0)),
    },
  }),
]);

// Keys (RFC 3279, RFC 5480, RFC 8410, RFC 4055).
for (const [curve, size] of [["secp384r1", 384], ["secp521r1", 512]] as const) {
  const algorithm = make.ecdsa(size);
  const above = forge({
    subject: curve,
    key: make.curveKey(curve),
    algorithm,
    extensions: ca,
  });
  right(`an authority on ${curve}`, [issue(above, { algorithm, key: make.curveKey(curve) })], {
    anchors: [above],
  });
}
{
  const key = generateKeyPairSync("ed25519");
  const above = forge({ subject: "ed", key, algorithm: make.ed25519, extensions: ca });
  right("an authority with Ed25519", [issue(above, { algorithm: make.ed25519 })], {
    anchors: [above],
  });
  const rsaKey = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const rsa = forge({ subject: "rsa", key: rsaKey, algorithm: make.rsa, extensions: ca });
  right("an authority with RSA", [issue(rsa, { algorithm: make.rsa })], { anchors: [rsa] });
  const short = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const weak = forge({ subject: "weak", key: short, algorithm: make.rsa, extensions: ca });
  wrong("an authority with RSA of 1,024 bits", [issue(weak, { algorithm: make.rsa })], {
    anchors: [weak],
  });
  wrong("a leaf with RSA of 1,024 bits", [issue(root, { key: short })]);
  const odd = forge({ subject: "k1", key: make.curveKey("secp256k1"), extensions: ca });
  wrong("an authority on a curve that is not offered", [issue(odd)], {
    anchors: [odd],
    openssl: "OpenSSL knows the curve",
  });
}
{
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const above = forge({ subject: "pss", key, algorithm: make.rsaPss(32), extensions: ca });
  const anchors = [above];
  right("RSA-PSS", [issue(above, { algorithm: make.rsaPss(32) })], { anchors });
  wrong("RSA-PSS with less salt", [issue(above, { algorithm: make.rsaPss(20) })], {
    anchors,
    openssl: "OpenSSL takes any length of salt",
  });
  const hash = sequence(oid("2.16.840.1.101.3.4.2.1"));
  const odd = sequence(explicit(0, hash), explicit(2, integer(32)));
  wrong("RSA-PSS with two hashes", [issue(above, { algorithm: make.rsaPss(32, odd) })], {
    anchors,
  });
  const salt = sequence(explicit(0, hash), explicit(2, integer(32), nothing));
  wrong("RSA-PSS with more in its parameters", [
    issue(above, { algorithm: make.rsaPss(32, salt) }),
  ], { anchors });
  const sha1 = { ...make.rsa, id: sequence(oid("1.2.840.113549.1.1.5"), nothing) };
  wrong("RSA with SHA-1", [issue(above, { algorithm: sha1 })], { anchors });
}
{
  // Its last bit is set: OpenSSL reads a bit that is said to be unused as 0, and the point is another.
  const point = oddPoint();
  const curve = (id: Der, bytes: Uint8Array, unused = 0) =>
    sequence(sequence(oid("1.2.840.10045.2.1"), id), bits(bytes, unused));
  const p256 = oid("1.2.840.10045.3.1.7");
  right("a key on P-256", [issue(root, { keyInfo: curve(p256, point) })]);
  wrong("a key whose curve is left out", [issue(root, { keyInfo: curve(nothing, point) })]);
  wrong("a key that is cut", [issue(root, { keyInfo: curve(p256, point.subarray(1)) })]);
  wrong("a key with unused bits", [issue(root, { keyInfo: curve(p256, point, 1) })]);
  const squeezed = concatBytes(Uint8Array.of(2 + (point.at(-1)! & 1)), point.subarray(1, 33));
  wrong("a key that is compressed", [issue(root, { keyInfo: curve(p256, squeezed) })], {
    openssl: "OpenSSL takes compressed points",
  });
}
{
  const info = (...rest: Der[]) =>
    sequence(
      sequence(oid("1.2.840.113549.1.1.1"), nothing),
      bits(concatBytes(
        sequence(value(2, Uint8Array.of(0, 0x81, ...randomBytes(254), 1)), integer(65537)),
        ...rest,
      )),
    );
  right("a leaf with an RSA key", [issue(root, { keyInfo: info() })]);
  wrong("bytes behind the RSA key", [issue(root, { keyInfo: info(nothing) })], {
    openssl: "OpenSSL passes over what follows the key",
  });
}

// RFC 5280, Section 6.1.3 (a) (2): validity.
const second = 1_000;
right("the last second", [issue(root, { notAfter: EPOCH })], {
  time: EPOCH + 999,
  openssl: "OpenSSL counts the last second as past",
});
right("the first second", [issue(root, { notBefore: EPOCH })]);
wrong("expired", [issue(root, { notAfter: EPOCH - second })]);
wrong("not valid yet", [issue(root, { notBefore: EPOCH + second })]);
{
  const old = below(root, { subject: "old", notAfter: EPOCH - second });
  wrong("an intermediate that has expired", [issue(old), old]);
  const key = make.curveKey();
  const stale = below(root, { subject: "twin", key, notAfter: EPOCH - second });
  const fresh = below(root, { subject: "twin", key });
  right("an expired twin besides", [issue(stale), stale, fresh]);
  const above = forge({ subject: "old root", extensions: ca, notAfter: EPOCH - second });
  wrong("a root that has expired", [issue(above)], { anchors: [above] });
  const odd = sequence(text(0x17, "260115000000+0100"), text(0x17, "270115000000Z"));
  wrong("a time with a zone", [issue(root, { time: odd })]);
  const never = sequence(text(0x17, "260101000000Z"), text(0x17, "260230000000Z"));
  wrong("a date that does not exist", [issue(root, { time: never })]);
}

// RFC 5280, Section 6.1.3 (a) (4) and 7.1: names.
{
  const named = (...parts: Der[]) => sequence(...parts);
  const country = make.attribute("2.5.4.6", "AA", 0x13);
  const organization = make.attribute("2.5.4.10", "Good  Works", 0x13);
  const above = forge({ subject: named(country, organization), extensions: ca });
  const issuedAs = (issuerName: Der) => [issue(above, { issuerName })];
  const anchors = [above];
  const shouting = make.attribute("2.5.4.10", " GOOD works ", 0x0c);
  right("the issuer in capitals, with other spaces and of another type of string", [
    ...issuedAs(named(make.attribute("2.5.4.6", "aa", 0x13), shouting)),
  ], { anchors });
  wrong("the issuer's parts in another order", issuedAs(named(organization, country)), { anchors });
  wrong("the issuer's name cut", issuedAs(named(country)), { anchors });
  const other = make.attribute("2.5.4.11", "Good Works", 0x13);
  wrong("the issuer's name with another attribute", issuedAs(named(country, other)), { anchors });
  const both = value(0x31, organization.subarray(2), country.subarray(2));
  wrong("the issuer's parts as one", issuedAs(named(both)), { anchors });
  wrong("no issuer's name", issuedAs(named()), { anchors });
  const accented = forge({ subject: commonName("Ærlig Straße"), extensions: ca });
  right("the issuer in capitals beyond ASCII", [
    issue(accented, { issuerName: commonName("ÆRLIG STRASSE") }),
  ], { anchors: [accented], openssl: "OpenSSL compares only ASCII without case" });
  const nobody = forge({ subject: named(), extensions: ca });
  wrong("an authority without a name", [issue(nobody)], {
    anchors: [nobody],
    openssl: "OpenSSL lets it pass without -x509_strict",
  });
}

// RFC 5280, Sections 4.2.1.9 and 6.1.4 (k) to (m): what makes an authority.
{
  const bare = below(root, { subject: "bare", extensions: [make.keyUsage(5)] });
  wrong("an intermediate without basic constraints", [issue(bare), bare]);
  const none = extension("2.5.29.19", sequence(), true);
  const denied = below(root, { subject: "denied", extensions: [none, make.keyUsage(0)] });
  wrong("an intermediate that is no authority", [issue(denied), denied]);
  wrong("a leaf as issuer", [issue(issue(root)), issue(root)]);
  const old = forge({ subject: "old", version: 1 });
  right("a root of version 1", [issue(old)], { anchors: [old] });
  const first = below(root, { subject: "v1", version: 1, extensions: [] });
  wrong("an intermediate of version 1", [issue(first), first]);
  wrong("extensions in version 1", [issue(root, { version: 1 })], {
    openssl: "OpenSSL lets it pass without -x509_strict",
  });
  const zero = below(root, { subject: "zero", extensions: [make.authority(0), make.keyUsage(5)] });
  right("path length 0 and a leaf", [issue(zero), zero]);
  const more = below(zero, { subject: "more" });
  wrong("path length 0 and an intermediate", [issue(more), more, zero]);
  const again = below(zero, { subject: zero.subject });
  right("path length 0 and a self-issued intermediate", [issue(again), again, zero], {
    openssl: "OpenSSL takes a self-issued certificate without key identifiers for self-signed",
  });
  const short = forge({ subject: "short", extensions: [make.authority(0), make.keyUsage(5)] });
  const under = below(short, { subject: "under" });
  wrong("a root of path length 0 and an intermediate", [issue(under), under], { anchors: [short] });
  const one = below(root, { subject: "one", extensions: [make.authority(1), make.keyUsage(5)] });
  const two = below(one, { subject: "two", extensions: [make.authority(2), make.keyUsage(5)] });
  right("path length 2 below 1", [issue(two), two, one]);
  const three = below(two, { subject: "three" });
  wrong("path length 1 is not widened below", [issue(three), three, two, one]);
  const negative = sequence(truth(true), value(2, Uint8Array.of(0xff)));
  const minus = below(root, { subject: "minus", extensions: [extension("2.5.29.19", negative)] });
  wrong("a negative path length", [issue(minus), minus]);
}

// RFC 5280, Sections 4.2.1.3, 4.2.1.12 and 6.1.4 (n): uses.
{
  const mute = below(root, { subject: "mute", extensions: [make.authority(), make.keyUsage(0)] });
  wrong("an intermediate whose key may not sign certificates", [issue(mute), mute]);
  wrong("a leaf whose key may not sign", [issue(root, { extensions: [names, make.keyUsage(2)] })], {
    openssl: "OpenSSL thinks of older TLS, where the key could be for encryption",
  });
  wrong("a leaf whose key may sign certificates", [
    issue(root, { extensions: [names, make.keyUsage(0, 5)] }),
  ], { openssl: "OpenSSL lets it pass without -x509_strict" });
  const loose = extension("2.5.29.15", bits(Uint8Array.of(0x80)), true);
  right("key usage that is not cut at its last bit", [
    issue(root, { extensions: [names, loose] }),
  ]);
  const unset = extension("2.5.29.15", bits(new Uint8Array(0)), true);
  wrong("key usage without a bit", [issue(root, { extensions: [names, unset] })]);
  const spoken = extension("2.5.29.19", sequence(truth(false)), true);
  right("a leaf that says that it is no authority, at length", [
    issue(root, { extensions: [...end, spoken] }),
  ]);
  const withPurposes = (...ids: (number | string)[]) =>
    issue(root, { extensions: [...end, make.purposes(...ids)] });
  right("a leaf for servers", [withPurposes(1)]);
  right("a leaf for servers and clients", [withPurposes(2, 1)]);
  right("a leaf for anything", [withPurposes("2.5.29.37.0")], {
    openssl: "OpenSSL wants the purpose by name",
  });
  wrong("a leaf for clients", [withPurposes(2)]);
  wrong("a leaf for no purpose", [withPurposes()]);
  right("a client's leaf", [withPurposes(2)], { serverName: undefined });
  wrong("a server's leaf of a client", [withPurposes(1)], { serverName: undefined });
  const mail = below(root, { subject: "mail", extensions: [...ca, make.purposes(4)] });
  wrong("an intermediate for mail", [issue(mail), mail]);
  const letters = forge({ subject: "letters", extensions: [...ca, make.purposes(4)] });
  wrong("a root for mail", [issue(letters)], { anchors: [letters] });
}

// RFC 5280, Sections 4.2 and 6.1.4 (o): extensions.
{
  const odd = (isCritical: boolean) => extension("1.2.3.4", nothing, isCritical);
  right("an unknown extension", [issue(root, { extensions: [...end, odd(false)] })]);
  wrong("an unknown critical extension", [issue(root, { extensions: [...end, odd(true)] })]);
  const strange = below(root, { subject: "odd", extensions: [...ca, odd(true)] });
  wrong("an unknown critical extension above", [issue(strange), strange]);
  wrong("an extension twice", [issue(root, { extensions: [...end, names] })]);
  wrong("a list of extensions that is empty", [forge({ issuer: root, extensions: [] })]);
  const behind = extension("2.5.29.17", concatBytes(sequence(generalName.dns("a.test")), nothing));
  wrong("bytes behind the names", [issue(root, { extensions: [behind] })], {
    openssl: "OpenSSL passes over what follows an extension's value",
  });
  const loose = sequence(oid("2.5.29.19"), octets(sequence(value(1, Uint8Array.of(1)))));
  const soft = below(root, { subject: "soft", extensions: [loose, make.keyUsage(5)] });
  wrong("an authority by a truth value of 1", [issue(soft), soft], {
    openssl: "OpenSSL takes any value but 0 for true",
  });
  const long = extension("2.5.29.19", Uint8Array.of(0x30, 0x81, 3, 1, 1, 0xff));
  const padded = below(root, { subject: "padded", extensions: [long, make.keyUsage(5)] });
  wrong("an extension whose length is written too long", [issue(padded), padded], {
    openssl: "OpenSSL reads BER",
  });
  const policies = extension("2.5.29.36", sequence(implicit(0, Uint8Array.of(0))), true);
  const strict = below(root, { subject: "strict", extensions: [...ca, policies] });
  wrong("an intermediate that demands a policy", [issue(strict), strict], {
    openssl: "OpenSSL checks policies with -policy_check only",
  });
}
{
  const good = issue(root);
  wrong("bytes behind the certificate", [{ ...good, der: concatBytes(good.der, nothing) }], {
    openssl: "OpenSSL reads PEM up to the end of the value",
  });
  const stray = { ...good, der: concatBytes(good.der, nothing) };
  right("a superfluous certificate that cannot be read", [leaf, stray, inner]);
  const key = sequence(sequence(oid("1.2.3.4")), bits(randomBytes(32)));
  const dead = below(root, { subject: inner.subject, keyInfo: key });
  right("a superfluous certificate whose key cannot be used", [leaf, dead, inner]);
}

// RFC 9525: the name of a server.
{
  const called = (...list: Der[]) =>
    issue(root, { extensions: [make.keyUsage(0), make.alternativeNames(...list)] });
  right("a wildcard", [called(generalName.dns("*.b.test"))], { serverName: "a.b.test" });
  wrong("a wildcard over two labels", [called(generalName.dns("*.test"))], {
    serverName: "a.b.test",
  });
  wrong("another name", [called(generalName.dns("b.test"))]);
  wrong("the common name alone", [issue(root, { extensions: [make.keyUsage(0)] })], {
    openssl: "OpenSSL falls back on the common name",
  });
  right("an address", [called(generalName.ip(192, 0, 2, 7))], { serverName: "192.0.2.7" });
  wrong("an address as a host name", [called(generalName.dns("192.0.2.7"))], {
    serverName: "192.0.2.7",
  });
  wrong("an address of five bytes", [
    called(generalName.ip(192, 0, 2, 7, 0), generalName.dns("a.test")),
  ], {
    openssl: "OpenSSL passes over such an address",
  });
  wrong("a name in UTF-8", [called(text(0x82, "ä.test"), generalName.dns("a.test"))], {
    openssl: "OpenSSL passes over such a name",
  });
  wrong("no names at all in the list", [called()], {
    openssl: "OpenSSL falls back on the common name",
  });
}

/** A point of P-256, the last bit of which is set. */
function oddPoint(): Uint8Array {
  for (;;) {
    const { publicKey } = make.curveKey();
    const info = Uint8Array.from(publicKey.export({ format: "der", type: "spki" }));
    if ((info.at(-1)! & 1) === 1) return info.subarray(-65);
  }
}
