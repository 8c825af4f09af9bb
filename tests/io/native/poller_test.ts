import assert from "node:assert/strict";
import { type Libc, libc } from "../../../src/io/native/libc.ts";
import { type Pollable, Poller } from "../../../src/io/native/poller.ts";
import { libcWith, nativeTest } from "./tier.ts";

/** `EFD_CLOEXEC | EFD_NONBLOCK`. */
const EVENT_FLAGS = 0x80800;
const EXCHANGES = 20;

nativeTest("A turn with work keeps the processor, one that brings nothing leaves it", async () => {
  let yields = 0;
  const counting = libcWith({
    yieldProcessor() {
      yields++;
    },
  });
  const descriptor = counting.eventDescriptor(EVENT_FLAGS);
  const poller = new Poller(counting);
  let onCome = () => {};
  let turnsLeft = 0;
  const member: Pollable = {
    descriptor,
    onReadable() {
      (libc as Libc).clear(descriptor);
      onCome();
      return true;
    },
    onWritable() {},
    onTurn() {
      if (--turnsLeft > 0) poller.awaitTurn(member);
    },
  };
  poller.add(member);
  const exchange = async () => {
    for (let i = 0; i < EXCHANGES; i++) {
      const come = new Promise<void>((resolve) => onCome = resolve);
      poller.onSent();
      counting.signal(descriptor);
      await come;
    }
  };
  await exchange();
  yields = 0;
  turnsLeft = EXCHANGES;
  poller.onSent();
  poller.awaitTurn(member);
  while (turnsLeft > 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(yields, 0);
  for (let i = 0; i < EXCHANGES && yields === 0; i++) {
    await exchange();
    poller.onSent();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert(yields > 0, "no turn left the processor");
  await poller.remove(member);
  counting.close(descriptor);
});

nativeTest("A poller that has rested serves its sockets in its next turn", async () => {
  const descriptor = (libc as Libc).eventDescriptor(EVENT_FLAGS);
  const poller = new Poller(libc as Libc);
  let served = 0;
  const member: Pollable = {
    descriptor,
    onReadable: () => false,
    onWritable() {},
    onTurn: () => void served++,
  };
  poller.add(member);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (let i = 1; i <= 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    poller.awaitTurn(member);
    await turn();
    await turn();
    assert.equal(served, i);
  }
  await poller.remove(member);
  (libc as Libc).close(descriptor);
});

nativeTest("A poller whose turns take long lets TCP connections be heard meanwhile", async () => {
  const descriptor = (libc as Libc).eventDescriptor(EVENT_FLAGS);
  const poller = new Poller(libc as Libc);
  let turns = 0;
  let isBusy = true;
  const member: Pollable = {
    descriptor,
    onReadable: () => false,
    onWritable() {},
    onTurn() {
      turns++;
      for (const start = performance.now(); performance.now() - start < 1;);
      if (isBusy) poller.awaitTurn(member);
    },
  };
  poller.add(member);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const near = await Deno.connect({ hostname: "127.0.0.1", port });
  const far = await listener.accept();
  poller.awaitTurn(member);
  const byte = new Uint8Array(1);
  for (let i = 0; i < EXCHANGES; i++) {
    const read = far.read(byte); // which waits, so that the runtime must ask for it
    await near.write(byte);
    await read;
  }
  isBusy = false;
  // One look of the runtime in 61 of these turns would come to some 1,220.
  assert.ok(turns > EXCHANGES && turns < 15 * EXCHANGES, `${turns} turns`);
  for (const socket of [near, far, listener]) socket.close();
  await poller.remove(member);
  (libc as Libc).close(descriptor);
});
