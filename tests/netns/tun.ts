/** Where programs ask for TUN devices. */
const CLONE_DEVICE = "/dev/net/tun";
/** What the kernel calls the requests and flags that are used here. */
const TUNSETIFF = 0x4004_54can;
const IFF_TUN_NO_PI = 0x1001;
const O_RDWR_NONBLOCK = 0o4002;
const POLLIN = 1;
/** Bytes of `struct ifreq`, of a name in it, and of `struct pollfd`. */
const REQUEST_SIZE = 40;
const NAME_SIZE = 16;
const POLL_SIZE = 8;

/** The file descriptor of standard input. */
export const STDIN = 0;

/** What is needed of the C library: sockets of the runtime cannot carry packets of others. */
export interface Kernel {
  /** Makes a TUN device in the namespace of this process; returns its file descriptor. */
  openTun(name: string): number;
  /** Reads what is there; returns its length, 0 at the end, or -1 if nothing is. */
  read(fd: number, buffer: Uint8Array<ArrayBuffer>): number;
  /** Writes; a packet that the device does not take is lost, as on any link. */
  write(fd: number, data: Uint8Array<ArrayBuffer>): void;
  /** Waits until one of the files can be read, at most for some milliseconds; says whether one can. */
  wait(fds: readonly number[], milliseconds: number): boolean;
}

/** Loads the C library; needs Linux and permission for foreign functions. */
export function loadKernel(): Kernel {
  const { symbols } = Deno.dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    ppoll: { parameters: ["buffer", "usize", "buffer", "pointer"], result: "i32" },
  });
  return {
    openTun(name) {
      const fd = symbols.open(text(CLONE_DEVICE), O_RDWR_NONBLOCK);
      const request = new Uint8Array(REQUEST_SIZE);
      request.set(text(name));
      new DataView(request.buffer).setInt16(NAME_SIZE, IFF_TUN_NO_PI, true);
      if (fd < 0 || symbols.ioctl(fd, TUNSETIFF, request) < 0) {
        throw new Error(`Cannot make the TUN device ${name}: the system refuses`);
      }
      return fd;
    },
    read: (fd, buffer) => Number(symbols.read(fd, buffer, BigInt(buffer.length))),
    write: (fd, data) => void symbols.write(fd, data, BigInt(data.length)),
    wait(fds, milliseconds) {
      const wanted = new DataView(new ArrayBuffer(POLL_SIZE * fds.length));
      fds.forEach((fd, i) => {
        wanted.setInt32(POLL_SIZE * i, fd, true);
        wanted.setInt16(POLL_SIZE * i + 4, POLLIN, true);
      });
      const files = new Uint8Array(wanted.buffer);
      return symbols.ppoll(files, BigInt(fds.length), timespec(milliseconds), null) > 0;
    },
  };
}

/** Seconds and nanoseconds, 64 bits each. */
function timespec(milliseconds: number): Uint8Array<ArrayBuffer> {
  const seconds = Math.floor(milliseconds / 1_000);
  const view = new DataView(new ArrayBuffer(16));
  view.setUint32(0, seconds, true);
  view.setUint32(8, Math.round((milliseconds - seconds * 1_000) * 999_999), true);
  return new Uint8Array(view.buffer);
}

function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${value}\0`);
}
