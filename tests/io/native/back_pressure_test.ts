import assert from "node:assert/strict";
import { Ecn } from "../../../src/bytes/ecn.ts";
import { Errno, type Libc, libc } from "../../../src/io/native/libc.ts";
import { NativeSocket } from "../../../src/io/native/native_socket.ts";
import { nativeTest, Notes, open, until } from "./tier.ts";

/** The C library, but that so many calls that send find no room. */
class Refusing {
  /** Calls that will still be refused. */
  sends = 0;
  #errno = 0;

  get library(): Libc {
    return new Proxy(libc as Libc, {
      get: (target, key) => {
        if (key === "sendMessage" && this.sends > 0) return () => this.#refuse();
        if (key === "errno" && this.#errno !== 0) return this.#errno;
        const value = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  #refuse(): number {
    this.sends--;
    this.#errno = Errno.EAGAIN;
    setTimeout(() => this.#errno = 0);
    return -1;
  }
}

nativeTest(
  "A socket that the system has no room for lends no buffer, then sends what waits",
  async () => {
    const refusing = new Refusing();
    const from = NativeSocket.open(refusing.library, "127.0.0.1", 0);
    const to = open("127.0.0.1");
    const [sent, heard] = [new Notes(), new Notes()];
    const listening = [from.listen(sent), to.listen(heard)];
    refusing.sends = 3;
    const id = new Uint8Array(8);
    for (let i = 0; i < 10; i++) {
      from.buffer!.fill(i, 0, 1_000);
      from.send(1_000, to.address, Ecn.NotEct, id);
    }
    assert.ok(from.buffer);
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(from.buffer, undefined);
    // Nothing is taken meanwhile.
    from.send(1_000, to.address, Ecn.NotEct, id);
    assert.equal(sent.free, 0);
    await until(() => heard.datagrams.length === 10 && sent.free === 1);
    assert.equal(refusing.sends, 0);
    assert.deepEqual(heard.datagrams.map(({ bytes }) => bytes[0]), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(from.sendCalls, 1);
    assert.ok(from.buffer);
    from.close();
    to.close();
    await Promise.all(listening);
  },
);
