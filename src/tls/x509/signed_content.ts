// What certificates and lists of revoked ones have around them: a signature, and how it was made.

import { equalBytes } from "../../bytes/bytes.ts";
import type { CertificateKey } from "./certificate_key.ts";
import { type SignatureProblem, signatureProblem } from "./certificate_signature.ts";
import { checkDer, DerError, DerReader, readWholeBits, Tag } from "./der.ts";

/** Content that an authority has signed, the algorithm, and the signature. */
export class SignedContent {
  readonly #content: Uint8Array;
  readonly #algorithm: Uint8Array;
  readonly #signature: Uint8Array;

  /**
   * @param der The whole in DER.
   * @throws {DerError} If it is anything else.
   */
  constructor(der: Uint8Array) {
    checkDer(der);
    const outer = DerReader.inside(der, Tag.Sequence);
    this.#content = outer.element(Tag.Sequence);
    this.#algorithm = outer.element(Tag.Sequence);
    this.#signature = readWholeBits(outer.content(Tag.BitString));
    outer.expectEnd();
  }

  /** Reads the content from its beginning. */
  read(): DerReader {
    return DerReader.inside(this.#content, Tag.Sequence);
  }

  /** The content names the algorithm as well; it must be the same one. */
  expectAlgorithm(reader: DerReader): void {
    if (!equalBytes(reader.element(Tag.Sequence), this.#algorithm)) {
      throw new DerError("it names two signature algorithms");
    }
  }

  /** Why the signature is not of a key; undefined if it is. */
  problem(key: CertificateKey): SignatureProblem | undefined {
    return signatureProblem(this.#algorithm, this.#content, key, this.#signature);
  }
}
