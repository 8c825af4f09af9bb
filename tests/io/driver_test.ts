import assert from "node:assert/strict";
import { Ecn } from "../../src/bytes/ecn.ts";
import type { Address } from "../../src/path/address/address.ts";
import type { Port } from "../../src/path/address/port.ts";
import { type DrivenEndpoint, Driver, type Sendable } from "../../src/io/driver.ts";
import type { Socket, SocketListener } from "../../src/io/socket.ts";
import { SocketSet } from "../../src/io/socket_set.ts";

interface Outgoing {
  readonly port: Port;
  readonly remote: Address;
  readonly text: string;
}

/** Notes what it is asked, sends what it is given, in order per port. */
class FakeEndpoint implements DrivenEndpoint<string> {
  deadline = Infinity;
  canBeLate = false;
  readonly received: string[] = [];
  readonly remotes: Address[] = [];
  readonly marks: (Ecn | undefined)[] = [];
  readonly queue: Outgoing[] = [];
  readonly expired: number[] = [];
  readonly failed: { port: Port; remote: Address | undefined; cause: unknown }[] = [];
  readonly active: string[] = [];
  readonly accepted: string[] = [];
  transmits = 0;
  busyTransmits = 0;
  onReceive: (text: string, port: Port, remote: Address) => void = () => {};

  receive(datagram: Uint8Array, port: Port, remote: Address, _now: number, mark?: Ecn): void {
    const text = new TextDecoder().decode(datagram);
    this.received.push(text);
    this.remotes.push(remote);
    this.marks.push(mark);
    this.onReceive(text, port, remote);
  }

  transmit(): Sendable | undefined {
    this.transmits++;
    for (const [index, out] of this.queue.entries()) {
      if (!out.port.buffer) continue;
      this.queue.splice(index, 1);
      const { written } = new TextEncoder().encodeInto(out.text, out.port.buffer);
      return {
        port: out.port,
        size: written,
        remote: out.remote,
        mark: Ecn.Ect0,
        destination: undefined,
      };
    }
    if (this.queue.length > 0) this.busyTransmits++;
    return undefined;
  }

  expire(now: number): void {
    this.expired.push(now);
    this.deadline = Infinity;
  }

  portFailed(port: Port, remote: Address | undefined, _now: number, cause?: unknown): void {
    this.failed.push({ port, remote, cause });
  }

  nextConnection(): string | undefined {
    return this.accepted.shift();
  }

  nextActive(): string | undefined {
    return this.active.shift();
  }
}

/** A socket of another kind than the runtime's: it brings what a test says, and notes what leaves. */
class FakeSocket implements Socket {
  readonly address: Address;
  readonly capabilities = {
    segments: 64,
    ecn: true,
    dontFragment: true,
    bindsDevice: true,
    packetInfo: true,
  };
  readonly buffer = new Uint8Array(1_500);
  readonly isClosed = false;
  readonly sent: string[] = [];
  listener: SocketListener | undefined;

  constructor(hostname: string, port: number) {
    this.address = { transport: "udp", hostname, port };
  }

  send(size: number, _to: Address, mark: Ecn): void {
    this.sent.push(`${new TextDecoder().decode(this.buffer.subarray(0, size))}, mark ${mark}`);
  }

  listen(listener: SocketListener): Promise<void> {
    this.listener = listener;
    return Promise.resolve();
  }

  ref(): void {}
  unref(): void {}
  close(): void {}
}

class Side implements Disposable {
  readonly endpoint = new FakeEndpoint();
  readonly events: string[] = [];
  readonly sockets = new SocketSet();
  readonly driver: Driver<string>;
  onActive: () => void = () => {};

  constructor(hostname = "127.0.0.1") {
    this.driver = new Driver(this.endpoint, {
      onConnection: (name) => this.events.push(`connection ${name}`),
      onActive: (name) => {
        this.events.push(`active ${name}`);
        this.onActive();
      },
    });
    this.driver.add(this.sockets.open(hostname));
  }

  get socket() {
    return this.sockets.sockets[0]!;
  }

  send(to: Side, text: string): void {
    this.endpoint.queue.push({ port: this.socket, remote: to.socket.address, text });
    this.driver.wake();
  }

  [Symbol.dispose](): void {
    this.driver.close();
    this.sockets.close();
  }
}

Deno.test("Driver carries datagrams between sockets, unharmed and in order", async () => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    using a = new Side(hostname);
    using b = new Side(hostname);
    const texts = Array.from({ length: 1000 }, (_, i) => `${i} `.repeat(300));
    for (let i = 0; i < texts.length; i += 50) {
      for (const text of texts.slice(i, i + 50)) a.send(b, text);
      await until(() => b.endpoint.received.length >= i + 50);
    }
    assert.deepEqual(b.endpoint.received, texts);
    assert.deepEqual(b.endpoint.remotes[0], a.socket.address);
    assert.equal(b.endpoint.remotes[0], b.endpoint.remotes[999], "one object for one peer");
  }
});

Deno.test("Driver takes in a burst before it sends, so that one answer serves it", async () => {
  using a = new Side();
  using b = new Side();
  let open = 0;
  const answers: number[] = [];
  const transmit = b.endpoint.transmit.bind(b.endpoint);
  b.endpoint.onReceive = () => open++;
  b.endpoint.transmit = () => {
    if (open > 0) answers.push(open);
    open = 0;
    return transmit();
  };
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 20; i++) a.send(b, `${i}`);
    await until(() => b.endpoint.received.length === (round + 1) * 20);
  }
  await until(() => open === 0);
  assert.equal(answers.reduce((sum, count) => sum + count), 200);
  assert.ok(answers.length < 100, `200 datagrams were answered ${answers.length} times`);
});

Deno.test("Driver sends while large datagrams come that take long [attack small-frames]", () => {
  const endpoint = new FakeEndpoint();
  const driver = new Driver(endpoint, { onConnection() {}, onActive() {} });
  const remote = { transport: "udp", hostname: "192.0.2.1", port: 9 } as const;
  endpoint.onReceive = () => {
    const until = performance.now() + 5;
    while (performance.now() < until);
  };
  // As one call of the system brings them.
  for (let i = 0; i < 10; i++) driver.onDatagram(new Uint8Array(65_507), {} as Socket, remote);
  driver.close();
  assert.ok(endpoint.transmits >= 4, `${endpoint.transmits} times`);
});

/** What an application that takes fifty microtasks has ready when something is sent, by and by. */
async function readyWhenSent(datagrams: number, lingers: boolean): Promise<number> {
  const endpoint = new FakeEndpoint();
  const chances: number[] = [];
  let ready = 0;
  endpoint.transmit = () => {
    chances.push(ready);
    return undefined;
  };
  const driver = new Driver(endpoint, {
    onConnection() {},
    async onActive() {
      if (lingers) driver.linger();
      for (let i = 0; i < 50; i++) await undefined;
      ready++;
    },
  });
  const remote = { transport: "udp", hostname: "192.0.2.1", port: 9 } as const;
  endpoint.onReceive = () => void (endpoint.active.length === 0 && endpoint.active.push("b"));
  for (let i = 0; i < datagrams; i++) driver.onDatagram(new Uint8Array(1), {} as Socket, remote);
  await until(() => chances.length > 0);
  driver.close();
  return chances[0]!;
}

Deno.test("Driver.linger() waits for what an application does at once", async () => {
  assert.equal(await readyWhenSent(20, true), 1);
  assert.equal(await readyWhenSent(20, false), 0);
});

Deno.test("Driver waits for what an application does about a datagram or two", async () => {
  assert.equal(await readyWhenSent(1, false), 1);
  assert.equal(await readyWhenSent(2, false), 1);
});

Deno.test("Driver calls expire() when the deadline has come, early by nothing, late by little", async () => {
  using side = new Side();
  for (const wait of [0.3, 1, 3, 10, 30]) {
    const { endpoint, driver } = side;
    const deadline = driver.now + wait;
    endpoint.deadline = deadline;
    driver.wake();
    await until(() => endpoint.expired.length > 0);
    const late = endpoint.expired.pop()! - deadline;
    assert.ok(late >= 0, `expired ${-late} ms early`);
    assert.ok(late < 50, `expired ${late} ms late`);
  }
});

Deno.test("Driver spends no turns of the event loop on a deadline that may be kept late", async () => {
  const { setImmediate } = globalThis;
  let turns = 0;
  globalThis.setImmediate = ((callback: () => void) => {
    turns++;
    return setImmediate(callback);
  }) as typeof setImmediate;
  try {
    using side = new Side();
    const { endpoint, driver } = side;
    for (const canBeLate of [true, false]) {
      turns = 0;
      endpoint.canBeLate = canBeLate;
      endpoint.expired.length = 0;
      const due = driver.now + 1;
      endpoint.deadline = due;
      driver.wake();
      while (endpoint.expired.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.ok(endpoint.expired[0]! >= due);
      // A machine that is busy may have the deadline pass before any turn is needed.
      if (canBeLate) assert.equal(turns, 0);
    }
  } finally {
    globalThis.setImmediate = setImmediate;
  }
});

Deno.test("Driver follows a deadline that moves earlier, and one that moves later", async () => {
  using side = new Side();
  const { endpoint, driver } = side;
  endpoint.deadline = driver.now + 10_000;
  driver.flush();
  endpoint.deadline = driver.now + 20;
  driver.flush();
  await until(() => endpoint.expired.length === 1);
  const later = driver.now + 60;
  endpoint.deadline = driver.now + 20;
  driver.flush();
  endpoint.deadline = later;
  await until(() => endpoint.expired.length === 2);
  assert.ok(endpoint.expired[1]! >= later);
});

Deno.test("Driver drives a socket of any kind, and hands on the marks that it tells", async () => {
  const endpoint = new FakeEndpoint();
  const driver = new Driver(endpoint, { onConnection: () => {}, onActive: () => {} });
  const sockets = new SocketSet((hostname, port) => new FakeSocket(hostname, port));
  const socket = sockets.open("192.0.2.1", 443) as FakeSocket;
  driver.add(socket);
  const remote: Address = { transport: "udp", hostname: "192.0.2.2", port: 1 };
  socket.listener!.onDatagram(new Uint8Array(1), socket, remote, Ecn.Ce);
  socket.listener!.onDatagram(new Uint8Array(1), socket, remote);
  assert.deepEqual(endpoint.marks, [Ecn.Ce, undefined]);
  endpoint.queue.push({ port: socket, remote, text: "an answer" });
  await until(() => socket.sent.length === 1);
  assert.deepEqual(socket.sent, ["an answer, mark 2"]);
  driver.close();
});

Deno.test("Driver hands connections and events to its listener", async () => {
  using side = new Side();
  side.endpoint.accepted.push("a");
  side.endpoint.active.push("a", "b");
  side.driver.wake();
  await until(() => side.events.length === 3);
  assert.deepEqual(side.events, ["connection a", "active a", "active b"]);
});

Deno.test("Driver reports an address that cannot be reached, and goes on", async () => {
  using a = new Side();
  using b = new Side();
  // Loopback has no way out: the system refuses at once. Nothing leaves the machine.
  const away: Address = { transport: "udp", hostname: "192.0.2.1", port: 9 };
  a.endpoint.queue.push({ port: a.socket, remote: away, text: "lost" });
  a.send(b, "arrives");
  await until(() => b.endpoint.received.length === 1 && a.endpoint.failed.length === 1);
  assert.deepEqual(a.endpoint.failed[0]!.remote, away);
  assert.ok(a.endpoint.failed[0]!.cause instanceof Error, "what the system says goes along");
  assert.deepEqual(b.endpoint.received, ["arrives"]);
});

Deno.test("Driver.close() ends a wait for quiet too: its listener hears of nothing any more", async () => {
  using side = new Side();
  side.endpoint.active.push("a");
  side.driver.wake();
  side.driver.close();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(side.events, []);
});

Deno.test("Driver.close() ends everything quietly", async () => {
  const a = new Side();
  using b = new Side();
  a.endpoint.deadline = a.driver.now + 5;
  a.driver.flush();
  for (let i = 0; i < 10; i++) a.send(b, "x");
  a.driver.flush();
  a[Symbol.dispose]();
  a.driver.wake();
  a.driver.flush();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(a.endpoint.expired.length, 0);
});

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < end, "waited for five seconds");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
