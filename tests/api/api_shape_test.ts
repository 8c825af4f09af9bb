import assert from "node:assert/strict";
import type { BidirectionalStream } from "../../src/api/stream/connection_streams.ts";
import { MultipathConnection } from "../../src/api/multipath_connection.ts";
import type { CloseInfo, ConnectOptions } from "../../src/api/options/options.ts";
import type { ReceiveStream } from "../../src/api/stream/receive_stream.ts";
import type { SendStream, SendStreamOptions } from "../../src/api/stream/send_stream.ts";
import type { HttpServer } from "../../src/http3/server/http_server.ts";
import type { RequestHandler } from "../../src/http3/handler.ts";
import type { H3Transport } from "../../src/http3/transport.ts";

/** Compiles only if `From` can be used wherever `To` is asked for. */
type Assignable<From extends To, To> = From;

/** The shapes of the runtime's own QUIC; `deno check` does the work. */
export type Parity = [
  Assignable<MultipathConnection, Omit<Deno.QuicConn, "endpoint">>,
  Assignable<BidirectionalStream, Deno.QuicBidirectionalStream>,
  Assignable<SendStream, Deno.QuicSendStream>,
  Assignable<ReceiveStream, Deno.QuicReceiveStream>,
  Assignable<CloseInfo, Deno.QuicCloseInfo>,
  Assignable<Deno.QuicSendStreamOptions, SendStreamOptions>,
  Assignable<
    Omit<Deno.ConnectQuicOptions<false>, "congestionControl" | "serverName">,
    ConnectOptions
  >,
  Assignable<MultipathConnection, H3Transport>,
  Assignable<MultipathConnection, AsyncDisposable>,
  Assignable<HttpServer<MultipathConnection>, Omit<Deno.HttpServer, "addr">>,
  // Routers and file servers made for `Deno.serve` fit.
  Assignable<Deno.ServeHandler, RequestHandler<MultipathConnection>>,
];

Deno.test("MultipathConnection has all that Deno.QuicConn has", () => {
  const names: Exclude<keyof Deno.QuicConn, "endpoint">[] = [
    "close",
    "closed",
    "createBidirectionalStream",
    "createUnidirectionalStream",
    "handshake",
    "incomingBidirectionalStreams",
    "incomingUnidirectionalStreams",
    "maxDatagramSize",
    "protocol",
    "readDatagram",
    "remoteAddr",
    "sendDatagram",
    "serverName",
  ];
  for (const name of names) assert.ok(name in MultipathConnection.prototype, name);
});
