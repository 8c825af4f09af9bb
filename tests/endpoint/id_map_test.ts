import assert from "node:assert/strict";
import { type Destination, IdMap } from "../../src/endpoint/id_map.ts";
import { ConnectionId, connectionIdKey } from "../../src/packet/connection_id.ts";

/** The destination ID of a packet, as its header tells it. */
function at(datagram: Uint8Array, start: number, length: number): Destination {
  const destinationKey = connectionIdKey(datagram, start, length);
  return { datagram, destinationStart: start, destinationLength: length, destinationKey };
}

function id(...bytes: number[]): ConnectionId {
  return new ConnectionId(Uint8Array.from(bytes));
}

Deno.test("IdMap.find() compares all bytes, wherever they stand", () => {
  const map = new IdMap<string>();
  map.add(id(1, 2, 3, 4, 5, 6, 7, 8), "owner", 3);
  const datagram = Uint8Array.of(0x40, 1, 2, 3, 4, 5, 6, 7, 8, 99);
  assert.deepEqual(map.find(at(datagram, 1, 8))?.owner, "owner");
  assert.equal(map.find(at(datagram, 1, 8))!.pathId, 3);
  assert.equal(map.find(at(datagram, 0, 8)), undefined);
  assert.equal(map.find(at(datagram, 1, 7)), undefined);
  datagram[8] = 9; // behind the bytes that make the key
  assert.equal(map.find(at(datagram, 1, 8)), undefined);
});

Deno.test("IdMap.add() refuses a second ID with the same key", () => {
  const map = new IdMap<string>();
  assert.equal(map.add(id(1, 2, 3, 4, 5, 6, 7, 8), "a", 0), true);
  assert.equal(map.add(id(1, 2, 3, 4, 5, 6, 7, 8), "b", 0), false);
  assert.equal(map.size, 1);
});

Deno.test("IdMap.delete() forgets", () => {
  const map = new IdMap<string>();
  map.add(id(1, 2, 3, 4, 5, 6, 7, 8), "a", 0);
  map.delete(id(1, 2, 3, 4, 5, 6, 7, 8));
  assert.equal(map.size, 0);
  assert.equal(map.find(at(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 0, 8)), undefined);
});
