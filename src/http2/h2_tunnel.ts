// A CONNECT over HTTP/2 (RFC 9113, Section 8.5; RFC 8441).

import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { fieldsOf, responseFields } from "./fields.ts";
import type { TunnelStream } from "./tunnel.ts";

const { NGHTTP2_CONNECT_ERROR, NGHTTP2_NO_ERROR } = constants;

/** The tunnel that a stream asks for; undefined if it names no place. */
export function h2Tunnel(
  stream: ServerHttp2Stream,
  fields: IncomingHttpHeaders,
): TunnelStream | undefined {
  const authority = fields[":authority"];
  if (typeof authority !== "string") return undefined;
  const protocol = String(fields[":protocol"] ?? "");
  const url = protocol === "" ? authority : `https://${authority}${fields[":path"]}`;
  return {
    duplex: stream,
    protocol,
    url,
    headers: fieldsOf(fields),
    respond(response) {
      const fields = responseFields(response, true, true);
      // RFC 9110, Section 9.3.6: a tunnel has no length.
      if (response.ok) delete fields["content-length"];
      stream.respond({ ...fields, ":status": response.status }, { endStream: !response.ok });
      // RFC 9113, Section 8.1: the client need not send the rest of a request that is refused.
      if (!response.ok) stream.close(NGHTTP2_NO_ERROR);
    },
    reset() {
      // The runtime ends what it resets: a client that has ended before would take that for all.
      stream.end = () => stream;
      // RFC 9113, Section 8.5: so the client is told of a TCP connection that is broken.
      stream.close(NGHTTP2_CONNECT_ERROR);
    },
  };
}
