import assert from "node:assert/strict";
import type { Ecn } from "../../../src/bytes/ecn.ts";
import { Incoming } from "../../../src/io/native/incoming.ts";
import { Errno, type Libc, libc } from "../../../src/io/native/libc.ts";
import { encodeName, Family, PeerTable } from "../../../src/io/native/socket_address.ts";
import { libcWith, nativeTest } from "./tier.ts";

/** Where the first message has its parts in the buffer; the kernel is told the same places. */
const MESSAGE_SIZE = 65_536;
const NAMES = 8 * 64 + 8 * 16;
const CONTROLS = NAMES + 8 * 32;
const CONTROL_ROOM = 128;
const MESSAGES = CONTROLS + 8 * CONTROL_ROOM;

/** A control message: its length, level, type and value. */
type Control = readonly [length: number, level: number, type: number, value: number];
const segments = (size: number): Control => [20, 17, 104, size];
const mark = (value: number): Control => [17, 0, 1, value];
const time: Control = [32, 1, 29, 0x0101_0101];

interface Message {
  readonly length: number;
  readonly controls?: readonly Control[];
  readonly flags?: number;
  /** What the kernel says about the length of the control messages, if that is not true. */
  readonly controlLength?: number;
  readonly nameLength?: number;
}

/** What comes of a message that the kernel writes: sizes of datagrams and marks. */
function read(message: Message): { sizes: number[]; marks: Ecn[] } {
  let slab = new Uint8Array();
  const incoming = new Incoming(libcWith({
    placeOf(buffer: Uint8Array<ArrayBuffer>) {
      slab = buffer;
      return (libc as Libc).placeOf(buffer);
    },
    receiveMessages: () => write(slab, message),
    errno: Errno.EAGAIN,
  }));
  const sizes: number[] = [];
  const marks: Ecn[] = [];
  const received = incoming.receive(-1, new PeerTable(Family.V4), (datagram, remote, mark) => {
    assert.deepEqual(remote, { transport: "udp", hostname: "192.0.2.7", port: 4_433 });
    assert.equal(
      datagram.byteOffset - slab.byteOffset - MESSAGES,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    sizes.push(datagram.length);
    marks.push(mark);
    return true;
  });
  assert.equal(received, "some");
  return { sizes, marks };
}

function write(slab: Uint8Array, { length, controls = [], flags = 0, ...said }: Message): number {
  const view = new DataView(slab.buffer, slab.byteOffset, slab.length);
  const name = encodeName({ transport: "udp", hostname: "192.0.2.7", port: 4_433 }, Family.V4)!;
  slab.set(name, NAMES);
  let at = CONTROLS;
  for (const [size, level, type, value] of controls) {
    view.setUint32(at, size, true);
    view.setUint32(at + 8, level, true);
    view.setUint32(at + 12, type, true);
    view.setUint32(at + 16, value, true);
    at += (size + 7) & ~7;
  }
  assert.equal(view.getUint32(40, true), CONTROL_ROOM);
  view.setUint32(8, said.nameLength ?? name.length, true);
  view.setUint32(40, said.controlLength ?? at - CONTROLS, true);
  view.setUint32(48, flags, true);
  view.setUint32(56, length, true);
  return 1;
}

nativeTest("A message comes apart into segments of the size that the kernel says", () => {
  const controls = [mark(2), segments(1_200)];
  assert.deepEqual(read({ length: 2_700, controls }), {
    sizes: [1_200, 1_200, 300],
    marks: [2, 2, 2],
  });
  assert.deepEqual(read({ length: 1_200 }), { sizes: [1_200], marks: [0] });
  assert.deepEqual(read({ length: 0 }).sizes, [0]);
  // The upper bits of the field are not about congestion.
  assert.deepEqual(read({ length: 10, controls: [mark(0xb9)] }).marks, [1]);
  assert.deepEqual(read({ length: 10, controls: [[20, 41, 67, 3]] }).marks, [3]);
});

nativeTest("Control messages that nothing is known of are passed over", () => {
  assert.deepEqual(read({ length: 900, controls: [time, segments(500), time, mark(3)] }), {
    sizes: [500, 400],
    marks: [3, 3],
  });
});

nativeTest(
  "Control messages that were cut short, or lie about their length, are not believed",
  () => {
    const controls = [segments(500), mark(3)];
    const plain = { sizes: [900], marks: [0] };
    assert.deepEqual(read({ length: 900, controls, flags: 8 }), plain);
    assert.deepEqual(read({ length: 900, controls, controlLength: 16 }), plain);
    assert.deepEqual(read({ length: 900, controls: [[0, 17, 104, 500]] }), plain);
    assert.deepEqual(read({ length: 900, controls: [[0xffff_fff8, 17, 104, 500]] }), plain);
    assert.deepEqual(read({ length: 900, controls: [[200, 17, 104, 500]] }), plain);
    assert.deepEqual(read({ length: 900, controls, controlLength: 0xffff_ffff }).sizes, [500, 400]);
  },
);

nativeTest(
  "Lengths beyond the buffer are cut, truncated messages and nameless ones dropped",
  () => {
    assert.deepEqual(read({ length: 0xffff_ffff }).sizes, [MESSAGE_SIZE]);
    assert.deepEqual(read({ length: 900, controls: [segments(0xffff_ffff)] }).sizes, [900]);
    assert.deepEqual(read({ length: 900, flags: 0x20 }).sizes, []);
    assert.deepEqual(read({ length: 900, nameLength: 0 }).sizes, []);
  },
);
