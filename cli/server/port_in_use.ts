// Another program has the port of the server.

import { Failure } from "../console/failure.ts";

/** Says that another program has the port. */
export class PortInUse extends Failure {
  override readonly name = "PortInUse";

  /**
   * @param transport "UDP" or "TCP".
   * @param hostname The local address.
   * @param port The port.
   */
  constructor(transport: string, hostname: string, port: number) {
    super(
      `Cannot listen on ${transport} port ${port} of ${hostname}: another program uses it; stop that program or choose another port with -port`,
    );
  }
}
