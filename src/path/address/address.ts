/** An IP address and a port; the shape is that of `Deno.NetAddr`, so nothing is converted. */
export interface Address {
  /** Always UDP. */
  readonly transport: "udp";
  /** A literal IPv4 or IPv6 address, never a name. */
  readonly hostname: string;
  /** The UDP port. */
  readonly port: number;
}

/** Whether both name the same place. */
export function sameAddress(a: Address, b: Address): boolean {
  return a === b || (a.port === b.port && a.hostname === b.hostname);
}

/** For people: `192.0.2.1:443` or `[2001:db8::1]:443`. */
export function formatAddress(address: Address): string {
  const { hostname, port } = address;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
