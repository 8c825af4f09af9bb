import assert from "node:assert/strict";
import { Ecn } from "../../../src/bytes/ecn.ts";
import { socketOpener } from "../../../src/io/open_socket.ts";
import { type Libc, libc } from "../../../src/io/native/libc.ts";
import { NativeSocket } from "../../../src/io/native/native_socket.ts";
import type { Address } from "../../../src/path/address/address.ts";
import { libcWith, nativeTest, Notes, open, until } from "./tier.ts";

const idA = new Uint8Array(8).fill(0xa);
const idB = new Uint8Array(8).fill(0xb);

/** Sends a datagram that is filled with its number. */
function sendNumber(
  socket: NativeSocket,
  number: number,
  size: number,
  to: Address,
  id: Uint8Array | "none" = idA,
  mark: Ecn = Ecn.NotEct,
): void {
  socket.buffer!.fill(number, 0, size);
  socket.send(size, to, mark, id === "none" ? undefined : id);
}

/** Two sockets, and what the second one hears. */
async function withPair(
  use: (from: NativeSocket, to: NativeSocket, heard: Notes, sent: Notes) => Promise<void>,
): Promise<void> {
  const [from, to] = [open("127.0.0.1"), open("127.0.0.1")];
  const [sent, heard] = [new Notes(), new Notes()];
  const listening = [from.listen(sent), to.listen(heard)];
  try {
    await use(from, to, heard, sent);
  } finally {
    from.close();
    to.close();
    await Promise.all(listening);
  }
}

/** What came, as "number: size". */
function numbersOf({ datagrams }: Notes): string[] {
  return datagrams.map(({ bytes }) => {
    assert.ok(bytes.every((byte) => byte === bytes[0]), "a datagram is mixed of two");
    return `${bytes[0]}: ${bytes.length}`;
  });
}

nativeTest(
  "Datagrams of one size to one ID leave by one call, and come apart as they were",
  () =>
    withPair(async (from, to, heard) => {
      const sizes = [...new Array<number>(39).fill(1_452), 77];
      sizes.forEach((size, i) => sendNumber(from, i, size, to.address));
      await until(() => heard.datagrams.length === sizes.length);
      assert.equal(from.sendCalls, 1);
      assert.deepEqual(numbersOf(heard), sizes.map((size, i) => `${i}: ${size}`));
      for (const { remote } of heard.datagrams) assert.equal(remote, heard.datagrams[0]!.remote);
      assert.deepEqual(heard.datagrams[0]!.remote, from.address);
    }),
);

nativeTest(
  "Jumbo datagrams leave seven by a call, and keep their order among short ones",
  () =>
    withPair(async (from, to, heard) => {
      const sizes = [
        77,
        ...new Array<number>(7).fill(8_952),
        2_049,
        2_048,
        ...new Array(3).fill(1_452),
      ];
      for (const [i, size] of sizes.entries()) {
        const buffer = size > from.buffer!.length ? from.largeBuffer! : from.buffer!;
        buffer.fill(i, 0, size);
        from.send(size, to.address, Ecn.NotEct, idA);
      }
      await until(() => heard.datagrams.length === sizes.length);
      assert.deepEqual(numbersOf(heard), sizes.map((size, i) => `${i}: ${size}`));
      // The short one before, the seven with the shorter one behind them, and the short ones.
      assert.equal(from.sendCalls, 4);
      assert.throws(() => from.send(9_217, to.address, Ecn.NotEct), RangeError);
    }),
);

nativeTest(
  "A run ends with a shorter datagram, before a longer one, and at 65,507 bytes",
  () =>
    withPair(async (from, to, heard) => {
      const sizes = [1_300, 1_300, 600, 600, 1_400, 1_400, 1_399];
      sizes.forEach((size, i) => sendNumber(from, i, size, to.address));
      await until(() => heard.datagrams.length === sizes.length);
      // 1300 1300 600, then 600, then 1400 1400 1399.
      assert.equal(from.sendCalls, 3);
      assert.deepEqual(numbersOf(heard), sizes.map((size, i) => `${i}: ${size}`));
      const more = new Array<number>(45).fill(1_500);
      more.forEach((size, i) => sendNumber(from, i, size, to.address));
      await until(() => heard.datagrams.length === sizes.length + more.length);
      assert.equal(from.sendCalls, 3 + 2);
    }),
);

nativeTest(
  "Datagrams of two connection IDs, or with two marks, never share a call",
  () =>
    withPair(async (from, to, heard) => {
      const ids = [idA, idA, idB, idB, idA, "none", "none"] as const;
      ids.forEach((id, i) => sendNumber(from, i, 1_200, to.address, id));
      await until(() => heard.datagrams.length === ids.length);
      assert.equal(from.sendCalls, 5);
      const marks = [Ecn.Ect0, Ecn.Ect0, Ecn.NotEct, Ecn.Ce];
      marks.forEach((mark, i) => sendNumber(from, i, 1_200, to.address, idA, mark));
      await until(() => heard.datagrams.length === ids.length + marks.length);
      assert.equal(from.sendCalls, 5 + 3);
      assert.deepEqual(heard.datagrams.slice(ids.length).map(({ mark }) => mark), marks);
    }),
);

for (const [at, reached] of [["127.0.0.1", "127.0.0.1"], ["::1", "::1"], ["::", "127.0.0.1"]]) {
  nativeTest(`ECN marks go both ways between ${at} and ${reached}`, async () => {
    const [near, far] = [open(at!), open(reached!)];
    const [atNear, atFar] = [new Notes(), new Notes()];
    const listening = [near.listen(atNear), far.listen(atFar)];
    const marks = [Ecn.NotEct, Ecn.Ect0, Ecn.Ce, Ecn.Ect1];
    const nearAddress = { ...near.address, hostname: reached! };
    for (const mark of marks) {
      sendNumber(near, mark, 100, far.address, idA, mark);
      sendNumber(far, mark, 100, nearAddress, idA, mark);
    }
    await until(() => atNear.datagrams.length === 4 && atFar.datagrams.length === 4);
    assert.deepEqual(atNear.datagrams.map(({ mark }) => mark), marks);
    assert.deepEqual(atFar.datagrams.map(({ mark }) => mark), marks);
    // The peer that was dialled is the same object as the one that is heard of.
    assert.equal(atNear.datagrams[0]!.remote, far.address);
    near.close();
    far.close();
    await Promise.all(listening);
  });
}

nativeTest(
  "Many thousand datagrams come as they were written, and the buffer is lent again",
  () =>
    withPair(async (from, to, heard, sent) => {
      let count = 0;
      for (let batch = 0; count < 5_000; batch++) {
        for (; from.buffer; count++) sendNumber(from, count & 0xff, 1_000, to.address);
        await until(() => sent.free === batch + 1 && heard.datagrams.length === count);
      }
      assert.deepEqual(numbersOf(heard).slice(0, 300).map((text) => parseInt(text)), [
        ...Array.from({ length: 300 }, (_, i) => i & 0xff),
      ]);
      assert.ok(from.sendCalls < heard.datagrams.length / 30, `${from.sendCalls} calls`);
    }),
);

nativeTest(
  "A datagram that cannot be sent is told, and those behind it leave",
  () =>
    withPair(async (from, to, heard, sent) => {
      const wrongFamily: Address = { transport: "udp", hostname: "::1", port: 9 };
      sendNumber(from, 1, 100, to.address);
      sendNumber(from, 2, 100, wrongFamily);
      sendNumber(from, 3, 100, to.address);
      await until(() => heard.datagrams.length === 2);
      assert.deepEqual(numbersOf(heard), ["1: 100", "3: 100"]);
      assert.equal(sent.unreachable.length, 1);
      assert.equal(sent.unreachable[0]!.remote, wrongFamily);
      assert.match(sent.unreachable[0]!.error.message, /family not supported/);
    }),
);

nativeTest(
  "A socket that is closed while it waits ends listening, and its port is free",
  async () => {
    const socket = open("127.0.0.1");
    const notes = new Notes();
    const listening = socket.listen(notes);
    // Long enough for the wait to be in a thread.
    await new Promise((resolve) => setTimeout(resolve, 30));
    socket.close();
    socket.close();
    const again = open("127.0.0.1", socket.address.port);
    again.close();
    await listening;
    assert.equal(socket.buffer, undefined);
    socket.send(10, socket.address, Ecn.NotEct);
    assert.deepEqual([notes.free, notes.unreachable.length, notes.broken.length], [0, 0, 0]);
  },
);

nativeTest("A datagram that waits leaves when the socket is closed", async () => {
  const [from, to] = [open("127.0.0.1"), open("127.0.0.1")];
  const heard = new Notes();
  const listening = to.listen(heard);
  sendNumber(from, 7, 50, to.address);
  from.close();
  await until(() => heard.datagrams.length === 1);
  assert.equal(heard.datagrams.length, 1);
  to.close();
  await listening;
});

nativeTest("The system's refusals are those of the runtime's sockets", () => {
  const taken = open("127.0.0.1");
  assert.throws(() => open("127.0.0.1", taken.address.port), Deno.errors.AddrInUse);
  assert.throws(() => open("192.0.2.77"), Deno.errors.AddrNotAvailable);
  taken.close();
});

nativeTest("500 sockets leave no descriptor behind", async () => {
  const first = open("127.0.0.1");
  const firstListening = first.listen(new Notes());
  const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = descriptors();
  const sockets = Array.from({ length: 500 }, () => open("127.0.0.1"));
  const listening = sockets.map((socket) => socket.listen(new Notes()));
  assert.equal(descriptors(), before + 500);
  for (const socket of sockets) socket.close();
  await Promise.all(listening);
  assert.equal(descriptors(), before);
  first.close();
  await firstListening;
});

nativeTest("200 idle sockets have one wait in a thread together", async () => {
  let [pending, most, waits] = [0, 0, 0];
  const counting = libcWith({
    events(count) {
      const list = (libc as Libc).events(count);
      const { wait } = list;
      list.wait = async (...args) => {
        waits++;
        most = Math.max(most, ++pending);
        const events = await wait.apply(list, args);
        pending--;
        return events;
      };
      return list;
    },
  });
  const sockets = Array.from({ length: 200 }, () => NativeSocket.open(counting, "127.0.0.1", 0));
  const listening = sockets.map((socket) => socket.listen(new Notes()));
  await until(() => pending === 1);
  // The pool has a thread for others.
  await Promise.all(Array.from({ length: 8 }, () => Deno.readFile(import.meta.filename!)));
  for (const socket of sockets) {
    sendNumber(socket, 1, 10, sockets[0]!.address);
    await Promise.resolve();
  }
  await until(() => waits > 1 && pending === 1);
  for (const socket of sockets) socket.close();
  await Promise.all(listening);
  assert.deepEqual([pending, most], [0, 1]);
});

nativeTest("A mode chooses the kind of socket", () => {
  const native = socketOpener("require")("127.0.0.1", 0);
  assert.deepEqual(native.capabilities, {
    segments: 45,
    ecn: true,
    dontFragment: true,
    bindsDevice: true,
    packetInfo: true,
  });
  native.close();
  const portable = socketOpener("off")("127.0.0.1", 0);
  assert.equal(portable.capabilities.segments, 1);
  portable.close();
});

/** Runs a program with native sockets; milliseconds from its last line to its end. */
async function timeToEnd(code: string): Promise<number> {
  const tier = new URL("./tier.ts", import.meta.url).href;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", `import { Notes, open } from "${tier}";${code}`],
    stdout: "piped",
  }).spawn();
  const { stdout } = await child.output();
  return Date.now() - Number(new TextDecoder().decode(stdout));
}

for (
  const [what, code] of [
    ["that is closed", "socket.close();"],
    ["that does not keep it", "socket.unref();"],
  ]
) {
  nativeTest(`A program ends at once with a socket ${what}`, async () => {
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      times.push(
        await timeToEnd(`
          const socket = open("127.0.0.1");
          socket.listen(new Notes());
          await new Promise((resolve) => setTimeout(resolve, 30));
          ${code}
          console.log(Date.now());
        `),
      );
    }
    // A wait in a thread takes a second if it is not ended; without one it takes 10 ms.
    assert.ok(Math.min(...times) < 700, `${times} ms`);
  });
}
nativeTest(
  "A socket that does not keep the process still hears",
  () =>
    withPair(async (from, to, heard) => {
      from.unref();
      to.unref();
      sendNumber(from, 1, 100, to.address);
      await until(() => heard.datagrams.length === 1);
      to.ref();
      sendNumber(from, 2, 100, to.address);
      await until(() => heard.datagrams.length === 2);
      assert.equal(heard.datagrams.length, 2);
    }),
);

/** `SOL_SOCKET` and `SO_BINDTOIFINDEX`, which tells the number of the interface. */
const SOCKET = 1;
const SO_BINDTOIFINDEX = 62;

nativeTest("A socket that was left to the routes is bound to an interface later, once", () => {
  using stack = new DisposableStack();
  const one = stack.adopt(open("127.0.0.1"), (socket) => socket.close());
  const device = () => (libc as Libc).get(one.descriptor, SOCKET, SO_BINDTOIFINDEX);
  assert.deepEqual([one.isBound, device()], [false, 0]);
  one.bindTo("no-such-device");
  assert.deepEqual([one.isBound, device()], [false, 0]);
  one.bindTo("lo");
  assert.deepEqual([one.isBound, device()], [true, 1]);
  one.bindTo("no-such-device");
  assert.deepEqual([one.isBound, device()], [true, 1]);
});

nativeTest(
  "A socket tries datagrams as large as the frames of the interface that they leave by",
  () => {
    const remote = { transport: "udp", hostname: "127.0.0.1", port: 443 } as const;
    for (
      const [size, largest] of [[-1, 1_452], [576, 1_452], [1_500, 1_452], [4_000, 3_952], [
        65_536,
        8_952,
      ]]
    ) {
      let opened = 0;
      let closed = 0;
      const counting = libcWith({
        get: () => size!,
        socket: (...args) => {
          opened++;
          return (libc as Libc).socket(...args);
        },
        close: (descriptor) => {
          closed++;
          (libc as Libc).close(descriptor);
        },
      });
      const socket = NativeSocket.open(counting, "127.0.0.1", 0);
      assert.equal(socket.largestTo(remote), largest);
      assert.equal(socket.largestTo({ ...remote, hostname: "no address" }), 1_452);
      socket.close();
      assert.deepEqual([opened, closed], [3, 3]);
    }
    const socket = open("::");
    for (const hostname of ["::1", "127.0.0.1"]) {
      assert.equal(socket.largestTo({ ...remote, hostname }), 8_952);
    }
    socket.close();
  },
);
