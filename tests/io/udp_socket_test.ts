import assert from "node:assert/strict";
import type { Address } from "../../src/path/address/address.ts";
import { SocketSet } from "../../src/io/socket_set.ts";
import type { Socket, SocketListener } from "../../src/io/socket.ts";
import { UdpSocket } from "../../src/io/udp_socket.ts";

class Notes implements SocketListener {
  readonly datagrams: { text: string; remote: Address }[] = [];
  free = 0;
  readonly unreachable: Address[] = [];
  readonly broken: Error[] = [];

  onDatagram(datagram: Uint8Array, _socket: Socket, remote: Address): void {
    this.datagrams.push({ text: new TextDecoder().decode(datagram), remote });
  }

  onFree(): void {
    this.free++;
  }

  onUnreachable(_socket: Socket, remote: Address): void {
    this.unreachable.push(remote);
  }

  onBroken(_socket: Socket, error: Error): void {
    this.broken.push(error);
  }
}

Deno.test("UdpSocket lends a buffer again when its datagram is gone", async () => {
  const socket = UdpSocket.open("127.0.0.1", 0);
  const notes = new Notes();
  const listening = socket.listen(notes);
  const buffers = new Set<Uint8Array>();
  for (let { buffer } = socket; buffer; buffer = socket.buffer) {
    assert.ok(!buffers.has(buffer) && buffer.length >= 1500);
    socket.send(write(`number ${buffers.size}`, buffer), socket.address);
    buffers.add(buffer);
  }
  assert.ok(buffers.size > 1 && buffers.size < 100);
  await until(() => notes.free === 1 && notes.datagrams.length === buffers.size);
  // In order, and none overwritten.
  for (const [i, { text, remote }] of notes.datagrams.entries()) {
    assert.deepEqual({ text, remote }, { text: `number ${i}`, remote: socket.address });
  }
  assert.ok(buffers.has(socket.buffer!));
  socket.close();
  await listening;
});

Deno.test("UdpSocket sends many thousand datagrams as they were written", async () => {
  const [from, to] = [UdpSocket.open("127.0.0.1", 0), UdpSocket.open("127.0.0.1", 0)];
  const [sent, received] = [new Notes(), new Notes()];
  const listening = [from.listen(sent), to.listen(received)];
  let count = 0;
  for (let batch = 1; batch <= 500; batch++) {
    for (let { buffer } = from; buffer; buffer = from.buffer) {
      from.send(write(`number ${count++}`, buffer), to.address);
    }
    await until(() => sent.free === batch && received.datagrams.length === count);
  }
  received.datagrams.forEach(({ text }, i) => assert.equal(text, `number ${i}`));
  from.close();
  to.close();
  await Promise.all(listening);
});

Deno.test("UdpSocket goes on with the batch behind a datagram that cannot be sent", async () => {
  const socket = UdpSocket.open("127.0.0.1", 0);
  const notes = new Notes();
  const listening = socket.listen(notes);
  const wrongFamily: Address = { transport: "udp", hostname: "::1", port: 9 };
  socket.send(write("one", socket.buffer!), socket.address);
  socket.send(write("two", socket.buffer!), wrongFamily);
  socket.send(write("three", socket.buffer!), socket.address);
  await until(() => notes.datagrams.length === 2 && notes.free === 1);
  assert.deepEqual(notes.datagrams.map(({ text }) => text), ["one", "three"]);
  assert.deepEqual(notes.unreachable, [wrongFamily]);
  socket.close();
  await listening;
});

Deno.test("UdpSocket hears what comes while there is always something to send", async () => {
  const [socket, sink] = [UdpSocket.open("127.0.0.1", 0), UdpSocket.open("127.0.0.1", 0)];
  let sent = 0;
  const heardAt: number[] = [];
  // The sink never listens: the system drops what it has no room for. The socket itself does.
  const send = () => {
    for (let { buffer } = socket; buffer && sent < 50_000; buffer = socket.buffer) {
      const to = ++sent % 5_000 === 0 ? socket : sink;
      socket.send(write(`${sent}`, buffer), to.address);
    }
  };
  const notes = new Notes();
  const listening = socket.listen({
    onDatagram: (datagram) => heardAt.push(sent - Number(new TextDecoder().decode(datagram))),
    onFree: send,
    onUnreachable: () => notes.unreachable.push(sink.address),
    onBroken: (_socket, error) => notes.broken.push(error),
  });
  send();
  await until(() => sent >= 50_000);
  socket.close();
  sink.close();
  await listening;
  assert.deepEqual([notes.unreachable.length, notes.broken.length], [0, 0]);
  assert.ok(heardAt.length >= 8, `heard ${heardAt.length} times`);
  assert.ok(heardAt.every((late) => late < 500), `heard after ${heardAt} others were sent`);
});

Deno.test("UdpSocket lets timers fire while datagrams never end", async () => {
  const addr = { transport: "udp", hostname: "127.0.0.1", port: 1 } as const;
  const conn = {
    addr,
    receive: (buffer: Uint8Array) => Promise.resolve([buffer.subarray(0, 1), addr] as const),
    close: () => {},
  };
  const socket = new UdpSocket(conn as unknown as Deno.DatagramConn);
  const notes = new Notes();
  setTimeout(() => socket.close(), 10);
  // Without a turn of the event loop, this ends by the error.
  notes.onDatagram = () => {
    if (++notes.free > 10_000_000) throw new Error("No timer has fired");
  };
  await socket.listen(notes);
  assert.ok(notes.free > 256);
});

Deno.test("UdpSocket.close() hands over what waits", async () => {
  const [from, to] = [UdpSocket.open("127.0.0.1", 0), UdpSocket.open("127.0.0.1", 0)];
  const notes = new Notes();
  const listening = [from.listen(new Notes()), to.listen(notes)];
  for (const text of ["one", "two", "three"]) from.send(write(text, from.buffer!), to.address);
  from.close();
  await until(() => notes.datagrams.length === 3);
  assert.deepEqual(notes.datagrams.map(({ text }) => text).sort(), ["one", "three", "two"]);
  to.close();
  await Promise.all(listening);
});

Deno.test("UdpSocket reports where it cannot send to, and lends its buffer again", async () => {
  const socket = UdpSocket.open("127.0.0.1", 0);
  const notes = new Notes();
  const listening = socket.listen(notes);
  const wrongFamily: Address = { transport: "udp", hostname: "::1", port: 9 };
  socket.send(10, wrongFamily);
  await until(() => notes.unreachable.length === 1);
  assert.equal(notes.unreachable[0], wrongFamily);
  assert.ok(socket.buffer);
  assert.equal(notes.free, 0);
  socket.close();
  await listening;
});

Deno.test("UdpSocket.close() ends listening and sending without a word", async () => {
  const socket = UdpSocket.open("::1", 0);
  const notes = new Notes();
  const listening = socket.listen(notes);
  socket.send(10, socket.address);
  socket.close();
  socket.close();
  socket.send(10, socket.address);
  assert.equal(socket.buffer, undefined);
  await listening;
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual([notes.free, notes.unreachable.length, notes.broken.length], [0, 0, 0]);
});

Deno.test("UdpSocket goes on when a host answers that the port is closed", async () => {
  const socket = UdpSocket.open("127.0.0.1", 0);
  const notes = new Notes();
  const listening = socket.listen(notes);
  const nobody = UdpSocket.open("127.0.0.1", 0);
  nobody.close();
  for (let i = 1; i <= 3; i++) {
    socket.send(10, nobody.address);
    await until(() => notes.free + notes.unreachable.length === i);
  }
  socket.send(0, socket.address);
  await until(() => notes.datagrams.length === 1);
  assert.equal(notes.datagrams[0]!.text, "");
  socket.close();
  await listening;
});

Deno.test("UdpSocket shows IPv4 peers of a socket for both families as IPv4", async () => {
  const both = UdpSocket.open("::", 0);
  const peer = UdpSocket.open("127.0.0.1", 0);
  const [atBoth, atPeer] = [new Notes(), new Notes()];
  const listening = [both.listen(atBoth), peer.listen(atPeer)];
  peer.send(3, { ...both.address, hostname: "127.0.0.1" });
  await until(() => atBoth.datagrams.length === 1);
  assert.deepEqual(atBoth.datagrams[0]!.remote, peer.address);
  both.send(4, peer.address);
  await until(() => atPeer.datagrams.length === 1);
  both.close();
  peer.close();
  await Promise.all(listening);
});

Deno.test("SocketSet.openAll() gives all sockets one port", () => {
  const set = new SocketSet();
  const sockets = set.openAll(["127.0.0.1", "127.0.0.2", "::1"], 0);
  assert.equal(new Set(sockets.map((socket) => socket.address.port)).size, 1);
  assert.deepEqual(set.addresses.map(({ hostname }) => hostname), [
    "127.0.0.1",
    "127.0.0.2",
    "::1",
  ]);
  assert.equal(set.find("127.0.0.2"), sockets[1]);
  set.remove(sockets[1]!);
  assert.equal(set.find("127.0.0.2"), undefined);
  assert.ok(sockets[1]!.isClosed);
  set.close();
  assert.ok(sockets.every((socket) => socket.isClosed));
  assert.equal(set.sockets.length, 0);
});

Deno.test("SocketSet.openAll() opens all or nothing", () => {
  const set = new SocketSet();
  const taken = UdpSocket.open("127.0.0.2", 0);
  const { port } = taken.address;
  assert.throws(() => set.openAll(["127.0.0.1", "127.0.0.2"], port), Deno.errors.AddrInUse);
  assert.equal(set.sockets.length, 0);
  taken.close();
  // Nothing was left open by the failure.
  set.openAll(["127.0.0.1", "127.0.0.2"], port);
  set.close();
});

function write(text: string, buffer: Uint8Array): number {
  return new TextEncoder().encodeInto(text, buffer).written;
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < end, "waited for five seconds");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
