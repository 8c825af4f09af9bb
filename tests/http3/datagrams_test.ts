import assert from "node:assert/strict";
import type { PeerAccount } from "../../src/api/stats/peer_account.ts";
import { concatBytes, fromHex } from "../../src/bytes/bytes.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { responseDatagrams } from "../../src/http3/client/client_exchange.ts";
import type { RequestDatagrams } from "../../src/http3/handler.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { getLines, headersFrame, RawPeer, within } from "./raw_peer.ts";

const url = "https://localhost/";
const options = { datagrams: true };

function text(data: Uint8Array | undefined): string | undefined {
  return data && new TextDecoder().decode(data);
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function moment(milliseconds = 10): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A server whose responses last, and the datagrams of its requests. */
function serving(
  account?: PeerAccount,
): { transport: MemoryTransport; requests: RequestDatagrams[] } {
  const [transport, server] = MemoryTransport.pair();
  Object.defineProperty(server, "account", { value: account });
  const requests: RequestDatagrams[] = [];
  serveConnection(server, (_, info) => {
    requests.push(info.datagrams!);
    return new Response(new ReadableStream());
  }, options);
  return { transport, requests };
}

Deno.test("RequestDatagrams go to their requests, both ways", async () => {
  const { transport, requests } = serving();
  const client = new H3Client(transport, options);
  const flows: RequestDatagrams[] = [];
  for (let i = 0; i < 3; i++) {
    flows.push(responseDatagrams(await within(client.fetch(new Request(url))))!);
  }
  for (const i of [2, 0, 1]) await flows[i]!.send(bytes(`up ${i}`));
  for (const i of [1, 2, 0]) await requests[i]!.send(bytes(`down ${i}`));
  for (let i = 0; i < 3; i++) {
    assert.equal(text(await within(requests[i]!.read())), `up ${i}`);
    assert.equal(text(await within(flows[i]!.read())), `down ${i}`);
  }
  assert.equal(flows[0]!.maxSize, transport.maxDatagramSize - 1);
  await flows[0]!.send(new Uint8Array(flows[0]!.maxSize));
  await assert.rejects(flows[0]!.send(new Uint8Array(flows[0]!.maxSize + 1)), RangeError);
  await assert.rejects(flows[0]!.send("text" as unknown as Uint8Array), TypeError);
});

Deno.test("RequestDatagrams.read() is undefined when the request is over", async () => {
  const [transport, server] = MemoryTransport.pair();
  let reading: Promise<unknown> | undefined;
  serveConnection(server, (_, info) => {
    reading = info.datagrams!.read();
    return new Response("done");
  }, options);
  const client = new H3Client(transport, options);
  const response = await within(client.fetch(new Request(url)));
  const datagrams = responseDatagrams(response)!;
  const read = datagrams.read();
  await response.text();
  assert.equal(await within(read), undefined);
  assert.equal(await within(reading!), undefined);
  assert.equal(await within(datagrams.read()), undefined);
  await assert.rejects(datagrams.send(bytes("late")), TypeError);
});

Deno.test("RequestDatagrams.send() refuses peers that take no datagrams", async () => {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, (_, info) => {
    assert.equal(info.datagrams, undefined);
    return new Response(new ReadableStream());
  });
  const client = new H3Client(transport, options);
  const response = await within(client.fetch(new Request(url)));
  await assert.rejects(within(responseDatagrams(response)!.send(bytes("x"))), TypeError);
  const [other] = MemoryTransport.pair();
  serveConnection(MemoryTransport.pair()[1], () => new Response());
  assert.equal(new H3Client(other).isAccepting, true);
});

Deno.test("H3Datagrams keeps what comes a little before its request, but not much", async () => {
  const { transport, requests } = serving();
  const peer = new RawPeer(transport);
  await peer.settings();
  for (let i = 0; i < 100; i++) {
    await transport.sendDatagram(concatBytes(varints(1), bytes(`early ${i}`))); // stream 4
  }
  await moment();
  peer.request(headersFrame(getLines)).catch(() => {});
  peer.request(headersFrame(getLines)).catch(() => {});
  await moment();
  const read = await Promise.all(Array.from({ length: 32 }, () => requests[1]!.read()));
  assert.equal(text(read[0]), "early 68");
  assert.equal(text(read[31]), "early 99");
  assert.equal(requests[1]!.dropped, 0);
  // What is not read does not pile up either.
  for (let i = 0; i < 100; i++) {
    await transport.sendDatagram(concatBytes(varints(0), bytes(`${i}`)));
  }
  await moment();
  assert.equal(requests[0]!.dropped, 36);
  assert.equal(text(await within(requests[0]!.read())), "36");
});

Deno.test("H3Datagrams drops the oldest of the request that has most when none are read", async () => {
  const { transport, requests } = serving();
  Object.defineProperty(transport, "maxDatagramSize", { value: 65_000 });
  const client = new H3Client(transport, options);
  for (let i = 0; i < 3; i++) await within(client.fetch(new Request(url)));
  const send = async (id: number, size: number, fill: number) => {
    await transport.sendDatagram(concatBytes(varints(id / 4), new Uint8Array(size).fill(fill)));
  };
  await send(4, 1_000, 9);
  for (let i = 0; i < 60; i++) await send(0, 60_000, i);
  for (let i = 0; i < 40; i++) await send(80, 50_000, i); // a request that is still to come
  await moment();
  const found: Uint8Array[][] = [];
  const next: Promise<Uint8Array | undefined>[] = [];
  for (const flow of requests) {
    const all: Uint8Array[] = [];
    for (let reading = flow.read();; reading = flow.read()) {
      const data = await Promise.race([reading, moment(20)]);
      if (data) all.push(data);
      else next.push(reading);
      if (!data) break;
    }
    found.push(all);
  }
  const bytes = found.flat().reduce((sum, data) => sum + data.length, 0);
  assert.ok(bytes > 0 && bytes <= 98_304, `${bytes} bytes wait`);
  assert.deepEqual(found[1]!.map((data) => data[0]), [9], "those with little keep it");
  assert.ok(requests[0]!.dropped >= 58, `${requests[0]!.dropped} dropped`);
  await send(4, 1_000, 10);
  assert.equal((await within(next[1]!))![0], 10, "and it goes on");
});

Deno.test("H3Datagrams holds what waits in the peer's account, and drops what may not be held", async () => {
  let held = 0;
  const account: PeerAccount = {
    overloadCode: undefined,
    room: () => 5_000 - held,
    hold(_resource, amount) {
      if (held + amount > 5_000) return false;
      held += amount;
      return true;
    },
    release: (_resource, amount) => void (held -= amount),
  };
  const { transport, requests } = serving(account);
  const client = new H3Client(transport, options);
  await within(client.fetch(new Request(url)));
  for (let i = 0; i < 6; i++) {
    await transport.sendDatagram(concatBytes(varints(i < 3 ? 0 : 1), new Uint8Array(900).fill(i)));
  }
  await moment();
  assert.equal(held, 5 * 901, "three of the request, and two of one that is still to come");
  assert.equal((await within(requests[0]!.read()))![0], 0);
  assert.equal(held, 4 * 901);
  await within(client.fetch(new Request(url)));
  assert.equal((await within(requests[1]!.read()))![0], 3);
  assert.equal((await within(requests[1]!.read()))![0], 4);
  assert.equal(held, 2 * 901);
});

Deno.test("H3Datagrams passes over datagrams of streams that are gone or far away", async () => {
  const { transport, requests } = serving();
  const peer = new RawPeer(transport);
  await peer.settings();
  peer.request(headersFrame(getLines)).catch(() => {});
  await moment();
  await transport.sendDatagram(fromHex("cfffffffffffffff")); // 2^60 - 1
  await transport.sendDatagram(fromHex("7fff61"));
  await transport.sendDatagram(concatBytes(varints(0), bytes("mine")));
  assert.equal(text(await within(requests[0]!.read())), "mine");
  assert.equal(transport.closeInfo, undefined);
});

Deno.test("H3Datagrams closes the connection for datagrams without a stream", async () => {
  for (const datagram of ["", "40", "c0000000", "d000000000000000"]) {
    const { transport } = serving();
    await new RawPeer(transport).settings();
    await transport.sendDatagram(fromHex(datagram));
    const { closeCode } = await within(transport.closed as Promise<{ closeCode: number }>);
    assert.equal(closeCode, 0x33, datagram);
  }
});

Deno.test("H3Server refuses settings for datagrams and CONNECT other than 0 and 1", async () => {
  for (const id of [0x08, 0x33]) {
    const { transport } = serving();
    const peer = new RawPeer(transport);
    await peer.open(0x00, frame(0x04, varints(id, 2)));
    assert.equal(await peer.closeCode(), 0x109);
  }
});
