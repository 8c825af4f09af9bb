import assert from "node:assert/strict";
import { CLIENT_DEFAULTS, DEFAULTS } from "../../../src/connection/config.ts";
import type { Connection } from "../../../src/connection/connection.ts";
import { SeededRandom } from "../../../src/sim/seeded_random.ts";
import { Endpoint } from "../../../src/endpoint/endpoint.ts";
import { monotonicNow, wallTime } from "../../../src/io/clock.ts";
import { Driver } from "../../../src/io/driver.ts";
import { type Libc, libc } from "../../../src/io/native/libc.ts";
import { NativeSocket } from "../../../src/io/native/native_socket.ts";
import { checkPattern, patternBytes } from "../../../src/sim/pattern.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../../src/sim/test_certificate.ts";
import { Kind } from "../../../src/stream/connection_credit.ts";
import { Credential } from "../../../src/tls/credential.ts";
import { libcWith, nativeTest, open, until } from "./tier.ts";

const HOST = "127.0.0.1";
const SIZE = 2_000_000;
const PIECE = 64_000;

/** Sends pattern bytes on a stream as fast as the connection takes them; the key is its first byte. */
class Upload {
  readonly connection: Connection;
  readonly #key: number;
  #written = 0;

  constructor(connection: Connection, key: number) {
    this.connection = connection;
    this.#key = key;
  }

  advance(): void {
    const { streams } = this.connection;
    const stream = [...streams.all()][0] ?? streams.open(Kind.Unidirectional);
    const half = stream?.send;
    if (half === undefined || this.#written > SIZE) return;
    if (this.#written === 0) half.write(Uint8Array.of(this.#key));
    while (this.#written < SIZE && half.bytesQueued < 4 * PIECE) {
      half.write(patternBytes(this.#key, this.#written, PIECE));
      this.#written += PIECE;
    }
    if (this.#written < SIZE) return;
    half.finish();
    this.#written = Infinity;
  }
}

/** What came of an upload. */
class Download {
  readonly connection: Connection;
  key = -1;
  count = 0;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  read(): void {
    for (let event; (event = this.connection.nextEvent());) {
      if (event.type !== "readable") continue;
      for (let data; (data = event.stream.receive!.read(65_536));) this.#take(data);
    }
  }

  #take(data: Uint8Array): void {
    if (this.key < 0) {
      this.key = data[0]!;
      data = data.subarray(1);
    }
    checkPattern(this.key, this.count, data);
    this.count += data.length;
  }
}

nativeTest("Two connections from one socket get their own segments only", async () => {
  const credential = Credential.fromPem(TEST_CERTIFICATE, TEST_KEY);
  const tls = { credential: () => credential, alpn: ["shared"] };
  const random = new SeededRandom(1);
  const server = new Endpoint({ random, wallTime, server: { transport: DEFAULTS, tls } });
  const client = new Endpoint({ random, wallTime });
  let messages = 0;
  const counting = libcWith({
    receiveMessages(...args) {
      const count = (libc as Libc).receiveMessages(...args);
      messages += Math.max(0, count);
      return count;
    },
  });
  const [here, there] = [open(HOST), NativeSocket.open(counting, HOST, 0)];
  const downloads: Download[] = [];
  const receiver = new Driver<Connection>(server, {
    onConnection: (connection) => void downloads.push(new Download(connection)),
    onActive(connection) {
      for (const download of downloads) if (download.connection === connection) download.read();
      server.touch(connection);
    },
  });
  const uploads: Upload[] = [];
  const sender = new Driver<Connection>(client, {
    onConnection: () => {},
    onActive(connection) {
      while (connection.nextEvent());
      for (const upload of uploads) {
        if (connection.handshake.complete) upload.advance();
        client.touch(upload.connection);
      }
    },
  });
  receiver.add(there);
  sender.add(here);
  const wish = { serverName: "server.test", alpn: ["shared"], verification: "insecure" } as const;
  for (const key of [1, 2]) {
    // As many to a run as there can be.
    const config = { transport: { ...CLIENT_DEFAULTS, maxDatagramSize: 1_452 }, tls: wish };
    uploads.push(new Upload(client.connect(config, here, there.address, monotonicNow()), key));
  }
  sender.wake();
  try {
    await until(() => downloads.length === 2 && downloads.every(({ count }) => count >= SIZE));
    assert.deepEqual(downloads.map(({ key }) => key).toSorted(), [1, 2]);
    for (const { connection } of [...uploads, ...downloads]) {
      assert.equal(connection.packetsDropped, 0, "each segment is opened");
    }
    const byKey = downloads.toSorted((a, b) => a.key - b.key);
    const [sent, received] = [
      uploads.map(({ connection }) => connection.paths.paths[0]!.counters.datagramsSent),
      byKey.map(({ connection }) => connection.paths.paths[0]!.counters.datagramsReceived),
    ];
    received.forEach((count, i) => assert.ok(count <= sent[i]!, `${count} of ${sent[i]} came`));
    const total = received[0]! + received[1]!;
    assert.ok(total > 2 * SIZE / 1_500, `${total} datagrams`);
    // Segments leave and come many at a time.
    assert.ok(here.sendCalls < total / 3, `${here.sendCalls} calls to send ${total}`);
    assert.ok(messages < total / 3, `${messages} messages with ${total}`);
  } finally {
    sender.close();
    receiver.close();
    here.close();
    there.close();
  }
});
