import assert from "node:assert/strict";
import { InterfaceWatch } from "../../src/io/interface_watch.ts";
import type { LocalAddress } from "../../src/io/interfaces.ts";

function addressOf(name: string, hostname: string): LocalAddress {
  return { name, hostname, family: "IPv4" };
}

/** Waits until something is so. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    assert.ok(i < 2_000, "waited for many turns");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("InterfaceWatch tells all listeners of a change, and looks once for all of them", async () => {
  let all: readonly LocalAddress[] | undefined = [addressOf("eth0", "10.0.0.1")];
  let looks = 0;
  const watch = new InterfaceWatch(() => (looks++, all), 5);
  const calls = [0, 0, 0];
  const ends = calls.map((_, i) => watch.watch(() => calls[i]!++));
  assert.equal(looks, 1, "the first listener has it look at what there is");
  await until(() => looks > 4);
  assert.deepEqual(calls, [0, 0, 0], "nothing has changed");
  all = [...all, addressOf("wlan0", "10.0.1.1")];
  await until(() => calls[2]! > 0);
  assert.deepEqual(calls, [1, 1, 1]);
  ends[1]!();
  all = undefined;
  await until(() => calls[2]! > 1);
  assert.deepEqual(calls, [2, 1, 2], "an address is gone, or the program may not ask any more");
  ends[0]!();
  ends[2]!();
  // The test fails if a timer is left behind.
});

Deno.test("InterfaceWatch knows of no change while no one listened", async () => {
  let hostname = "10.0.0.1";
  let looks = 0;
  const watch = new InterfaceWatch(() => (looks++, [addressOf("eth0", hostname)]), 5);
  watch.watch(() => assert.fail("it listens no more"))();
  hostname = "10.0.0.2";
  let calls = 0;
  const end = watch.watch(() => calls++);
  const before = looks;
  await until(() => looks > before + 2);
  assert.equal(calls, 0);
  end();
});
