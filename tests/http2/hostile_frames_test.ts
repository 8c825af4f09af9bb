import assert from "node:assert/strict";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { cert } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";
import { field, frame, Kind, numbers, PREFACE } from "./raw_frames.ts";

/** What a client may make of one connection, from a seed. */
class Choices {
  #seed: number;
  #next = 1;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** A number from 0 on. */
  below(count: number): number {
    this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (this.#seed >>> 8) % count;
  }

  frames(): Uint8Array<ArrayBuffer> {
    const list = Array.from({ length: 5 + this.below(60) }, () => this.#frame());
    return concatBytes(PREFACE, frame(Kind.Settings, 0, 0), ...list);
  }

  #request(method: string, flags: number): Uint8Array {
    const place = method === "CONNECT"
      ? [field(":authority", "a:1")]
      : [field(":path", "/"), field(":scheme", "https"), field(":authority", "localhost")];
    const id = this.#next;
    this.#next += 2;
    return frame(Kind.Headers, 4 | flags, id, concatBytes(field(":method", method), ...place));
  }

  #frame(): Uint8Array {
    const known = 1 + 2 * this.below(Math.max(1, this.#next >> 1));
    switch (this.below(14)) {
      case 0:
        return this.#request("POST", 0);
      case 1:
        return this.#request("CONNECT", 0);
      case 2:
        return frame(Kind.Reset, 0, known, numbers(8));
      case 3:
        return frame(Kind.GoAway, 0, 0, numbers(this.below(this.#next), this.below(14)));
      case 4:
        return frame(Kind.Ping, 0, 0, new Uint8Array(8));
      case 5:
        return frame(Kind.Data, this.below(2), known, new Uint8Array(this.below(100)));
      case 6:
        return frame(Kind.Window, 0, this.below(2) * known, numbers(this.below(1_000_000)));
      case 7:
        return frame(Kind.Priority, 0, known, new Uint8Array(5));
      case 8:
        return frame(Kind.Settings, 0, 0, Uint8Array.of(0, 4, 0, 0, this.below(256), 0));
      case 9: // what the protocol forbids
        return this.below(8) > 0
          ? this.#request("GET", 1)
          : frame(this.below(12), this.below(256), this.below(2) * known, new Uint8Array(7));
      default:
        return this.#request("GET", 1);
    }
  }
}

/** Sends them, and reads what comes back for some milliseconds. */
async function send(port: number, bytes: Uint8Array, time: number): Promise<void> {
  const place = { hostname: "127.0.0.1", port };
  const conn = await Deno.startTls(await Deno.connect(place), {
    hostname: "localhost",
    caCerts: [cert],
    alpnProtocols: ["h2"],
  });
  const reading = (async () => {
    const buffer = new Uint8Array(4_096);
    while (await conn.read(buffer) !== null);
  })().catch(() => {});
  await conn.write(bytes).catch(() => {}); // the server may have ended it
  await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, time))]);
  conn.close();
  await reading;
}

Deno.test("serveTcp() outlives clients that end or break their sessions at any frame", async () => {
  const script = new URL("lone_server.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unstable-net", script],
    stdout: "piped",
  });
  await using server = command.spawn();
  try {
    const reader = server.stdout.getReader();
    const { value } = await within(reader.read(), 30_000);
    const port = Number(new TextDecoder().decode(value));
    for (let seed = 1; seed <= 150; seed++) {
      const choices = new Choices(seed * 7_919);
      await within(send(port, choices.frames(), choices.below(30)), 30_000).catch((error) => {
        assert.fail(`seed ${seed}: ${error}`);
      });
    }
    using client = Deno.createHttpClient({ caCerts: [cert] });
    const url = `https://localhost:${port}/`;
    const response = await within(fetch(url, { client }), 30_000);
    assert.equal((await response.bytes()).length, 2_000);
    await reader.cancel();
  } finally {
    try {
      server.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }
});
