// A certificate with its chain and its private key.

import { constants, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { equalBytes } from "../bytes/bytes.ts";
import type { SignatureEngine } from "../crypto/signature_engine.ts";
import { Certificate } from "./x509/certificate.ts";
import { compressCertificate, compressions } from "./message/certificate_compression.ts";
import { writeCertificate } from "./message/certificate_message.ts";
import { isPemCut, readPem } from "./x509/pem.ts";
import { keyProblem, schemeMethod, schemesOf } from "./key/signature.ts";

/**
 * A certificate with what leads to its authority, and its private key.
 *
 * @example
 * ```ts ignore
 * const credential = Credential.fromPem(certificatePem, keyPem);
 * ```
 */
export class Credential {
  /** Certificates in DER, our own first. */
  readonly chain: readonly Uint8Array[];
  /** Our own certificate. */
  readonly certificate: Certificate;
  /** Signature schemes the key is good for, best first. */
  readonly schemes: readonly number[];
  readonly #key: KeyObject;
  /** The Certificate message by compression, 0 for none; all handshakes show the same. */
  readonly #messages = new Map<number, Uint8Array>();

  private constructor(chain: readonly Uint8Array[], key: KeyObject) {
    this.chain = chain;
    this.certificate = readOwn(chain[0]!);
    this.schemes = schemesOf(key);
    this.#key = key;
  }

  /**
   * Reads what a certificate authority hands out.
   *
   * @param certificates The certificate, then those of intermediate authorities.
   * @param key The private key: PKCS #8, or the older forms that `node:crypto` reads.
   * @throws {TypeError} Which of them cannot be used, and why.
   */
  static fromPem(certificates: string, key: string): Credential {
    const chain = readPem(certificates, "CERTIFICATE");
    if (isPemCut(certificates, "CERTIFICATE")) {
      throw new TypeError("Cannot use the certificate: its PEM has no end");
    }
    if (chain.length === 0) throw new TypeError("Cannot use the certificate: no PEM block found");
    const privateKey = readKey(key);
    const problem = keyProblem(privateKey);
    if (problem !== undefined) throw new TypeError(`Cannot use the private key: ${problem}`);
    const credential = new Credential(chain, privateKey);
    credential.#checkKey(credential.certificate.publicKey);
    return credential;
  }

  /**
   * The message that shows the chain, compressed if that makes it shorter.
   *
   * @param taken The compressions that the peer takes.
   */
  certificateMessage(taken: readonly number[]): Uint8Array {
    const algorithm = compressions.find((one) => taken.includes(one)) ?? 0;
    const known = this.#messages.get(algorithm);
    if (known) return known;
    const plain = writeCertificate(this.chain);
    const packed = algorithm === 0 ? plain : compressCertificate(plain, algorithm);
    const message = packed.length < plain.length ? packed : plain;
    this.#messages.set(algorithm, message);
    return message;
  }

  /**
   * Signs with one of `schemes`. Without an engine the same content gives the same signature but for
   * RSA and P-521, as the runtime derives what ECDSA needs by chance from key and content (RFC 6979).
   *
   * @param engine Signs in place of the runtime, unless it declines.
   */
  sign(scheme: number, content: Uint8Array, engine?: SignatureEngine): Uint8Array {
    const method = schemeMethod(scheme);
    const signature = engine?.sign(this.#key, method, content);
    if (signature !== undefined) return signature;
    const { hash, saltLength } = method;
    if (saltLength === undefined) return sign(hash, content, this.#key);
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return sign(hash, content, { key: this.#key, padding, saltLength });
  }

  #checkKey(publicKey: KeyObject): void {
    const own = publicOf(this.#key);
    const certified = publicKey.export({ format: "der", type: "spki" });
    if (equalBytes(own, certified)) return;
    throw new TypeError("Cannot use the private key: it is not that of the certificate");
  }
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`Cannot read the private key: ${reason}`, { cause: error });
  }
}

/** A certificate of which all is read that is ever asked for. */
function readOwn(der: Uint8Array): Certificate {
  try {
    const certificate = new Certificate(der);
    void certificate.publicKey;
    void certificate.extensions;
    return certificate;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`Cannot use the certificate: ${reason}`, { cause: error });
  }
}

function publicOf(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ format: "der", type: "spki" });
}
