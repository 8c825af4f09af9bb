#!/usr/bin/env -S deno run
// deno-lint-ignore-file no-console -- a program speaks on its console
/** The core without sockets: two endpoints, and every datagram carried across by hand. */
import { makeDevelopmentCertificate } from "../mod.ts";
import {
  type Address,
  CLIENT_DEFAULTS,
  Credential,
  DEFAULTS,
  Endpoint,
  Kind,
  type Port,
} from "../src/core/mod.ts";

const random = {
  bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
  below: (limit: number) => Math.floor(Math.random() * limit),
};
const wallTime = () => Date.now();
const { certPem, keyPem } = await makeDevelopmentCertificate(["server.test"]);
const credential = Credential.fromPem(certPem, keyPem);
const tls = { credential: () => credential, alpn: ["demo"] };
const server = new Endpoint({ random, wallTime, server: { transport: DEFAULTS, tls } });
const client = new Endpoint({ random, wallTime });

const portAt = (hostname: string): Port & { readonly buffer: Uint8Array } => {
  const address: Address = { transport: "udp", hostname, port: 443 };
  return { address, buffer: new Uint8Array(1_500) };
};
const [here, there] = [portAt("192.0.2.1"), portAt("192.0.2.2")];
const transport = CLIENT_DEFAULTS;
const wish = { serverName: "server.test", alpn: ["demo"], verification: "insecure" } as const;
const connection = client.connect({ transport, tls: wish }, here, there.address, 0);

let now = 0;
for (let received = ""; received === ""; now += 10) { // a network that takes 10 ms
  for (let out; (out = client.transmit(now));) {
    server.receive(here.buffer.slice(0, out.size), there, here.address, now);
  }
  server.nextConnection();
  for (let busy; (busy = server.nextActive());) {
    for (let event; (event = busy.nextEvent());) {
      if (event.type !== "readable") continue;
      received += new TextDecoder().decode(event.stream.receive!.read(1_000));
      console.log(`after ${now} ms the server has "${received}"`);
    }
  }
  for (let out; (out = server.transmit(now));) {
    client.receive(there.buffer.slice(0, out.size), here, there.address, now);
  }
  client.nextActive();
  for (let event; (event = connection.nextEvent());) {
    if (event.type !== "handshakeCompleted") continue;
    const stream = connection.streams.open(Kind.Unidirectional)!;
    stream.send!.write(new TextEncoder().encode("Hello without sockets"));
    stream.send!.finish();
    client.touch(connection);
  }
  for (const endpoint of [client, server]) if (endpoint.deadline <= now) endpoint.expire(now);
}
