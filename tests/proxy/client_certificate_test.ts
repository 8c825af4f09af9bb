import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { makeIssuedCertificate } from "../../src/io/development_certificate.ts";
import { serveTcp } from "../../src/http2/serve_tcp.ts";
import { serve } from "../../src/http3/server/serve.ts";
import { connectTcp } from "../../src/proxy/connect_tcp.ts";
import { connectUdp } from "../../src/proxy/connect_udp.ts";
import { ProxyError } from "../../src/proxy/proxy_client.ts";
import { proxyHandlers } from "../../src/proxy/proxy_handlers.ts";
import { ProxyUsers } from "../../src/proxy/proxy_users.ts";
import type { TunnelOptions } from "../../src/proxy/tunnel_options.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";
import { line, listens, says, TcpHost, token } from "./far_side.ts";

/** Handshakes with two certificates take long on a machine that is busy. */
function soon<T>(promise: Promise<T>): Promise<T> {
  return within(promise, 30_000);
}

/** Far sides over QUIC and over TCP, one after the other, for the same users. */
const transports = {
  QUIC(users: ProxyUsers, caPem: string) {
    const closing = new AbortController();
    const server = serve({
      signal: closing.signal,
      port: 0,
      cert,
      key,
      localAddresses: ["127.0.0.1"],
      clientCertificates: { caCerts: [caPem], required: false },
      ...proxyHandlers({ users, certificateUser, allow: ["127.0.0.1"] }),
    }, () => new Response(""));
    const end = async () => {
      closing.abort();
      await server.finished;
    };
    return Promise.resolve({ port: server.addr.port, [Symbol.asyncDispose]: end });
  },
  async TCP(users: ProxyUsers, caPem: string) {
    const { onConnect, onConnectTcp } = proxyHandlers({
      users,
      certificateUser,
      allow: ["127.0.0.1"],
    });
    const clientCertificates = { caCerts: [caPem], required: false };
    const place = { port: 0, localAddresses: ["127.0.0.1"], cert, key, clientCertificates };
    const tunnels = { onConnect, onConnectTcp };
    const server = await serveTcp({ ...place, ...tunnels }, () => new Response(""));
    const end = async () => await server[Symbol.asyncDispose]();
    return { port: server.addrs[0]!.port, [Symbol.asyncDispose]: end };
  },
};

function certificateUser(der: Uint8Array): string | undefined {
  return /DNS:([\w.]+)/.exec(new X509Certificate(der).subjectAltName ?? "")?.[1];
}

for (const [name, start] of Object.entries(transports)) {
  Deno.test(`clients show by certificates who they are, over ${name}`, async () => {
    const anna = await makeIssuedCertificate(["anna.example"]);
    const stranger = await makeIssuedCertificate(["anna.example"]);
    const users = new ProxyUsers(`${line}\nanna.example:certificate`);
    await using host = new TcpHost(says("hello"));
    await using silent = new TcpHost(listens);
    await using far = await start(users, anna.caPem);
    const url = `https://localhost:${far.port}`;
    const common: TunnelOptions = {
      caCerts: [cert],
      localAddresses: ["127.0.0.1"],
      idleTimeout: 500,
      // Where there is no QUIC, waiting for it is in vain.
      ...(name === "TCP" && { fallback: "tcp" }),
    };
    const shown = { ...common, cert: anna.certPem, key: anna.keyPem };
    const tunnel = await soon(connectTcp(url, host.target, shown));
    assert.equal(await soon(new Response(tunnel.readable).text()), "hello");
    tunnel.writable.close().catch(() => {});
    (await soon(connectUdp(url, "127.0.0.1:5000", shown))).close();
    // The token counts where one is shown, and is enough without a certificate.
    const refused = (more: Partial<TunnelOptions>) =>
      assert.rejects(
        soon(connectTcp(url, host.target, { ...common, ...more })),
        (error) => error instanceof ProxyError && error.status === 407,
      );
    await refused({});
    await refused({ ...shown, token: "wrong" });
    const other = await makeIssuedCertificate(["otto.example"]);
    await assert.rejects(
      soon(connectTcp(url, host.target, { ...common, cert: other.certPem, key: other.keyPem })),
    );
    const lie = { ...common, cert: stranger.certPem, key: stranger.keyPem };
    await assert.rejects(soon(connectTcp(url, host.target, lie)));
    const byToken = await soon(connectTcp(url, host.target, { ...common, token }));
    byToken.writable.close().catch(() => {});
    assert.equal(await soon(new Response(byToken.readable).text()), "hello");
    // What is open ends when the name is taken off the list.
    const open = await soon(connectTcp(url, silent.target, shown));
    users.update(line);
    await assert.rejects(soon(new Response(open.readable).text()));
    await refused({ cert: anna.certPem, key: anna.keyPem });
  });
}
