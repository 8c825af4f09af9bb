import {
  makeDevelopmentCertificate,
  serve,
  WebTransportError,
  type WebTransportRequest,
  type WebTransportSession,
} from "../../mod.ts";

/** A server of ours whose sessions give strangers something to do, and which remembers them. */
export class SessionSite implements AsyncDisposable {
  readonly server: ReturnType<typeof serve>;
  readonly certPem: string;
  readonly spkiHash: string;
  /** SHA-256 of the certificate. */
  readonly certificateHash: Uint8Array<ArrayBuffer>;
  /** How sessions ended: what they were asked for with, and the end. */
  readonly ends: { readonly path: string; readonly end: unknown }[] = [];
  /** Codes that strangers reset or stopped streams with. */
  readonly codes: (number | null)[] = [];

  private constructor(
    server: ReturnType<typeof serve>,
    certPem: string,
    spkiHash: string,
    certificateHash: Uint8Array<ArrayBuffer>,
  ) {
    this.server = server;
    this.certPem = certPem;
    this.spkiHash = spkiHash;
    this.certificateHash = certificateHash;
  }

  /** @param page Answers requests that are for no session. */
  static async make(
    page: (request: Request) => Response | Promise<Response>,
  ): Promise<SessionSite> {
    const { certPem, keyPem, spkiSha256Base64 } = await makeDevelopmentCertificate([
      "localhost",
      "127.0.0.1",
    ]);
    const handler = (session: WebTransportSession, request: WebTransportRequest) =>
      site.#serve(session, new URL(request.url));
    const server = serve({
      port: 0,
      localAddresses: ["127.0.0.1"],
      cert: certPem,
      key: keyPem,
      webTransport: { handler, protocols: ["second"] },
    }, page);
    const base64 = certPem.replace(/-----[^-]+-----|\s/g, "");
    const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
    const site: SessionSite = new SessionSite(server, certPem, spkiSha256Base64, hash);
    return site;
  }

  /** The URL of a path, for a host that the certificate is good for. */
  url(path: string, hostname = "localhost"): string {
    return `https://${hostname}:${this.server.addr.port}${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown();
  }

  async #serve(session: WebTransportSession, { pathname: path, search }: URL): Promise<void> {
    session.closed.then((info) => info, (error) => error)
      .then((end) => this.ends.push({ path, end }));
    if (path === "/close") {
      // As soon as the client has said anything.
      await session.incomingBidirectionalStreams.getReader().read();
      session.close({ closeCode: 4_000_000_000, reason: "Schluß" });
      return;
    }
    if (path === "/many") {
      for (let number = 0; number < Number(search.slice(1)); number++) {
        const options = { waitUntilAvailable: true };
        const writer = (await session.createUnidirectionalStream(options)).getWriter();
        writer.write(new TextEncoder().encode(`${number}`)).catch(() => {});
        writer.close().catch(() => {});
      }
      return;
    }
    if (path === "/reset") {
      for await (const { readable, writable } of session.incomingBidirectionalStreams) {
        const writer = writable.getWriter();
        await writer.write(new Uint8Array([1]));
        await writer.abort(new WebTransportError("no", { streamErrorCode: 0xffff_fffe }));
        readable.pipeTo(new WritableStream()).catch((error) => this.#note(error));
      }
      return;
    }
    session.datagrams.readable.pipeTo(session.datagrams.writable).catch(() => {});
    this.#answerOneWay(session).catch(() => {});
    this.#greet(session).catch(() => {});
    for await (const { readable, writable } of session.incomingBidirectionalStreams) {
      readable.pipeTo(writable).catch((error) => this.#note(error));
    }
  }

  /** Opens a stream of its own. */
  async #greet(session: WebTransportSession): Promise<void> {
    const { writable } = await session.createBidirectionalStream();
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode("welcome"));
    await writer.close();
  }

  /** Sends back each piece of a stream of one direction, on one of its own. */
  async #answerOneWay(session: WebTransportSession): Promise<void> {
    for await (const stream of session.incomingUnidirectionalStreams) {
      const { value } = await stream.getReader().read();
      const writer = (await session.createUnidirectionalStream()).getWriter();
      await writer.write(value!);
      writer.close().catch(() => {});
    }
  }

  #note(error: unknown): void {
    if (error instanceof WebTransportError && error.source === "stream") {
      this.codes.push(error.streamErrorCode);
    }
  }
}
