// The C library by FFI: the calls that sockets are made of. Addresses of memory are made here and in
// slab.ts only.

/** Where the C library of GNU systems lies; a bare name would be looked up in the folder we run in. */
const PLACES: readonly string[] = Deno.build.arch === "aarch64"
  ? ["/lib/aarch64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/usr/lib/libc.so.6"]
  : ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/usr/lib/libc.so.6"];

/** `PROT_NONE`, `PROT_READ | PROT_WRITE` and `MAP_PRIVATE | MAP_ANONYMOUS` of mman.h. */
const NO_ACCESS = 0;
const READ_WRITE = 3;
const PRIVATE_ANONYMOUS = 0x22;
/** `MAP_FIXED`: the pages take the place of others. */
const FIXED = 0x10;

/** `O_RDONLY | O_CLOEXEC` of fcntl.h. */
const READ_ONLY = 0o2000000;
/** `F_DUPFD_CLOEXEC` of fcntl.h. */
const DUPLICATE = 1030;
/** Bytes of a file that are read at a time. */
const PIECE = 16_384;

/** `_SC_PAGESIZE` of unistd.h. */
const PAGE_SIZE = 30;

/** `struct epoll_event` is packed on x86-64 only: its data follow the four bytes of its events. */
const EVENT_SIZE = Deno.build.arch === "x86_64" ? 12 : 16;
const EVENT_DATA = EVENT_SIZE - 8;

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  sendmsg: { parameters: ["i32", "usize", "i32"], result: "i32" },
  recvmmsg: { parameters: ["i32", "usize", "u32", "i32", "usize"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "usize", "i32", "i32"], result: "i32" },
  wait_aside: {
    name: "epoll_wait",
    parameters: ["i32", "usize", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
  sched_yield: { parameters: [], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  eventfd_read: { parameters: ["i32", "buffer"], result: "i32" },
  eventfd_write: { parameters: ["i32", "u64"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "i64" },
  mmap: { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "usize" },
  mprotect: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  sysconf: { parameters: ["i32"], result: "i64" },
  __errno_location: { parameters: [], result: "usize" },
  // `memcpy` returns its first argument: so it tells where a buffer lies, and reads memory that
  // belongs to no buffer. `Deno.UnsafePointer` would need a permission for all libraries.
  memcpy: { parameters: ["buffer", "buffer", "usize"], result: "usize" },
  copy_from: { name: "memcpy", parameters: ["buffer", "usize", "usize"], result: "usize" },
} as const;

/** The error of a call, as errno.h numbers it. */
export const Errno = {
  EPERM: 1,
  EINTR: 4,
  EIO: 5,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  ENODEV: 19,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  EMSGSIZE: 90,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  EHOSTUNREACH: 113,
} as const;

/** The place of a block in memory; only the system reads the number. */
export type Place = bigint & { readonly place: unique symbol };

/** The C library, and where it was found. */
export class Libc {
  readonly path: string;
  /** Bytes of a page: what memory is protected by. */
  readonly pageSize: number;
  readonly #calls: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  readonly #errnoPlace: bigint;
  readonly #errno = new Int32Array(1);
  readonly #number = new Int32Array(1);
  readonly #length = new Uint32Array(1);
  readonly #event = new Uint8Array(EVENT_SIZE);
  readonly #count = new BigUint64Array(1);

  constructor(path: string) {
    this.path = path;
    this.#calls = Deno.dlopen(path, SYMBOLS).symbols;
    this.pageSize = Number(this.#calls.sysconf(PAGE_SIZE));
    // Each thread has one place for it, and an isolate stays in its thread.
    this.#errnoPlace = this.#calls.__errno_location();
  }

  /** The error of the call before. */
  get errno(): number {
    this.#calls.copy_from(this.#errno, this.#errnoPlace, 4n);
    return this.#errno[0]!;
  }

  /** Where a buffer lies. Its owner keeps the buffer for as long as the place is in use. */
  placeOf(buffer: Uint8Array<ArrayBuffer>): Place {
    return this.#calls.memcpy(buffer, buffer, 0n) as Place;
  }

  /** Makes whole pages of memory such that whatever reads or writes them ends the process. */
  fence(pages: Uint8Array<ArrayBuffer>): boolean {
    return this.#calls.mprotect(pages, BigInt(pages.length), NO_ACCESS) === 0;
  }

  /** A new descriptor, or -1. */
  socket(domain: number, type: number, protocol: number): number {
    return this.#calls.socket(domain, type, protocol);
  }

  /** Whether the descriptor is now bound to the `sockaddr`. */
  bind(descriptor: number, name: Uint8Array<ArrayBuffer>): boolean {
    return this.#calls.bind(descriptor, name, name.length) === 0;
  }

  /** Whether datagrams of the descriptor go to the `sockaddr` from now on. */
  connect(descriptor: number, name: Uint8Array<ArrayBuffer>): boolean {
    return this.#calls.connect(descriptor, name, name.length) === 0;
  }

  /** Fills in the `sockaddr` that the descriptor is bound to. */
  nameOf(descriptor: number, name: Uint8Array<ArrayBuffer>): boolean {
    this.#length[0] = name.length;
    return this.#calls.getsockname(descriptor, name, this.#length) === 0;
  }

  /** Sets an option that is a number or a text; whether it is set. */
  set(descriptor: number, level: number, option: number, value: number | string): boolean {
    if (typeof value === "string") {
      const text = new TextEncoder().encode(value + "\0");
      return this.#calls.setsockopt(descriptor, level, option, text, text.length) === 0;
    }
    this.#number[0] = value;
    return this.#calls.setsockopt(descriptor, level, option, this.#number, 4) === 0;
  }

  /** Sets an option that is a structure; whether it is set. */
  setBytes(
    descriptor: number,
    level: number,
    option: number,
    value: Uint8Array<ArrayBuffer>,
  ): boolean {
    return this.#calls.setsockopt(descriptor, level, option, value, value.length) === 0;
  }

  /** The value of an option that is a number; -1 if there is none. */
  get(descriptor: number, level: number, option: number): number {
    this.#length[0] = 4;
    const failed = this.#calls.getsockopt(descriptor, level, option, this.#number, this.#length);
    return failed === 0 ? this.#number[0]! : -1;
  }

  /** Sends what a `msghdr` describes. Returns how many bytes, or -1. */
  sendMessage(descriptor: number, header: Place, flags: number): number {
    return this.#calls.sendmsg(descriptor, header, flags);
  }

  /** Receives into so many `mmsghdr`s. Returns into how many, or -1. */
  receiveMessages(descriptor: number, headers: Place, count: number, flags: number): number {
    return this.#calls.recvmmsg(descriptor, headers, count, flags, 0n);
  }

  /** A new epoll descriptor, or -1. */
  epoll(flags: number): number {
    return this.#calls.epoll_create1(flags);
  }

  /** Changes what an epoll descriptor waits for. Events of it bring the token. */
  watch(epoll: number, action: number, descriptor: number, events: number, token: number): boolean {
    const view = new DataView(this.#event.buffer);
    view.setUint32(0, events, true);
    view.setUint32(EVENT_DATA, token, true);
    return this.#calls.epoll_ctl(epoll, action, descriptor, this.#event) === 0;
  }

  /** A new eventfd, or -1. */
  eventDescriptor(flags: number): number {
    return this.#calls.eventfd(0, flags);
  }

  /** Makes an eventfd readable. */
  signal(eventDescriptor: number): void {
    this.#calls.eventfd_write(eventDescriptor, 1n);
  }

  /** Makes an eventfd unreadable again. */
  clear(eventDescriptor: number): void {
    this.#calls.eventfd_read(eventDescriptor, this.#count);
  }

  /** Another descriptor of the same socket, or -1. */
  duplicate(descriptor: number): number {
    return this.#calls.fcntl(descriptor, DUPLICATE, 0);
  }

  /** Lets other threads have the processor, if any wait for it. */
  yieldProcessor(): void {
    this.#calls.sched_yield();
  }

  close(descriptor: number): void {
    this.#calls.close(descriptor);
  }

  /** The text of a file; undefined if it cannot be read. */
  readFile(path: string): string | undefined {
    const descriptor = this.#calls.open(new TextEncoder().encode(path + "\0"), READ_ONLY);
    if (descriptor < 0) return undefined;
    const decoder = new TextDecoder();
    const piece = new Uint8Array(PIECE);
    let text = "";
    let count: number;
    while ((count = Number(this.#calls.read(descriptor, piece, BigInt(PIECE)))) > 0) {
      text += decoder.decode(piece.subarray(0, count), { stream: true });
    }
    this.close(descriptor);
    return count < 0 ? undefined : text + decoder.decode();
  }

  /** Makes a list for events. */
  events(count: number): EventList {
    return new EventList(this.#calls, count, BigInt(this.pageSize));
  }
}

/**
 * A list for events of an epoll descriptor. A call in another thread may outlive the isolate, so the
 * kernel writes to memory that is never given back, and what it wrote is copied.
 */
export class EventList {
  readonly #calls: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  readonly #count: number;
  readonly #place: bigint;
  readonly #copy: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;

  /** @param page Bytes of a page; the list fits into one. */
  constructor(
    calls: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"],
    count: number,
    page: bigint,
  ) {
    const size = count * EVENT_SIZE;
    this.#calls = calls;
    this.#count = count;
    const fence = calls.mmap(0n, 3n * page, NO_ACCESS, PRIVATE_ANONYMOUS, -1, 0n);
    if (isFailed(fence)) throw new Error("Cannot wait: no memory is left");
    const kept = calls.mmap(fence + page, page, READ_WRITE, PRIVATE_ANONYMOUS | FIXED, -1, 0n);
    if (isFailed(kept)) throw new Error("Cannot wait: no memory is left");
    // It ends where the fence behind it begins.
    this.#place = kept + page - BigInt(size);
    this.#copy = new Uint8Array(size);
    this.#view = new DataView(this.#copy.buffer);
  }

  /** Fills the list with what there is now; how many that are. */
  poll(epoll: number): number {
    return this.#take(this.#calls.epoll_wait(epoll, this.#place, this.#count, 0));
  }

  /** Fills the list as soon as there is something, or when so many milliseconds have passed. */
  async wait(epoll: number, milliseconds: number): Promise<number> {
    return this.#take(
      await this.#calls.wait_aside(epoll, this.#place, this.#count, milliseconds),
    );
  }

  /** What happened to the descriptor of the event. */
  eventsAt(index: number): number {
    return this.#view.getUint32(index * EVENT_SIZE, true);
  }

  /** The token of its descriptor. */
  tokenAt(index: number): number {
    return this.#view.getUint32(index * EVENT_SIZE + EVENT_DATA, true);
  }

  /** Copies what the kernel wrote. */
  #take(count: number): number {
    const sane = Math.min(Math.max(count, 0), this.#count);
    if (sane > 0) this.#calls.copy_from(this.#copy, this.#place, BigInt(sane * EVENT_SIZE));
    return sane;
  }
}

/** Whether `mmap` found no memory. */
function isFailed(place: bigint): boolean {
  return BigInt.asIntN(64, place) === -1n;
}

/** What makes native sockets impossible here, in a few words, if anything does. */
export type Obstacle = string;

/** The C library, or why there is none to use. */
export const libc: Libc | Obstacle = openLibc();

/**
 * Opens the library, once for the whole isolate when the program begins, if that is allowed without a
 * question.
 *
 * @param places Where it may lie.
 */
export function openLibc(places: readonly string[] = PLACES): Libc | Obstacle {
  const { os, arch } = Deno.build;
  if (os !== "linux") return `the system is ${os}, not Linux`;
  if (arch !== "x86_64" && arch !== "aarch64") return `the processor is ${arch}`;
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) return "the processor is big-endian";
  let why: Obstacle = `there is no ${places.join(", ")}`;
  for (const path of places) {
    if (Deno.permissions.querySync({ name: "ffi", path }).state !== "granted") {
      if (path === places[0]) why = `they need --allow-ffi=${path}`;
      continue;
    }
    try {
      return new Libc(path);
    } catch (error) {
      const { message } = error as Error;
      if (!message.includes("No such file")) why = `${path} cannot be used: ${message}`;
    }
  }
  return why;
}
