import assert from "node:assert/strict";
import { limitOptions } from "../../cli/flags/limit_flags.ts";
import { readServerOptions, type ServerOptions } from "../../cli/server/server_options.ts";
import { tcpLimits, tcpLimitsFor } from "../../cli/server/tcp_limits.ts";
import { libraryOptions } from "../../cli/server/library_options.ts";
import { dial, fetch, makeIssuedCertificate, proxyHandlers } from "../../mod.ts";
import { assertSentence, run, RunningServer } from "./program_runner.ts";

// What clients may take of the server, as far as flags say.

const HOST = "127.0.0.1";

function choices(...args: string[]): ServerOptions {
  return readServerOptions(args) as ServerOptions;
}

Deno.test("limitOptions() leaves to the library what no flag says", () => {
  assert.deepEqual(limitOptions(choices()), { limits: { connections: {} }, exemptNetworks: [] });
  const { isExempt, ...others } = tcpLimitsFor(choices());
  assert.deepEqual(others, tcpLimits);
  assert.equal(isExempt!(HOST), false);
});

Deno.test("limitOptions() hands each limit to the option of it", () => {
  const given = choices(
    ...["--max-connections=9", "--max-connections-per-address=3", "--max-handshakes=5"],
    ...["--max-requests=7", "--idle-timeout=2m", "--body-timeout=5s", "--min-body-rate=2k"],
    "--trusted-proxy=10.0.0.0/8,fd00::/8,192.0.2.7",
  );
  assert.deepEqual(limitOptions(given), {
    limits: {
      connections: { total: 9, perAddress: 3, perNetwork: 12 },
      handshakes: { total: 5 },
    },
    maxConcurrentBidirectionalStreams: 7,
    maxConcurrentHandlers: 7,
    maxIdleTimeout: 120_000,
    bodyTimeout: 5_000,
    minBodyRate: 2_048,
    exemptNetworks: ["10.0.0.0/8", "fd00::/8", "192.0.2.7"],
  });
  const { isExempt, ...others } = tcpLimitsFor(given);
  assert.deepEqual(others, {
    ...{ connections: 9, perAddress: 3, handshakes: 5, requests: 7 },
    ...{ idle: 120_000, stall: 5_000, minBodyRate: 2_048 },
  });
  const exempt = ["10.1.2.3", "192.0.2.7", "fd00::1"];
  const strangers = ["192.0.2.8", "11.0.0.1", "::1", "fe80::1"];
  assert.deepEqual([...exempt, ...strangers].filter((one) => isExempt!(one)), exempt);
});

Deno.test("where the server is a proxy, the flags limit its clients over UDP and over TCP alike", () => {
  const proxy = proxyHandlers({ users: "all" });
  const usual = libraryOptions(choices(), 1, proxy);
  const tunnels = proxy.maxConcurrentHandlers;
  assert.deepEqual([usual.maxConcurrentHandlers, usual.datagrams], [tunnels, true]);
  assert.equal(usual.maxIdleTimeout, proxy.maxIdleTimeout);
  assert.equal(tcpLimitsFor(choices()).requests, undefined, "what the library says");
  const given = choices(
    ...["--max-connections=9", "--max-connections-per-address=3", "--max-handshakes=5"],
    ...["--max-requests=7", "--idle-timeout=2m", "--body-timeout=5s", "--min-body-rate=2k"],
  );
  const over = libraryOptions(given, 1, proxy);
  assert.deepEqual(
    [over.maxConcurrentHandlers, over.maxConcurrentBidirectionalStreams, over.maxIdleTimeout],
    [7, 7, 120_000],
  );
  assert.equal(tcpLimitsFor(given).requests, 7);
});

Deno.test("the server gives clients as much time and as many requests as it is told to", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { certPem, keyPem, caPem } = await makeIssuedCertificate([HOST]);
    await Deno.mkdir(`${folder}/site`);
    await Promise.all([
      Deno.writeTextFile(`${folder}/c.pem`, certPem),
      Deno.writeTextFile(`${folder}/k.pem`, keyPem),
      Deno.writeFile(`${folder}/site/large`, new Uint8Array(16_000_000)),
    ]);
    const log = `${folder}/log`;
    await using server = await RunningServer.start(
      ...["--cert", `${folder}/c.pem`, "--key", `${folder}/k.pem`, "-p", "0", "--host", HOST],
      ...["--max-handshakes=2", "--max-requests=2", "--min-body-rate=1k", "--metrics=0"],
      ...["--idle-timeout=4s", "--body-timeout=1s", "--access-log", log, "--log-format=json"],
      `${folder}/site`,
    );
    const trust = { caCerts: [caPem], localAddresses: [HOST] };
    const at = { hostname: HOST, port: server.port, alpnProtocols: ["h3"] };
    const metrics = /Metrics at (\S+)\n/.exec(server.text)![1]!;
    const metric = async (name: string) => {
      const text = await (await globalThis.fetch(metrics)).text();
      return Number(text.split("\n").find((line) => line.startsWith(`${name} `))!.split(" ")[1]);
    };

    // One of two handshakes is open: the next client must prove its address.
    await using deaf = new DeafEnd(server.port);
    const given = new AbortController();
    const open = dial({ ...at, ...trust, port: deaf.port, signal: given.signal }).catch(() => {});
    await until(async () => await metric('mpquic_held{resource="handshakes"}') === 1);
    const connection = await dial({ ...at, ...trust, maxIdleTimeout: 600_000 });
    assert.ok(await metric("mpquic_retries_sent_total") >= 1);
    given.abort();
    await open;

    await connection.createBidirectionalStream();
    await connection.createBidirectionalStream();
    await assert.rejects(connection.createBidirectionalStream(), /the peer allows no more now/);
    const begun = performance.now();
    await assert.rejects(connection.closed);
    assert.ok(performance.now() - begun < 25_000, "a silent connection ends before half a minute");

    // This answer is not read, on a connection that is not silent.
    const url = `https://${HOST}:${server.port}/large`;
    const response = await fetch(url, { ...trust, keepAliveInterval: 500 });
    await until(async () => (await Deno.readTextFile(log)).includes("\n"));
    const { aborted, status } = JSON.parse(await Deno.readTextFile(log));
    assert.deepEqual([status, aborted], [200, true]);
    await assert.rejects(response.bytes());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Waits until something is so. */
async function until(look: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 30_000; !await look();) {
    assert.ok(performance.now() < end, "waited for 30 seconds");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Hands on what a client sends to a server, and nothing of what that answers. */
class DeafEnd implements AsyncDisposable {
  readonly #front = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });
  readonly #back = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });
  readonly #running: Promise<void>;

  constructor(port: number) {
    this.#running = this.#run(port);
  }

  get port(): number {
    return (this.#front.addr as Deno.NetAddr).port;
  }

  async #run(port: number): Promise<void> {
    for await (const [datagram] of this.#front) {
      await this.#back.send(datagram, { transport: "udp", hostname: HOST, port });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#front.close();
    await this.#running;
    this.#back.close();
  }
}

Deno.test("the server refuses limits that make no sense with a sentence", async () => {
  const cases: [string, RegExp][] = [
    ["--max-handshakes=0", /give a whole number from 1 to 1000000/],
    ["--max-requests=20000", /give a whole number from 1 to 10000/],
    ["--idle-timeout=0", /give a time from 1 second on, such as 90s/],
    ["--body-timeout=1d", /give a time from 1 second on/],
    ["--min-body-rate=slow", /give bytes a second, such as 500k or 2M/],
  ];
  await Promise.all(cases.map(async ([flag, pattern]) => {
    assertSentence(await run("server", "--host", HOST, "-p", "0", flag), 2, pattern);
  }));
});
