// The sockets of several workers at one address.

import type { Address } from "../../path/address/address.ts";
import { boundAddress, openDescriptor } from "./descriptor.ts";
import type { Libc } from "./libc.ts";
import { Slab } from "./slab.ts";
import { type Steering, steeringProgram } from "./steering_program.ts";
import { systemError } from "./system_error.ts";

/** `SOL_SOCKET` and `SO_ATTACH_REUSEPORT_CBPF` of socket.h. */
const SOCKET = 1;
const ATTACH_PROGRAM = 51;
/** `sizeof(struct sock_fprog)`, behind which the program stands. */
const PROGRAM_AT = 16;

/**
 * The sockets of several workers at one address. The kernel knows them by their order, which changes
 * where one is closed; so all are opened at once, and closed at once.
 */
export class SocketGroup {
  readonly address: Address;
  /** In the order by which programs name them. */
  readonly descriptors: readonly number[];
  readonly #libc: Libc;

  private constructor(libc: Libc, descriptors: readonly number[]) {
    this.#libc = libc;
    this.descriptors = descriptors;
    this.address = boundAddress(libc, descriptors[0]!);
  }

  /**
   * Opens so many sockets at an address; port 0 lets the system choose one.
   *
   * @param areInherited Whether programs that this one starts have them, too.
   * @throws What `Deno.listenDatagram` throws where the system refuses.
   */
  static open(
    libc: Libc,
    hostname: string,
    port: number,
    count: number,
    areInherited = false,
  ): SocketGroup {
    // Sockets that share an address join others that do. An address that is in use shows only where
    // it is asked for alone.
    const alone = openDescriptor(libc, hostname, port);
    const address = boundAddress(libc, alone);
    libc.close(alone);
    const descriptors: number[] = [];
    try {
      for (let i = 0; i < count; i++) {
        descriptors.push(
          openDescriptor(libc, hostname, address.port, undefined, true, areInherited),
        );
      }
      return new SocketGroup(libc, descriptors);
    } catch (error) {
      for (const descriptor of descriptors) libc.close(descriptor);
      throw error;
    }
  }

  /**
   * Has the kernel choose sockets like this from now on.
   *
   * @throws What the system says if it refuses.
   */
  steer(steering: Steering): void {
    const isSet = attachProgram(this.#libc, this.descriptors[0]!, steeringProgram(steering));
    if (!isSet) throw systemError(this.#libc.errno);
  }

  close(): void {
    for (const descriptor of this.descriptors) this.#libc.close(descriptor);
  }
}

/** Has the kernel choose among sockets by a program: an array of `sock_filter`. */
function attachProgram(
  libc: Libc,
  descriptor: number,
  program: Uint8Array<ArrayBuffer>,
): boolean {
  const slab = new Slab(libc, PROGRAM_AT + program.length);
  slab.bytes.set(program, PROGRAM_AT);
  slab.words[0] = program.length / 8;
  slab.putPlace(8, slab.place(PROGRAM_AT, program.length));
  const header = slab.bytes.subarray(0, PROGRAM_AT);
  return libc.setBytes(descriptor, SOCKET, ATTACH_PROGRAM, header);
}
