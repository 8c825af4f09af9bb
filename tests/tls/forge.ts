import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { bits, type Der, explicit, integer, nothing, octets, oid } from "./der_writer.ts";
import { sequence, set, text, time, truth, value } from "./der_writer.ts";
import { EPOCH } from "./pair.ts";

/** A certificate of any making, right or wrong, with its key. */
export interface Forged {
  readonly der: Der;
  readonly subject: Der;
  readonly privateKey: KeyObject;
}

/** What a certificate is made of; every part can be made wrong. */
export interface Recipe {
  /** A common name, or a Name in DER. */
  readonly subject?: string | Der;
  /** Names the issuer and signs; the certificate itself if left out. */
  readonly issuer?: Forged | undefined;
  /** The issuer's name where it is not that of `issuer`. */
  readonly issuerName?: Der;
  /** Signs in place of `issuer`. */
  readonly signer?: KeyObject;
  readonly key?: { privateKey: KeyObject; publicKey: KeyObject };
  /** The SubjectPublicKeyInfo where it is not that of `key`. */
  readonly keyInfo?: Der;
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** 1 to 3. */
  readonly version?: number;
  readonly serial?: Der;
  readonly extensions?: readonly Der[];
  readonly algorithm?: Algorithm;
  /** The algorithm that the signed part names, where it is another. */
  readonly innerAlgorithm?: Der;
  readonly time?: Der;
  /** Bytes behind the signature. */
  readonly rest?: Der;
}

/** How a certificate is signed. */
export interface Algorithm {
  readonly id: Der;
  sign(content: Uint8Array, key: KeyObject): Uint8Array;
}

const DAY = 86_400_000;
let serial = 1;

/** ECDSA with one of the hashes. */
export function ecdsa(bits: 256 | 384 | 512): Algorithm {
  const id = sequence(oid(`1.2.840.10045.4.3.${bits / 128}`));
  return { id, sign: (content, key) => sign(`sha${bits}`, content, key) };
}

/** PKCS #1 with SHA-256. */
export const rsa: Algorithm = {
  id: sequence(oid("1.2.840.113549.1.1.11"), nothing),
  sign: (content, key) => sign("sha256", content, key),
};

/** RSA-PSS with SHA-256, and any parameters beside (RFC 4055, Section 3.1). */
export function rsaPss(saltLength: number, parameters?: Der): Algorithm {
  const hash = sequence(oid("2.16.840.1.101.3.4.2.1"));
  const mask = sequence(oid("1.2.840.113549.1.1.8"), hash);
  const usual = sequence(explicit(0, hash), explicit(1, mask), explicit(2, integer(saltLength)));
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return {
    id: sequence(oid("1.2.840.113549.1.1.10"), parameters ?? usual),
    sign: (content, key) => sign("sha256", content, { key, padding, saltLength }),
  };
}

export const ed25519: Algorithm = {
  id: sequence(oid("1.3.101.112")),
  sign: (content, key) => sign(null, content, key),
};

/** A key pair on a curve, as `node:crypto` calls it. */
export function curveKey(
  namedCurve = "prime256v1",
): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve });
}

/** A Name of one common name. */
export function commonName(name: string, tag = 0x0c): Der {
  return sequence(attribute("2.5.4.3", name, tag));
}

/** One part of a Name. */
export function attribute(type: string, content: string, tag = 0x0c): Der {
  return set(sequence(oid(type), text(tag, content)));
}

/** Makes a certificate. */
export function forge(recipe: Recipe = {}): Forged {
  const key = recipe.key ?? curveKey();
  const subject = typeof recipe.subject === "object"
    ? recipe.subject
    : commonName(recipe.subject ?? `test ${serial}`);
  const { issuer, algorithm = ecdsa(256) } = recipe;
  const version = recipe.version ?? 3;
  const info = recipe.keyInfo ?? Uint8Array.from(
    key.publicKey.export({ format: "der", type: "spki" }),
  );
  const signed = sequence(
    version === 1 ? new Uint8Array(0) : explicit(0, integer(version - 1)),
    recipe.serial ?? integer(++serial),
    recipe.innerAlgorithm ?? algorithm.id,
    recipe.issuerName ?? issuer?.subject ?? subject,
    recipe.time ?? sequence(
      time(recipe.notBefore ?? EPOCH - DAY),
      time(recipe.notAfter ?? EPOCH + DAY),
    ),
    subject,
    info,
    recipe.extensions?.length ? explicit(3, sequence(...recipe.extensions)) : new Uint8Array(0),
  );
  const signature = algorithm.sign(
    signed,
    recipe.signer ?? issuer?.privateKey ?? key.privateKey,
  );
  const der = sequence(signed, algorithm.id, bits(signature));
  return {
    der: concatBytes(der, recipe.rest ?? new Uint8Array(0)),
    subject,
    privateKey: key.privateKey,
  };
}

/** An extension with a value in DER. */
export function extension(id: string, content: Uint8Array, isCritical = false): Der {
  return sequence(oid(id), isCritical ? truth(true) : new Uint8Array(0), octets(content));
}

/** Basic constraints of an authority. */
export function authority(pathLength?: number): Der {
  const length = pathLength === undefined ? new Uint8Array(0) : integer(pathLength);
  return extension("2.5.29.19", sequence(truth(true), length), true);
}

/** Key usage by the numbers of its bits. */
export function keyUsage(...numbers: number[]): Der {
  const last = Math.max(...numbers);
  const content = new Uint8Array((last >>> 3) + 1);
  for (const number of numbers) content[number >>> 3]! |= 0x80 >>> (number & 7);
  return extension("2.5.29.15", bits(content, 7 - (last & 7)), true);
}

/** Extended key usage by the last arcs of id-kp, or whole identifiers. */
export function purposes(...ids: (number | string)[]): Der {
  const list = ids.map((id) => oid(typeof id === "number" ? `1.3.6.1.5.5.7.3.${id}` : id));
  return extension("2.5.29.37", sequence(...list));
}

/** A GeneralName: dns, email, uri as text, ip as bytes, directory as a Name. */
export const generalName = {
  email: (name: string): Der => text(0x81, name),
  dns: (name: string): Der => text(0x82, name),
  directory: (name: Der): Der => explicit(4, name),
  uri: (name: string): Der => text(0x86, name),
  ip: (...bytes: number[]): Der => value(0x87, Uint8Array.from(bytes)),
  other: (id: string): Der => explicit(0, oid(id), explicit(0, text(0x0c, "x"))),
  registered: (id: string): Der => value(0x88, oid(id).subarray(2)),
};

/** Subject alternative names. */
export function alternativeNames(...names: Der[]): Der {
  return extension("2.5.29.17", sequence(...names));
}

/** Name constraints; what is left out is not there, an empty list is. */
export function nameConstraints(
  { permitted, excluded }: { permitted?: readonly Der[]; excluded?: readonly Der[] },
): Der {
  const subtrees = (list: readonly Der[]) => list.map((base) => sequence(base));
  return extension(
    "2.5.29.30",
    sequence(
      permitted ? explicit(0, ...subtrees(permitted)) : new Uint8Array(0),
      excluded ? explicit(1, ...subtrees(excluded)) : new Uint8Array(0),
    ),
    true,
  );
}
