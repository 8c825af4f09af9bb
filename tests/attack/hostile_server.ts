import { Hub } from "../../src/api/hub.ts";
import { DEFAULTS } from "../../src/connection/config.ts";
import { Endpoint } from "../../src/endpoint/endpoint.ts";
import { wallTime } from "../../src/io/clock.ts";
import { socketOpener } from "../../src/io/open_socket.ts";
import { SystemRandom } from "../../src/io/random.ts";
import type { Credential } from "../../src/tls/credential.ts";
import { RawConnection } from "./raw_connection.ts";

/** A server of the core that shows what it likes, and has its connections' keys at hand. */
export class HostileServer {
  readonly #hub: Hub;
  /** Connections whose client has accepted what it was shown. */
  readonly accepted: RawConnection[] = [];
  /** Handshakes that were begun. */
  begun = 0;

  /** @param credential What to show; asked once for each handshake. */
  constructor(credential: () => Credential) {
    const server = {
      transport: DEFAULTS,
      tls: { credential: () => (this.begun++, credential()), alpn: ["h3"] },
      resumption: false,
    };
    const random = new SystemRandom();
    const endpoint = new Endpoint({ random, wallTime, server });
    this.#hub = new Hub(endpoint, socketOpener(), (connection) => {
      const raw = new RawConnection(this.#hub, connection);
      this.#hub.add(connection, (event) => {
        if (event.type === "handshakeCompleted") this.accepted.push(raw);
        else if (event.type === "closed") raw.isClosed = true;
      });
    });
    this.#hub.listen(["127.0.0.1", ...hasIpv6() ? ["::1"] : []], 0);
  }

  /** The UDP port of all its addresses. */
  get port(): number {
    return this.#hub.sockets.addresses[0]!.port;
  }

  /** Ends without a word. */
  close(): void {
    this.#hub.abort();
  }
}

function hasIpv6(): boolean {
  try {
    Deno.listenDatagram({ transport: "udp", hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
