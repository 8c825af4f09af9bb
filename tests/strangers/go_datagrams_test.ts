import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { makeIssuedCertificate } from "../../src/io/development_certificate.ts";
import { connectUdp, proxyHandlers, ProxyUsers, serve } from "../../mod.ts";
import { within } from "../http3/raw_peer.ts";
import { issued } from "./deno_pair.ts";
import { GoProgram, whyNoGo } from "./go_program.ts";

const missing = whyNoGo("datagrams");
const PATIENCE = 40_000;
/** Those of an Initial among them (RFC 9000, Section 14.1). */
const SIZES = [1, 100, 1_200];

/** A UDP host on loopback that sends back what it gets. */
function echo(): { readonly target: string; readonly [Symbol.dispose]: () => void } {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const [data, from] of socket) await socket.send(data, from);
  })().catch(() => {}); // the socket was closed
  const target = `127.0.0.1:${(socket.addr as Deno.NetAddr).port}`;
  return { target, [Symbol.dispose]: () => socket.close() };
}

Deno.test({
  name: "masque-go's client has UDP by our proxy",
  ignore: missing !== undefined,
}, async () => {
  const folder = await Deno.makeTempDir();
  const { certPem: cert, keyPem: key } = issued;
  const anna = await makeIssuedCertificate(["anna.example"]);
  // It can send no fields, so that it shows who it is by a certificate.
  await using server = serve({
    port: 0,
    cert,
    key,
    localAddresses: ["127.0.0.1"],
    clientCertificates: { caCerts: [anna.caPem], required: false },
    ...proxyHandlers({
      users: new ProxyUsers("anna.example:certificate"),
      certificateUser: (der) =>
        /DNS:([\w.]+)/.exec(new X509Certificate(der).subjectAltName ?? "")?.[1],
      allow: ["127.0.0.1"],
    }),
  }, () => new Response(""));
  try {
    using host = echo();
    const start = GoProgram.build("datagrams", folder);
    const files = { ca: issued.caPem, cert: anna.certPem, key: anna.keyPem };
    for (const [name, pem] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, pem);
    }
    const path = ".well-known/masque/udp/{target_host}/{target_port}/";
    const ask = async (target: string, own: string) => {
      const place = `https://localhost:${server.addr.port}/${path}`;
      const shown = [`${folder}/ca`, ...own.split(" ").map((name) => `${folder}/${name}`)];
      await using client = start("client", place, target, ...shown, ...SIZES.map(String));
      return await within(client.next<{ Same: number[]; Status: number }>(), PATIENCE);
    };
    assert.deepEqual(await ask(host.target, "cert key"), { Same: SIZES, Status: 200 });
    const forbidden = await ask("10.0.0.1:5000", "cert key");
    assert.deepEqual(forbidden, { Same: [], Status: 502 });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "our client has UDP by masque-go's proxy",
  ignore: missing !== undefined,
}, async () => {
  const folder = await Deno.makeTempDir();
  try {
    using host = echo();
    const start = GoProgram.build("datagrams", folder);
    await Deno.writeTextFile(`${folder}/cert`, issued.certPem);
    await Deno.writeTextFile(`${folder}/key`, issued.keyPem);
    await using proxy = start("server", `${folder}/cert`, `${folder}/key`);
    const { Port: port } = await within(proxy.next<{ Port: number }>(), PATIENCE);
    const via = `https://localhost:${port}/masque?h={target_host}&p={target_port}`;
    const options = { caCerts: [issued.caPem], localAddresses: ["127.0.0.1"] };
    const tunnel = await within(connectUdp(via, host.target, options), PATIENCE);
    for (const size of SIZES) {
      const data = new Uint8Array(size).fill(size);
      await tunnel.send(data);
      assert.deepEqual(await within(tunnel.read(), PATIENCE), data);
    }
    tunnel.close();
    await within(tunnel.closed, PATIENCE);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
