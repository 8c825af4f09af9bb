// The certificates of a server: read from files and again when those change, or made for development.

import { type CertificateOptions, makeDevelopmentCertificate } from "../../mod.ts";
import { Failure } from "../console/failure.ts";
import { type KeyPair, type KeyPairFiles, readKeyPair } from "./certificate.ts";
import { CertificateNames } from "./certificate_names.ts";
import { KeyPairWatch } from "./key_pair_watch.ts";

/** The certificates of a server. */
export class Certificates {
  readonly #files: readonly KeyPairFiles[];
  readonly #keyPairs: KeyPair[];
  #watches: readonly KeyPairWatch[] = [];

  private constructor(files: readonly KeyPairFiles[], keyPairs: KeyPair[]) {
    this.#files = files;
    this.#keyPairs = keyPairs;
  }

  /**
   * Reads certificates; without any, one is made for development.
   *
   * @param files Where they are.
   * @param hosts The names and addresses that the one for development is good for.
   * @throws {Failure} Which one cannot be used, and why.
   */
  static async open(
    files: readonly KeyPairFiles[],
    hosts: readonly string[],
  ): Promise<Certificates> {
    if (files.length > 0) return new Certificates(files, await Promise.all(files.map(readKeyPair)));
    const { certPem: cert, keyPem: key } = await makeDevelopmentCertificate([...new Set(hosts)]);
    return new Certificates(files, [{ cert, key }]);
  }

  /** Whether it was made for development, and ends with this program. */
  get isForDevelopment(): boolean {
    return this.#files.length === 0;
  }

  /** All of them; the first one is for clients that ask for no name, or for one of no other. */
  get keyPairs(): readonly KeyPair[] {
    return [...this.#keyPairs];
  }

  /** The same as the library takes them. */
  get options(): CertificateOptions & { readonly certificates: readonly KeyPair[] } {
    const [first, ...others] = this.#keyPairs;
    return { ...first!, certificates: others };
  }

  /** Those of the hosts for which there is no certificate. */
  missing(hosts: readonly string[]): readonly string[] {
    const names = this.#keyPairs.map(({ cert }) => new CertificateNames(cert));
    return hosts.filter((host) => !names.some((one) => one.covers(host)));
  }

  /**
   * Takes over certificates as they are renewed.
   *
   * @param onNews Hears which file has another one now, or why what is there cannot be used.
   */
  watch(onNews: (news: string | Failure) => void): void {
    this.#watches = this.#files.map((files, i) =>
      new KeyPairWatch(files, this.#keyPairs[i]!, (renewed) => {
        if (renewed instanceof Failure) return onNews(renewed);
        this.#keyPairs[i] = renewed;
        onNews(files.cert);
      })
    );
  }

  /** Looks at once whether files have changed. */
  look(): void {
    for (const watch of this.#watches) watch.look();
  }

  /** Looks no more. */
  stop(): void {
    for (const watch of this.#watches) watch.stop();
  }
}
