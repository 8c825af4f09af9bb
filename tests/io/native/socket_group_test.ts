import assert from "node:assert/strict";
import { type Libc, libc } from "../../../src/io/native/libc.ts";
import { NativeSocket } from "../../../src/io/native/native_socket.ts";
import { SocketGroup } from "../../../src/io/native/socket_group.ts";
import { BalancerIds } from "../../../src/packet/balancer_ids.ts";
import type { IdLayout } from "../../../src/packet/id_layout.ts";
import { workerIds, type WorkerPlace } from "../../../src/packet/worker_ids.ts";
import { WorkerMask } from "../../../src/packet/worker_mask.ts";
import { SeededRandom } from "../../../src/sim/seeded_random.ts";
import { nativeTest, Notes, open, until } from "./tier.ts";

const COUNT = 6;
const random = new SeededRandom(1);
const mask = new WorkerMask(random.bytes(8));

function balanced(place: WorkerPlace): IdLayout {
  const serverId = Uint8Array.of(1, 2, 3, 4);
  return new BalancerIds([{ id: 0, serverId, nonceLength: 12, key: random.bytes(16) }], place);
}

/** A group of sockets, and what came to each. */
class Workers {
  readonly group: SocketGroup;
  readonly notes: readonly Notes[];
  readonly #sockets: readonly NativeSocket[];

  constructor(hostname: string) {
    this.group = SocketGroup.open(libc as Libc, hostname, 0, COUNT);
    this.#sockets = this.group.descriptors.map((descriptor) =>
      NativeSocket.borrow(libc as Libc, descriptor, hostname)
    );
    this.notes = this.#sockets.map((socket) => {
      const notes = new Notes();
      socket.listen(notes);
      return notes;
    });
  }

  steer(idLength: number, accepting: readonly number[], openSockets = [0, 1, 2, 3, 4, 5]): void {
    const { multipliers } = mask;
    this.group.steer({ idLength, multipliers, spread: 0x1234_5677, open: openSockets, accepting });
  }

  get total(): number {
    return this.notes.reduce((sum, { datagrams }) => sum + datagrams.length, 0);
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
    this.group.close();
  }
}

/** Sends datagrams to a group, each from the next of some sockets. */
async function send(workers: Workers, host: string, datagrams: Uint8Array[]): Promise<void> {
  const senders = Array.from({ length: 8 }, () => open(host));
  const to = { ...workers.group.address, hostname: host };
  const before = workers.total;
  for (const [i, datagram] of datagrams.entries()) {
    const sender = senders[i % senders.length]!;
    sender.buffer!.set(datagram);
    sender.send(datagram.length, to, 0);
    if (i % 64 === 63) await until(() => workers.total === before + i + 1);
  }
  await until(() => workers.total === before + datagrams.length);
  for (const sender of senders) sender.close();
}

/** A datagram with a short header, or with a late one of a version. */
function datagramTo(id: Uint8Array, version?: number, type = 0): Uint8Array {
  const rest = random.bytes(40);
  if (version === undefined) return Uint8Array.of(0x40 | random.below(64), ...id, ...rest);
  const head = new Uint8Array(6);
  new DataView(head.buffer).setUint32(1, version);
  head[0] = 0xc0 | type << 4;
  head[5] = id.length;
  return Uint8Array.of(...head, ...id, ...rest);
}

/** A Handshake packet of either version. */
const LATE = [[1, 2], [0x6b33_43cf, 3]] as const;
/** Initial and 0-RTT packets of either version, and one of a version not known. */
const EARLY = [[1, 0], [1, 1], [0x6b33_43cf, 1], [0x6b33_43cf, 2], [0x1a2a_3a4a, 2]] as const;

for (const [host, bound] of [["127.0.0.1", "127.0.0.1"], ["::1", "::"], ["127.0.0.1", "::"]]) {
  for (const [name, make] of [["8 bytes", workerIds], ["17 bytes", balanced]] as const) {
    nativeTest(
      `The kernel finds the worker of an ID of ${name}, from ${host} to ${bound}`,
      async () => {
        const workers = new Workers(bound!);
        const layouts = Array.from({ length: COUNT }, (_, number) => make({ number, mask }));
        workers.steer(layouts[0]!.length, [1, 2]);
        const kinds = [[undefined, 0], ...LATE] as const;
        const datagrams = Array.from(
          { length: 600 },
          (_, i) =>
            datagramTo(layouts[i % COUNT]!.make(random), ...kinds[Math.floor(i / COUNT) % 3]!),
        );
        await send(workers, host!, datagrams);
        for (const [number, { datagrams }] of workers.notes.entries()) {
          assert.equal(datagrams.length, 600 / COUNT);
          for (const { bytes } of datagrams) {
            assert.ok(
              layouts[number]!.isOurs(bytes, bytes[0]! >= 0x80 ? 6 : 1),
              `worker ${number}`,
            );
          }
        }
        workers.close();
      },
    );
  }

  nativeTest(
    `The kernel gives new clients to workers that accept, from ${host} to ${bound}`,
    async () => {
      const workers = new Workers(bound!);
      for (const accepting of [[4], [0, 2, 5], [1, 3]]) {
        workers.steer(8, accepting);
        const before = workers.notes.map(({ datagrams }) => datagrams.length);
        const own = workerIds({ number: 3, mask });
        const datagrams = Array.from(
          { length: 400 },
          (_, i) => datagramTo(own.make(random), ...EARLY[i % EARLY.length]!),
        );
        await send(workers, host!, datagrams);
        const counts = workers.notes.map(({ datagrams }, i) => datagrams.length - before[i]!);
        const got = [...counts.keys()].filter((i) => counts[i]! > 0);
        assert.ok(got.every((worker) => accepting.includes(worker)), `${got} of ${accepting}`);
      }
      // All of a client go to one worker, as all of them are from one address.
      for (const { datagrams } of workers.notes) {
        for (const { remote } of datagrams) {
          const others = workers.notes.filter((notes) =>
            notes.datagrams.some((datagram) => datagram.remote.port === remote.port)
          );
          assert.ok(others.length <= 3, "one for each set of workers that accept");
        }
      }
      workers.close();
    },
  );
}

nativeTest("The kernel gives what names a socket that nothing reads from to others", async () => {
  const workers = new Workers("127.0.0.1");
  workers.steer(8, [1], [0, 1]);
  const ids = workerIds({ number: 5, mask });
  await send(workers, "127.0.0.1", Array.from({ length: 50 }, () => datagramTo(ids.make(random))));
  assert.equal(workers.notes[1]!.datagrams.length, 50);
  workers.close();
});

nativeTest("Clients from many ports are spread evenly over workers that accept", async () => {
  const workers = new Workers("127.0.0.1");
  workers.steer(8, [0, 2, 5]);
  for (let round = 0; round < 75; round++) {
    await send(
      workers,
      "127.0.0.1",
      Array.from({ length: 8 }, () => datagramTo(random.bytes(8), 1)),
    );
  }
  for (const worker of [0, 2, 5]) {
    const { length } = workers.notes[worker]!.datagrams;
    assert.ok(length > 120 && length < 280, `worker ${worker} has ${length} of 600`);
  }
  workers.close();
});

nativeTest("A group does not join others at an address, nor others the group", () => {
  const group = SocketGroup.open(libc as Libc, "127.0.0.1", 0, 2);
  const { port } = group.address;
  assert.throws(() => SocketGroup.open(libc as Libc, "127.0.0.1", port, 2), Deno.errors.AddrInUse);
  assert.throws(() => open("127.0.0.1", port), Deno.errors.AddrInUse);
  group.close();
  open("127.0.0.1", port).close();
});
