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
