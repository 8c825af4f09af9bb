import { generateKeyPairSync } from "node:crypto";
import { deflateSync } from "node:zlib";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { writeCertificate } from "../../src/tls/message/certificate_message.ts";
import { authority, commonName, extension, forge, type Forged, generalName } from "./forge.ts";
import * as make from "./forge.ts";
import { bits, type Der, explicit, integer, nothing, oid, sequence, set } from "./der_writer.ts";
import { text, value } from "./der_writer.ts";

/** A Certificate message that is made to cost as much as one can. */
export interface HostileMessage {
  readonly name: string;
  readonly message: Uint8Array;
}

/** The authority that is trusted, with a key as slow as they come. */
export const trusted: Forged = forge({
  subject: "trusted",
  key: make.curveKey("secp521r1"),
  algorithm: make.ecdsa(512),
  extensions: [authority(), make.keyUsage(5)],
});

/** Bytes of a message. */
const LIMIT = 65_536;
const ca = [authority(), make.keyUsage(5)];
const slow = make.ecdsa(512);

/** What a leaf has, with a name if there is none among it. */
function end(...more: Der[]): Der[] {
  const id = oid("2.5.29.17").toHex();
  const isNamed = more.some((one) => one.toHex().includes(id));
  const names = isNamed ? [] : [make.alternativeNames(generalName.dns("a.test"))];
  return [make.keyUsage(0), make.purposes(1, 2), ...names, ...more];
}

function message(name: string, chain: Forged[]): HostileMessage {
  let fitting = chain;
  const fits = () => writeCertificate(fitting.map(({ der }) => der)).length <= LIMIT;
  while (!fits()) fitting = fitting.slice(0, -1);
  return { name, message: writeCertificate(fitting.map(({ der }) => der)) };
}

/** As many as fill so many bytes. */
function fill<T extends Uint8Array>(bytes: number, one: (i: number) => T): T[] {
  const all: T[] = [];
  for (let left = bytes; left > 0; left -= all.at(-1)!.length) all.push(one(all.length));
  return all;
}

/** A leaf with these extensions, of a stranger's or of the trusted authority's. */
function leaf(issuer: Forged, ...more: Der[]): Forged {
  const algorithm = issuer === trusted ? slow : make.ecdsa(256);
  return forge({ issuer, algorithm, extensions: end(...more) });
}

/** A leaf of the trusted authority's with this name. */
function named(subject: Der): Forged {
  return forge({ subject, issuer: trusted, algorithm: slow, extensions: end() });
}

/** Names of a form, as short as they can be so that there are many. */
function manyNames(bytes: number): Der[] {
  return [generalName.dns("a.test"), ...fill(bytes, (i) => generalName.dns(i.toString(36)))];
}

/** Names and constraints on them, below `above`, which may be trusted or not. */
function namesAndConstraints(above: Forged, isExcluded: boolean): Forged[] {
  // Each constraint is in a sequence of its own.
  const list = fill(20_000, (i) => generalName.dns(`z${i.toString(36)}`));
  const permitted = isExcluded ? undefined : [...list, generalName.dns("")];
  const limits = make.nameConstraints(
    permitted ? { permitted } : { excluded: list },
  );
  const algorithm = above === trusted ? slow : make.ecdsa(256);
  const narrow = forge({ issuer: above, algorithm, extensions: [...ca, limits] });
  return [leaf(narrow, make.alternativeNames(...manyNames(30_000))), narrow];
}

function mailAndConstraints(): Forged[] {
  const list = fill(24_000, (i) => generalName.email(`z${i.toString(36)}`));
  const limits = make.nameConstraints({ permitted: [...list, generalName.email("test")] });
  const narrow = forge({ issuer: trusted, algorithm: slow, extensions: [...ca, limits] });
  const local = `"${"\\a".repeat(10_000)}"`;
  return [
    leaf(
      narrow,
      make.alternativeNames(generalName.dns("a.test"), generalName.email(`${local}@test`)),
    ),
    narrow,
  ];
}

/** Names of directories of many parts, equal but for the last. */
function directories(): Forged[] {
  const parts = (last: string) =>
    sequence(...Array.from({ length: 20 }, () => make.attribute("2.5.4.3", "x")), commonPart(last));
  const commonPart = (last: string) => make.attribute("2.5.4.10", last);
  const bases = fill(30_000, (i) => generalName.directory(parts(`b${i}`)));
  const limits = make.nameConstraints({ excluded: bases });
  const narrow = forge({ issuer: trusted, algorithm: slow, extensions: [...ca, limits] });
  const names = fill(30_000, (i) => generalName.directory(parts(`n${i}`)));
  return [leaf(narrow, make.alternativeNames(generalName.dns("a.test"), ...names)), narrow];
}

/** Certificates that all could have issued one another, with slow keys. */
function twins(isTrusted: boolean, isDistinct: boolean): Forged[] {
  const key = make.curveKey("secp521r1");
  const first = forge({ subject: "twin", key, algorithm: slow, extensions: ca });
  const all = Array.from({ length: 15 }, () =>
    forge({
      subject: "twin",
      issuerName: commonName("twin"),
      key: isDistinct ? make.curveKey("secp521r1") : key,
      signer: key.privateKey,
      algorithm: slow,
      extensions: ca,
    }));
  const vouched = forge({ subject: "twin", key, issuer: trusted, algorithm: slow, extensions: ca });
  // Signed by none of them, so that all ways are tried.
  const signer = make.curveKey("secp521r1").privateKey;
  const last = forge({ issuer: first, signer, algorithm: slow, extensions: end() });
  return [last, ...(isTrusted ? [vouched] : []), ...all].slice(0, 16);
}

/** As deep as a message can hold, with the slowest keys, and right. */
function deep(): Forged[] {
  const chain: Forged[] = [];
  let above = trusted;
  for (let i = 0; i < 15; i++) {
    const key = make.curveKey("secp521r1");
    above = forge({ issuer: above, key, algorithm: slow, extensions: ca });
    chain.unshift(above);
  }
  return [forge({ issuer: above, algorithm: slow, extensions: end() }), ...chain];
}

/** Certificates that name the trusted authority as their issuer, which it is not. */
function pretenders(): Forged[] {
  const key = make.curveKey("secp521r1");
  const all = Array.from({ length: 15 }, () =>
    forge({
      subject: "twin",
      issuerName: trusted.subject,
      key,
      signer: key.privateKey,
      algorithm: slow,
      extensions: ca,
    }));
  return [forge({ issuer: all[0]!, algorithm: slow, extensions: end() }), ...all];
}

/** An RSA key of any size, which signs nothing. */
function rsaKey(modulusBytes: number, exponent: Uint8Array): Der {
  const modulus = new Uint8Array(modulusBytes).fill(0xab);
  const number = (bytes: Uint8Array) => value(2, concatBytes(Uint8Array.of(0), bytes));
  return sequence(
    sequence(oid("1.2.840.113549.1.1.1"), nothing),
    bits(sequence(number(modulus), exponent[0]! > 0x7f ? number(exponent) : value(2, exponent))),
  );
}

function rsaTwins(modulusBytes: number, exponent: Uint8Array): Forged[] {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const keyInfo = rsaKey(modulusBytes, exponent);
  const vouched = forge({
    subject: "rsa",
    issuer: trusted,
    algorithm: slow,
    keyInfo,
    extensions: ca,
  });
  const all = Array.from({ length: 14 }, () =>
    forge({
      subject: "rsa",
      issuerName: commonName("rsa"),
      keyInfo,
      signer: rsa.privateKey,
      algorithm: make.rsa,
      extensions: ca,
    }));
  return [
    forge({
      issuerName: commonName("rsa"),
      signer: rsa.privateKey,
      algorithm: make.rsa,
      extensions: end(),
    }),
    vouched,
    ...all,
  ];
}

function nested(depth: number): Der {
  const parts: number[] = [];
  let length = 0;
  for (let i = 0; i < depth; i++) {
    const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [
      0x82,
      length >>> 8,
      length & 0xff,
    ];
    length += 1 + size.length;
    parts.unshift(0x30, ...size);
  }
  return Uint8Array.from(parts);
}

/** A name as long as a message, of characters that are long when they are compared. */
function longName(character: string): Forged[] {
  const name = commonName(
    character.repeat(Math.floor(15_000 / new TextEncoder().encode(character).length)),
  );
  const one = forge({ subject: name, extensions: ca });
  const two = forge({ subject: name, issuerName: name, extensions: ca });
  return [forge({ issuer: one, extensions: end() }), one, two];
}

/** All of them, and the rest that comes to mind. */
export function hostileMessages(): HostileMessage[] {
  const stranger = forge({ subject: "stranger", extensions: ca });
  const chain = (name: string, ...certificates: Forged[]) => message(name, certificates);
  const numbered = (i: number) => text(12, i.toString(36));
  const nulls = (count: number) => Array.from({ length: count }, () => nothing);
  const long = value(6, new Uint8Array(60_000).fill(0xff, 0, 59_999));
  return [
    chain("names and constraints of a stranger", ...namesAndConstraints(stranger, false), stranger),
    chain("names and constraints below the anchor", ...namesAndConstraints(trusted, false)),
    chain("names and excluded names below the anchor", ...namesAndConstraints(trusted, true)),
    chain("a long mail address and constraints", ...mailAndConstraints()),
    chain("names of directories and constraints", ...directories()),
    chain("twins of a stranger", ...twins(false, false)),
    chain("twins below the anchor", ...twins(true, false)),
    chain("distinct twins below the anchor", ...twins(true, true)),
    chain("a path of sixteen slow keys", ...deep()),
    chain("pretenders", ...pretenders()),
    chain("RSA of 8,192 bits", ...rsaTwins(1024, Uint8Array.of(1, 0, 1))),
    chain("RSA with a long exponent", ...rsaTwins(512, Uint8Array.of(1, 255, 255, 255, 255))),
    chain("RSA of 16,384 bits", ...rsaTwins(2048, Uint8Array.of(1, 0, 1))),
    chain("RSA with the longest exponent", ...rsaTwins(512, new Uint8Array(511).fill(0x7f))),
    chain("a key of 60 kB", withKey(rsaKey(60_000, Uint8Array.of(3)))),
    chain("names alone", leaf(trusted, make.alternativeNames(...manyNames(60_000)))),
    chain("extensions", leaf(trusted, ...fill(60_000, (i) => extension(`1.2.3.${i}`, nothing)))),
    chain("purposes", withPurposes(sequence(...fill(60_000, odd), oid("2.5.29.37.0")))),
    chain("values within values", leaf(trusted, extension("1.2.3", nested(15_000)))),
    chain("values within a name", leaf(trusted, extension("2.5.29.17", nested(15_000)))),
    chain("values within an attribute", named(part(sequence(oid("2.5.4.3"), nested(15_000))))),
    chain("a long identifier", named(part(sequence(long, text(12, "x"))))),
    chain("a long serial number", withSerial(value(2, new Uint8Array(60_000).fill(0x55)))),
    chain("attributes", named(sequence(...fill(60_000, (i) => part0(numbered(i)))))),
    chain("attributes of one part", named(part(...fill(60_000, (i) => pair(numbered(i)))))),
    ...awkward.map((character) => {
      const name = `a name of ${character.codePointAt(0)!.toString(16)}`;
      return chain(name, ...longName(character));
    }),
    chain("a pattern of mail", alsoNamed(generalName.email(`"${"\\".repeat(59_000)}`))),
    chain("a pattern of URIs", alsoNamed(generalName.uri(`a://${"@".repeat(59_000)}`))),
    raw("empty certificates", ...Array.from({ length: 16 }, () => sequence())),
    raw("certificates of NULL", ...Array.from({ length: 16 }, () => sequence(...nulls(2_000)))),
    raw("a certificate of NULL", explicit(0, ...nulls(32_000))),
    raw("numbers", sequence(...Array.from({ length: 20_000 }, (_, i) => integer(i & 0x7f)))),
  ];
}

/** Characters that are long, none, or others when they are compared. */
const awkward = ["a", " ", "A", "ß", "\ufdfa", "\u0345", "ﬃ", "가", "\u00ad", "\ud83d\ude00"];

function raw(name: string, ...certificates: Der[]): HostileMessage {
  return { name, message: writeCertificate(certificates) };
}

function pair(string: Der): Der {
  return sequence(oid("2.5.4.3"), string);
}

/** A Name of one part. */
function part(...pairs: Der[]): Der {
  return sequence(set(...pairs));
}

function part0(string: Der): Der {
  return set(pair(string));
}

function odd(i: number): Der {
  return oid(`1.2.${i}`);
}

function withKey(keyInfo: Der): Forged {
  return forge({ issuer: trusted, algorithm: slow, keyInfo, extensions: end() });
}

function withPurposes(purposes: Der): Forged {
  const extensions = [
    make.keyUsage(0),
    make.alternativeNames(generalName.dns("a.test")),
    extension("2.5.29.37", purposes),
  ];
  return forge({ issuer: trusted, algorithm: slow, extensions });
}

function withSerial(serial: Der): Forged {
  return forge({ issuer: trusted, algorithm: slow, serial, extensions: end() });
}

/** A name more beside that of the server. */
function alsoNamed(name: Der): Forged {
  return leaf(trusted, make.alternativeNames(generalName.dns("a.test"), name));
}

/** CompressedCertificate messages that unpack to as much as there may be, or promise to. */
export function compressedMessages(): HostileMessage[] {
  const packed = (name: string, data: Uint8Array, length: number): HostileMessage => {
    const body = concatBytes(
      Uint8Array.of(0, 1, length >>> 16, (length >>> 8) & 0xff, length & 0xff),
      Uint8Array.of(data.length >>> 16, (data.length >>> 8) & 0xff, data.length & 0xff),
      data,
    );
    const { length: size } = body;
    const header = Uint8Array.of(25, size >>> 16, (size >>> 8) & 0xff, size & 0xff);
    return { name, message: concatBytes(header, body) };
  };
  const bomb = deflateSync(new Uint8Array(60_000_000), { level: 9 }).subarray(0, 60_000);
  const nulls = writeCertificate([sequence(...Array.from({ length: 32_000 }, () => nothing))]);
  return [
    packed("a bomb", bomb, 65_532),
    packed("a bomb with the greatest length", bomb, 0xffffff),
    packed("nothing", new Uint8Array(0), 65_532),
    packed("noise", crypto.getRandomValues(new Uint8Array(60_000)), 65_532),
    packed("a certificate of NULL", deflateSync(nulls.subarray(4)), nulls.length - 4),
  ];
}
