import assert from "node:assert/strict";
import { ApplicationError, StreamError, TransportError } from "../../src/error/quic_error.ts";
import { FrameReader } from "../../src/http3/wire/frame_reader.ts";
import { readSettings } from "../../src/http3/wire/settings.ts";
import { QpackDecoder } from "../../src/qpack/decoder.ts";
import { QpackEncoder } from "../../src/qpack/encoder.ts";
import { readTransportParameters } from "../../src/connection/parameters/transport_parameters.ts";
import { Pair } from "../sim/pair.ts";
import { move } from "../sim/transfers.ts";
import { read } from "../frame/recorder.ts";
import { publicVectors } from "../public_vectors.ts";
import { readTarGzip, type TarEntry } from "./tar.ts";
import { tolerate } from "./target.ts";

/** Milliseconds that one input may take, with much to spare for a busy machine. */
const MOST_TIME = 1_000;

/** Inputs that another implementation's fuzzing found worth keeping. */
const corpus = publicVectors("quiche-fuzz-corpus.tar.gz");
const files: TarEntry[] = corpus ? await readTarGzip(corpus) : [];
const ignore = corpus === undefined;

function inputs(folder: string): Uint8Array<ArrayBuffer>[] {
  const found = files.filter(({ name }) => name.includes(`/${folder}/`)).map(({ data }) => data);
  assert.ok(found.length > 100, `${found.length} inputs in ${folder}`);
  return found;
}

function timed(use: () => void): void {
  const begun = performance.now();
  use();
  assert.ok(performance.now() - begun < MOST_TIME, "no input takes long");
}

for (const side of ["server", "client"] as const) {
  Deno.test({
    name: `The corpus does not disturb a ${side} that has a connection`,
    ignore,
    fn() {
      const pair = new Pair({ paths: 2 }).connect();
      pair.run({ until: 500 });
      const { endpoint, host, connection } = pair[side];
      const from = pair[side === "client" ? "server" : "client"].host.ports[0]!.publicAddress;
      for (const datagram of inputs(`packet_recv_${side}`)) {
        timed(() => endpoint.receive(datagram, host.ports[0]!, from, pair.now));
        pair.run({ until: pair.now + 1 });
      }
      assert.ok(connection.closing.open, connection.closing.reason?.reason);
      move(pair, 50_000);
      pair.run({ until: pair.now + 15_000 });
      assert.equal(endpoint.connections.size, 1, "nothing is left of it");
    },
  });

  Deno.test({
    name: `The corpus does not disturb a ${side} in its handshake`,
    ignore,
    fn() {
      inputs(`packet_recv_${side}`).forEach((datagram, seed) => {
        if (seed % 8 !== 0) return;
        const pair = new Pair({ seed });
        pair.start();
        pair.run({ until: 23 });
        const { endpoint, host } = pair[side];
        const from = pair[side === "client" ? "server" : "client"].host.ports[0]!.publicAddress;
        timed(() => endpoint.receive(datagram, host.ports[0]!, from, pair.now));
        move(pair, 1_000);
      });
    },
  });
}

Deno.test({
  name: "The corpus read as frames and parameters gives results or TransportErrors",
  ignore,
  fn() {
    for (const bytes of [...inputs("packet_recv_server"), ...inputs("packet_recv_client")]) {
      for (const at of [0, 1, 27, 50]) {
        const part = bytes.subarray(at);
        timed(() => tolerate([TransportError], () => void read(part)));
        timed(() => tolerate([TransportError], () => void readTransportParameters(part, "client")));
      }
    }
  },
});

Deno.test({
  name: "The corpus read as QPACK gives results or typed errors",
  ignore,
  fn() {
    const typed = [ApplicationError, StreamError];
    for (const bytes of inputs("qpack_decode")) {
      timed(() => {
        const decoder = new QpackDecoder({ maxFieldSectionSize: 10_000 });
        tolerate(typed, () => {
          const lines = decoder.decode(0, bytes);
          if (lines instanceof Promise) lines.catch(() => {});
        });
        tolerate(typed, () => decoder.receive(bytes));
        decoder.close(new Error("over"));
        const encoder = new QpackEncoder();
        encoder.allow(4_096, 16);
        tolerate(typed, () => encoder.receive(bytes));
      });
    }
  },
});

Deno.test({
  name: "The corpus read as HTTP/3 gives results or typed errors",
  ignore,
  async fn() {
    for (const bytes of [...inputs("qpack_decode"), ...inputs("packet_recv_client")]) {
      tolerate([ApplicationError], () => void readSettings(bytes));
      const reader = new FrameReader(
        new Response(bytes).body! as ReadableStream<Uint8Array<ArrayBuffer>>,
      );
      try {
        while (await reader.next()) await reader.payload(4_096);
      } catch (error) {
        assert.ok(error instanceof ApplicationError || error instanceof StreamError, `${error}`);
      }
    }
  },
});
