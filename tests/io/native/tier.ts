import type { Address } from "../../../src/path/address/address.ts";
import type { Ecn } from "../../../src/bytes/ecn.ts";
import { type Libc, libc } from "../../../src/io/native/libc.ts";
import { NativeSocket } from "../../../src/io/native/native_socket.ts";
import { nativeSockets } from "../../../src/io/native/tier.ts";
import type { SendingPort, SocketListener } from "../../../src/io/socket.ts";

/** Why there are no native sockets on this machine, if there are none. */
export const whyNotNative: string | undefined = find();

function find(): string | undefined {
  if (Deno.env.get("MPQUIC_NATIVE") === "off") return "MPQUIC_NATIVE is off";
  const found = nativeSockets();
  return typeof found === "string" ? found : undefined;
}

/** Defines a test that is left out where there are no native sockets. */
export function nativeTest(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, ignore: whyNotNative !== undefined, fn });
}

/** Opens a native socket; only where there are any. */
export function open(hostname: string, port = 0): NativeSocket {
  return NativeSocket.open(libc as Libc, hostname, port);
}

/** The C library, but that some of its calls are these. */
export function libcWith(calls: { readonly [Name in keyof Libc]?: Libc[Name] }): Libc {
  return new Proxy(libc as Libc, {
    get(target, key) {
      if (key in calls) return Reflect.get(calls, key);
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** What came to a socket. */
export class Notes implements SocketListener {
  readonly datagrams: { bytes: Uint8Array; remote: Address; mark: Ecn | undefined }[] = [];
  free = 0;
  readonly unreachable: { remote: Address; error: Error }[] = [];
  readonly broken: Error[] = [];

  onDatagram(datagram: Uint8Array, _port: SendingPort, remote: Address, mark?: Ecn): void {
    this.datagrams.push({ bytes: datagram.slice(), remote, mark });
  }

  onFree(): void {
    this.free++;
  }

  onUnreachable(_port: SendingPort, remote: Address, error: Error): void {
    this.unreachable.push({ remote, error });
  }

  onBroken(_port: SendingPort, error: Error): void {
    this.broken.push(error);
  }
}

/** Waits until something is so, five seconds at most. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error("waited for five seconds");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
