import assert from "node:assert/strict";
import { Ecn } from "../../src/bytes/ecn.ts";
import { markOf, setMark } from "./ip_mark.ts";

/** Ones' complement sum of all words of a header: 0xffff if its checksum is right. */
function sumOf(header: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) {
    sum += header[at]! * 256 + header[at + 1]!;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

/** A header of IPv4 that is right. */
function header4(identification: number, mark: Ecn): Uint8Array<ArrayBuffer> {
  const [high, low] = [identification >> 8, identification & 255];
  const words = [0x45, mark, 5, 220, high, low, 0x40, 0, 64, 17, 0, 0, 10, 77, 0, 1, 10, 77, 0, 2];
  const packet = Uint8Array.from(words);
  new DataView(packet.buffer).setUint16(10, ~sumOf(packet));
  return packet;
}

Deno.test("a packet of IPv4 has the mark that it is given, and the checksum stays right", () => {
  for (let identification = 0; identification < 65_536; identification += 13) {
    for (const from of Object.values(Ecn)) {
      for (const to of Object.values(Ecn)) {
        const packet = header4(identification, from);
        assert.equal(sumOf(packet), 0xffff);
        assert.equal(markOf(packet), from);
        setMark(packet, to);
        assert.equal(markOf(packet), to);
        assert.equal(sumOf(packet), 0xffff);
      }
    }
  }
});

Deno.test("a packet of IPv6 has the mark that it is given, and keeps its flow label", () => {
  const packet = Uint8Array.of(0x6a, 0xbc, 0xde, 0xf0, ...new Uint8Array(36));
  assert.equal(markOf(packet), Ecn.Ce & 0xb);
  setMark(packet, Ecn.Ect0);
  assert.deepEqual([...packet.subarray(0, 4)], [0x6a, 0xac, 0xde, 0xf0]);
  setMark(packet, Ecn.Ce);
  assert.deepEqual([...packet.subarray(0, 4)], [0x6a, 0xbc, 0xde, 0xf0]);
});
