// The sockets of several workers at one address.

import type { Address } from "../../path/address/address.ts";
import { boundAddress, openDescriptor } from "./descriptor.ts";
import type { Libc } from "./libc.ts";
import { type Steering, steeringProgram } from "./steering_program.ts";
import { systemError } from "./system_error.ts";

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
    const isSet = this.#libc.attachProgram(this.descriptors[0]!, steeringProgram(steering));
    if (!isSet) throw systemError(this.#libc.errno);
  }

  close(): void {
    for (const descriptor of this.descriptors) this.#libc.close(descriptor);
  }
}
