import assert from "node:assert/strict";
import { Failure } from "../../cli/console/failure.ts";
import {
  choosePresentInterfaces,
  InterfaceNames,
  presentAddresses,
  resolveHost,
} from "../../cli/paths/present_interfaces.ts";

Deno.test("resolveHost() passes addresses through and asks the system for names", async () => {
  assert.deepEqual(await resolveHost("192.0.2.7"), ["192.0.2.7"]);
  assert.deepEqual(await resolveHost("[2001:db8::7]"), ["2001:db8::7"]);
  const local = await resolveHost("localhost");
  assert.ok(local.includes("127.0.0.1") || local.includes("::1"));
});

Deno.test("resolveHost() says in a sentence that there is no such host", async () => {
  await assert.rejects(resolveHost("no-such-host.invalid"), (error) => {
    assert.ok(error instanceof Failure);
    assert.match(error.message, /Cannot find no-such-host.invalid: check/);
    return true;
  });
});

Deno.test("choosePresentInterfaces() finds this machine's loopback", () => {
  assert.deepEqual(choosePresentInterfaces([]), []);
  assert.deepEqual(choosePresentInterfaces(["127.0.0.1"]), [
    { name: "127.0.0.1", pattern: "127.0.0.1", addresses: ["127.0.0.1"] },
  ]);
  assert.throws(() => choosePresentInterfaces(["no-such-interface"]), /Cannot find interface/);
});

Deno.test("InterfaceNames knows whose addresses there are", () => {
  const names = new InterfaceNames();
  const { name, address } = Deno.networkInterfaces()[0]!;
  assert.equal(names.nameOf(address), name);
  assert.equal(names.has(address), true);
  assert.equal(names.nameOf("192.0.2.77"), undefined);
  assert.equal(
    names.has("192.0.2.77"),
    undefined,
    "no interface may have the address, as with 0.0.0.0",
  );
});

Deno.test("A process out of descriptors has no news of interfaces, and keeps the names it knows", () => {
  const names = new InterfaceNames();
  const ask = Deno.networkInterfaces;
  const { name, address } = ask()[0]!;
  Deno.networkInterfaces = () => {
    throw new Error("Too many open files (os error 24)");
  };
  try {
    assert.equal(names.nameOf(address), name);
    assert.equal(names.nameOf("192.0.2.77"), undefined);
    assert.equal(names.has(address), undefined);
    assert.deepEqual(presentAddresses(), []);
    assert.equal(new InterfaceNames().nameOf(address), undefined);
    assert.equal(choosePresentInterfaces(["192.0.2.7"])[0]!.name, "192.0.2.7");
    assert.throws(
      () => choosePresentInterfaces([name]),
      /^Failure: Cannot look up interfaces by name: .* no file left to open; .* addresses to -n$/,
    );
  } finally {
    Deno.networkInterfaces = ask;
  }
});
