// Tries whether this machine's kernel does what native sockets rely on.

import { Ecn } from "../../bytes/ecn.ts";
import { monotonicNow } from "../clock.ts";
import { boundAddress, openDescriptor } from "./descriptor.ts";
import { Incoming } from "./incoming.ts";
import type { Libc } from "./libc.ts";
import { OutgoingSlab } from "./outgoing_slab.ts";
import { encodeName, Family, PeerTable } from "./socket_address.ts";

const HOST = "127.0.0.1";
/** The datagrams of one run: the last is shorter. */
const SIZES = [1_200, 1_200, 700];
/** Milliseconds that the loopback interface may take; it takes none unless the machine is busy. */
const PATIENCE = 100;

/**
 * Sends a run of datagrams with ECN marks over loopback, and looks at what comes.
 *
 * @returns What is wrong, if anything is.
 */
export function failureOfSelfTest(libc: Libc): string | undefined {
  const descriptors: number[] = [];
  try {
    for (let i = 0; i < 2; i++) descriptors.push(openDescriptor(libc, HOST, 0));
    return sendRun(libc, descriptors[0]!, descriptors[1]!);
  } catch (error) {
    return (error as Error).message;
  } finally {
    for (const descriptor of descriptors) libc.close(descriptor);
  }
}

function sendRun(libc: Libc, from: number, to: number): string | undefined {
  const slab = new OutgoingSlab(libc);
  const remote = boundAddress(libc, to);
  const id = new Uint8Array(8);
  for (const [i, size] of SIZES.entries()) {
    slab.buffer!.fill(i + 1, 0, size);
    slab.add(size, remote, Ecn.Ect0, id);
  }
  const name = encodeName(remote, Family.V4)!;
  const errno = slab.send(libc, from, slab.runLength(), name, Family.V4);
  if (errno !== 0) return `the kernel does not segment datagrams (errno ${errno})`;
  return compare(libc, to, boundAddress(libc, from).port);
}

function compare(libc: Libc, descriptor: number, port: number): string | undefined {
  const incoming = new Incoming(libc);
  const peers = new PeerTable(Family.V4);
  let count = 0;
  let isMarked = true;
  let isRight = true;
  for (const end = monotonicNow() + PATIENCE; count < SIZES.length && monotonicNow() < end;) {
    incoming.receive(descriptor, peers, (datagram, remote, mark) => {
      isMarked &&= mark === Ecn.Ect0;
      isRight &&= remote.port === port && datagram.length === SIZES[count] &&
        datagram.every((byte) => byte === count + 1);
      return ++count < SIZES.length;
    });
  }
  if (count < SIZES.length) return `${count} of ${SIZES.length} datagrams came over loopback`;
  if (!isRight) return "datagrams come otherwise than they were sent";
  return isMarked ? undefined : "ECN marks do not come";
}
