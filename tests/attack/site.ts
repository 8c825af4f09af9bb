import { makeIssuedCertificate } from "../../mod.ts";

/** Bytes of the file that no client reads. */
const BIG = 16_777_216;
/**
 * A folder with what servers and attackers need: certificates with their authorities, a folder to
 * serve with a small and a big file, and one with many entries.
 */
export class Site implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Makes the folder.
   *
   * @param entries How many entries the folder has whose listing is dear.
   */
  static async make(entries = 0): Promise<Site> {
    const site = new Site(await Deno.makeTempDir({ prefix: "attack-" }));
    await site.#write("server", ["localhost", "127.0.0.1"]);
    await site.#write("client", ["client.test"]);
    await Deno.mkdir(`${site.www}/many`, { recursive: true });
    await Deno.writeTextFile(`${site.www}/small.txt`, "small\n".repeat(100));
    using big = await Deno.create(`${site.www}/big.bin`);
    await big.truncate(BIG);
    for (let i = 0; i < entries; i++) {
      Deno.writeTextFileSync(`${site.www}/many/entry ${i}.txt`, "");
    }
    return site;
  }

  /** The folder that is served. */
  get www(): string {
    return `${this.folder}/www`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }

  async #write(name: string, names: readonly string[]): Promise<void> {
    const { certPem, keyPem, caPem } = await makeIssuedCertificate(names);
    await Deno.writeTextFile(`${this.folder}/${name}.pem`, certPem);
    await Deno.writeTextFile(`${this.folder}/${name}.key`, keyPem);
    await Deno.writeTextFile(`${this.folder}/${name}-authority.pem`, caPem);
  }
}

/** Reads a certificate, its key and its authority from the folder of a site. */
export function readSite(
  folder: string,
  name: "server" | "client",
): { cert: string; key: string; authority: string } {
  return {
    cert: Deno.readTextFileSync(`${folder}/${name}.pem`),
    key: Deno.readTextFileSync(`${folder}/${name}.key`),
    authority: Deno.readTextFileSync(`${folder}/${name}-authority.pem`),
  };
}
