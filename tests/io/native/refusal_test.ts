import assert from "node:assert/strict";
import { Ecn } from "../../../src/bytes/ecn.ts";
import { Errno, type Libc, libc, openLibc } from "../../../src/io/native/libc.ts";
import { NativeSocket } from "../../../src/io/native/native_socket.ts";
import { Poller } from "../../../src/io/native/poller.ts";
import { failureOfSelfTest } from "../../../src/io/native/self_test.ts";
import type { Address } from "../../../src/path/address/address.ts";
import { libcWith, nativeTest, Notes, open, until } from "./tier.ts";

// What a system may refuse: each time the error is told, and nothing is left behind.

const id = new Uint8Array(8);
type Calls = Parameters<typeof libcWith>[0];

function send(socket: NativeSocket, count: number, to: Address): void {
  for (let i = 0; i < count; i++) {
    socket.buffer!.fill(i, 0, 1_000);
    socket.send(1_000, to, Ecn.Ect0, id);
  }
}

/** The C library with some calls, and how many descriptors it has opened and not closed. */
function counting(calls: Calls = {}): { library: Libc; readonly open: number } {
  const real = libc as Libc;
  const held = new Set<number>();
  const keep = (descriptor: number) => {
    if (descriptor >= 0) held.add(descriptor);
    return descriptor;
  };
  const library = libcWith({
    socket: (...args) => keep(real.socket(...args)),
    epoll: (flags) => keep(real.epoll(flags)),
    eventDescriptor: (flags) => keep(real.eventDescriptor(flags)),
    close(descriptor) {
      assert.ok(held.delete(descriptor), "a descriptor is closed once");
      real.close(descriptor);
    },
    ...calls,
  });
  return {
    library,
    get open() {
      return held.size;
    },
  };
}

nativeTest("A system without the options of native sockets still carries datagrams", async () => {
  const refusing = libcWith({ set: () => false });
  const [from, to] = [0, 0].map(() => NativeSocket.open(refusing, "127.0.0.1", 0));
  const heard = new Notes();
  const listening = [from!.listen(new Notes()), to!.listen(heard)];
  send(from!, 5, to!.address);
  await until(() => heard.datagrams.length === 5);
  assert.deepEqual(heard.datagrams.map(({ bytes }) => bytes[0]), [0, 1, 2, 3, 4]);
  assert.ok(heard.datagrams.every(({ bytes, mark }) => bytes.length === 1_000 && mark === 0));
  from!.close();
  to!.close();
  await Promise.all(listening);
});

const refusals: readonly (readonly [what: string, calls: Calls, message: RegExp])[] = [
  ["no socket is left", { socket: () => -1, errno: Errno.EMFILE }, /^Too many open files/],
  ["the address cannot be had", { bind: () => false, errno: Errno.EACCES }, /^Permission denied/],
  ["the address is not told", { nameOf: () => false, errno: Errno.ENOBUFS }, /os error 105/],
];
for (const [what, calls, message] of refusals) {
  nativeTest(`Where ${what}, no descriptor is left behind`, () => {
    const count = counting(calls);
    assert.throws(() => NativeSocket.open(count.library, "127.0.0.1", 0), { message });
    assert.equal(count.open, 0);
  });
}

nativeTest("A socket is not bound beside an interface that there is not", () => {
  const count = counting();
  const device = "no-such-device";
  assert.throws(() => NativeSocket.open(count.library, "127.0.0.1", 0, { device }), {
    name: "NotFound",
    message: /^No such device/,
  });
  assert.equal(count.open, 0);
});

nativeTest("A socket that cannot be waited for is closed, and a poller without its parts", () => {
  const count = counting({ watch: () => false, errno: Errno.ENOMEM });
  const socket = NativeSocket.open(count.library, "127.0.0.1", 0);
  const before = count.open;
  assert.throws(() => socket.listen(new Notes()), { message: /os error 12/ });
  assert.ok(socket.isClosed);
  assert.equal(count.open, before - 1);
  const other = counting({ eventDescriptor: () => -1, errno: Errno.EMFILE });
  assert.throws(() => new Poller(other.library), { message: /^Too many open files/ });
  assert.equal(other.open, 0);
});

nativeTest("A socket that fails to receive is told to be broken, others go on", async () => {
  const failing = libcWith({ receiveMessages: () => -1, errno: 100 });
  const [broken, well, from] = [
    NativeSocket.open(failing, "127.0.0.1", 0),
    open("127.0.0.1"),
    open("127.0.0.1"),
  ];
  const [bad, good] = [new Notes(), new Notes()];
  const listening = [broken.listen(bad), well.listen(good), from.listen(new Notes())];
  send(from, 1, broken.address);
  send(from, 1, well.address);
  await until(() => good.datagrams.length === 1 && bad.broken.length === 1);
  assert.match(bad.broken[0]!.message, /os error 100/);
  assert.ok(broken.isClosed);
  for (const socket of [broken, well, from]) socket.close();
  await Promise.all(listening);
});

nativeTest("What may not be sent to one peer is told, and reaches the others", async () => {
  const real = libc as Libc;
  let refused = 0;
  let errno = 0;
  const library = libcWith({
    sendMessage(descriptor, header, flags) {
      // The first peer is that which a firewall forbids.
      if (refused++ === 0) {
        errno = Errno.EPERM;
        return -1;
      }
      errno = 0;
      return real.sendMessage(descriptor, header, flags);
    },
    get errno() {
      return errno || real.errno;
    },
  });
  const from = NativeSocket.open(library, "127.0.0.1", 0);
  const [forbidden, allowed] = [open("127.0.0.1"), open("127.0.0.1")];
  const [sent, heard] = [new Notes(), new Notes()];
  const listening = [from.listen(sent), forbidden.listen(new Notes()), allowed.listen(heard)];
  send(from, 3, forbidden.address);
  send(from, 3, allowed.address);
  await until(() => heard.datagrams.length === 3);
  assert.deepEqual(sent.unreachable.map(({ remote }) => remote), [forbidden.address]);
  assert.match(sent.unreachable[0]!.error.message, /^Operation not permitted/);
  for (const socket of [from, forbidden, allowed]) socket.close();
  await Promise.all(listening);
});

nativeTest("The self-test tells what a kernel cannot do, and leaves nothing behind", () => {
  const cases: readonly (readonly [Calls, RegExp])[] = [
    [{ sendMessage: () => -1, errno: Errno.EIO }, /^the kernel does not segment .*errno 5/],
    [{ sendMessage: () => -1, errno: Errno.EINVAL }, /^the kernel does not segment .*errno 22/],
    [{ receiveMessages: () => -1, errno: Errno.EAGAIN }, /^0 of 3 datagrams came over loopback/],
    [{ set: () => false }, /^ECN marks do not come/],
    [{ socket: () => -1, errno: Errno.EMFILE }, /^Too many open files/],
  ];
  for (const [calls, message] of cases) {
    const count = counting(calls);
    assert.match(failureOfSelfTest(count.library) ?? "nothing", message);
    assert.equal(count.open, 0);
  }
  const count = counting();
  assert.equal(failureOfSelfTest(count.library), undefined);
  assert.equal(count.open, 0);
});

nativeTest("A library that is missing, or is none, is told in a few words", () => {
  assert.equal(openLibc(["/none/libc.so.6"]), "there is no /none/libc.so.6");
  const file = import.meta.filename!;
  assert.match(openLibc([file]) as string, /_test\.ts cannot be used: /);
  assert.equal(typeof openLibc(["/none/libc.so.6", (libc as Libc).path]), "object");
});
