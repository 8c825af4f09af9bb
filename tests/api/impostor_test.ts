import assert from "node:assert/strict";
import { createFetch } from "../../src/http3/client/fetcher.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { MultipathConnection } from "../../src/api/multipath_connection.ts";
import { makeIssuedCertificate } from "../../src/io/development_certificate.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../src/sim/test_certificate.ts";
import { dialHere, listenHere } from "./loopback.ts";

const stranger = await makeIssuedCertificate(["server.test"]);
const routes = { localAddresses: ["127.0.0.1", "127.0.0.2", "127.0.0.3"] };

Deno.test("dial() ends when a server cannot prove its identity, however many ways lead there", async () => {
  let hellos = 0;
  await using impostor = listenHere({
    cert: stranger.certPem,
    key: stranger.keyPem,
    certificates: () => {
      hellos++;
      return undefined;
    },
  });
  await assert.rejects(dialHere(impostor, routes), (error) => {
    assert.ok(error instanceof TransportError);
    return error.code === 0x130;
  });
  assert.equal(hellos, 1);
});

Deno.test("dial() goes on by another way when a server fails otherwise", async () => {
  let hellos = 0;
  await using listener = listenHere({
    certificates: () => {
      if (++hellos === 1) throw new Error("not this time");
      return { cert: TEST_CERTIFICATE, key: TEST_KEY };
    },
  });
  await using _connection = await dialHere(listener, routes);
  assert.equal(hellos, 2);
});

Deno.test("fetch() does not try again with a server that could not prove its identity", async () => {
  let hellos = 0;
  await using impostor = listenHere({
    alpnProtocols: ["h3"],
    cert: stranger.certPem,
    key: stranger.keyPem,
    certificates: () => {
      hellos++;
      return undefined;
    },
  });
  const fetch = createFetch(
    (options) => MultipathConnection.connect({ ...options, serverName: "server.test" }),
  );
  const url = `https://127.0.0.1:${impostor.addrs[0]!.port}/`;
  const options = { ...routes, caCerts: [TEST_CERTIFICATE] };
  await assert.rejects(fetch(url, options), TransportError);
  assert.equal(hellos, 1);
});
