import assert from "node:assert/strict";
import type { MultipathListener } from "../../src/api/listen.ts";
import type { ConnectOptions } from "../../src/api/options/options.ts";
import type { SavedSession } from "../../src/api/options/session.ts";
import { PathError, TransportError } from "../../src/error/quic_error.ts";
import {
  makeDevelopmentCertificate,
  makeIssuedCertificate,
} from "../../src/io/development_certificate.ts";
import { Certificate } from "../../src/tls/x509/certificate.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../src/sim/test_certificate.ts";
import { dialHere, listenHere } from "./loopback.ts";
import { answerAll, ask, firstVisit } from "./visits.ts";

Deno.test("dial() resumes a session, with the token that spares a Retry", async () => {
  await using listener = listenHere({ retry: "always" });
  answerAll(listener);
  const [session] = await firstVisit(listener);
  assert.ok(session!.token !== undefined);
  // It can be stored and read again.
  await using connection = await dialHere(listener, { session: structuredClone(session) });
  assert.ok(connection.resumed && connection.earlyDataAccepted === undefined);
  assert.equal(await ask(connection, "again"), "again false");
  assert.equal(connection.peerCertificates.length, 1);
});

Deno.test("dial() goes on when a session cannot be kept", async () => {
  await using listener = listenHere();
  answerAll(listener);
  const two = Promise.withResolvers<void>();
  let count = 0;
  await using connection = await dialHere(listener, {
    onSession() {
      if (++count === 2) two.resolve();
      throw new Error("the disk is full");
    },
  });
  await two.promise;
  assert.equal(await ask(connection, "hello"), "hello false");
});

Deno.test("dial() sends 0-RTT data when it may, and the server knows that they are", async () => {
  await using listener = listenHere({ earlyData: true });
  answerAll(listener);
  const [session, other] = await firstVisit(listener);
  await using connection = await dialHere(listener, { session, earlyData: true });
  assert.equal(connection.earlyDataAccepted, undefined);
  assert.equal(await ask(connection, "hello"), "hello true");
  await connection.handshake;
  assert.equal(connection.earlyDataAccepted, true);
  assert.equal(await ask(connection, "more"), "more false");
  await using careful = await dialHere(listener, { session: other });
  assert.equal(await ask(careful, "hello"), "hello false");
});

Deno.test("dial() sends rejected 0-RTT data again by itself", async () => {
  let session: SavedSession | undefined;
  {
    await using listener = listenHere({ earlyData: true });
    answerAll(listener);
    [session] = await firstVisit(listener);
  }
  await using listener = listenHere({ earlyData: true });
  answerAll(listener);
  await using connection = await dialHere(listener, { session, earlyData: true });
  assert.equal(await ask(connection, "hello"), "hello false");
  assert.equal(connection.earlyDataAccepted, false);
});

Deno.test("dial() agrees on a version with the server, by another attempt if need be", async () => {
  const both = ["v2", "v1"] as const;
  for (
    const [server, client, expected] of [
      [undefined, undefined, "v1"],
      [undefined, both, "v2"],
      [both, undefined, "v2"],
      [["v2"], undefined, "v2"],
      [["v1"], ["v1"], "v1"],
      [["v1"], both, "v1"],
    ] as const
  ) {
    await using listener = listenHere({ versions: server });
    answerAll(listener);
    await using connection = await dialHere(listener, { versions: client });
    assert.equal(connection.version, expected, `${server} ${client}`);
    assert.equal(await ask(connection, "x"), "x false");
  }
  await using listener = listenHere({ versions: ["v1"] });
  await assert.rejects(dialHere(listener, { versions: ["v2"] }), /other versions/);
  assert.throws(() => listenHere({ versions: ["v3" as "v1"] }), TypeError);
});

Deno.test("Path.migrate() moves to another port, and says so if it cannot", async () => {
  await using listener = listenHere();
  answerAll(listener);
  await using connection = await dialHere(listener);
  const path = connection.paths[0]!;
  const before = path.localAddr.port;
  await ask(connection, "warm up");
  await path.migrate();
  assert.notEqual(path.localAddr.port, before);
  assert.equal(await ask(connection, "moved"), "moved false");
  assert.equal(connection.paths[0], path);
});

Deno.test("Path.migrate() is refused where the server does not want it", async () => {
  await using listener = listenHere({ disableActiveMigration: true });
  answerAll(listener);
  await using connection = await dialHere(listener);
  await ask(connection, "warm up");
  await assert.rejects(connection.paths[0]!.migrate(), PathError);
});

Deno.test("listen() shows the certificate that fits the name, and others from now on", async () => {
  const second = await makeIssuedCertificate(["second.test", "*.third.test"]);
  const other = await makeIssuedCertificate(["second.test"]);
  const certificates = [{ cert: second.certPem, key: second.keyPem }];
  await using listener = listenHere({ certificates });
  answerAll(listener);
  const namesAt = async (serverName: string): Promise<readonly string[]> => {
    await using connection = await dialHere(listener, {
      serverName,
      caCerts: [TEST_CERTIFICATE, second.caPem, other.caPem],
    });
    return new Certificate(connection.peerCertificates[0]!).dnsNames;
  };
  assert.deepEqual(await namesAt("server.test"), ["server.test"]);
  assert.deepEqual(await namesAt("second.test"), ["second.test", "*.third.test"]);
  assert.deepEqual(await namesAt("www.third.test"), ["second.test", "*.third.test"]);
  await assert.rejects(namesAt("fourth.test"), TransportError);
  const main = { cert: TEST_CERTIFICATE, key: TEST_KEY };
  // What cannot be read changes nothing.
  for (const broken of [{ cert: "", key: "" }, { cert: second.certPem, key: other.keyPem }]) {
    assert.throws(() => listener.setCertificates({ ...main, certificates: [broken] }), TypeError);
    assert.throws(() => listener.setCertificates(broken), TypeError);
  }
  assert.deepEqual(await namesAt("second.test"), ["second.test", "*.third.test"]);
  listener.setCertificates({
    ...main,
    certificates: (name) =>
      name === "second.test" ? { cert: other.certPem, key: other.keyPem } : undefined,
  });
  assert.deepEqual(await namesAt("second.test"), ["second.test"]);
  assert.deepEqual(await namesAt("server.test"), ["server.test"]);
});

Deno.test("listen() asks clients for certificates, of an authority or to the taste of a hook", async () => {
  const mine = await makeIssuedCertificate(["client.test"]);
  const stranger = await makeDevelopmentCertificate(["stranger.test"]);
  const seen: string[] = [];
  await using strict = listenHere({ clientCertificates: { caCerts: [mine.caPem] } });
  await using hooked = listenHere({
    clientCertificates: {
      required: false,
      verify(chain) {
        seen.push(new Certificate(chain[0]!).dnsNames.join());
        if (seen.at(-1) !== "client.test") throw new Error("not you");
      },
    },
  });
  for (const listener of [strict, hooked]) answerAll(listener);
  const good = { cert: mine.certPem, key: mine.keyPem };
  const bad = { cert: stranger.certPem, key: stranger.keyPem };
  const works = async (listener: MultipathListener, options: Partial<ConnectOptions>) => {
    try {
      await using connection = await dialHere(listener, options);
      return await ask(connection, "x") === "x false";
    } catch (error) {
      assert.ok(error instanceof Error);
      return false;
    }
  };
  assert.equal(await works(strict, good), true);
  assert.equal(await works(strict, bad), false);
  assert.equal(await works(strict, {}), false);
  assert.equal(await works(hooked, good), true);
  assert.equal(await works(hooked, bad), false);
  assert.equal(await works(hooked, {}), true);
  assert.deepEqual(seen, ["client.test", "stranger.test"]);
  assert.throws(() => listenHere({ clientCertificates: {} }), TypeError);
  await assert.rejects(dialHere(strict, { cert: mine.certPem }), TypeError);
});
