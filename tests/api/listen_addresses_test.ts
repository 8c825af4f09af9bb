import assert from "node:assert/strict";
import { ListenAddresses, type ListeningHub } from "../../src/api/address/listen_addresses.ts";
import { familyOf, type LocalAddress } from "../../src/io/interfaces.ts";
import { socketOpener } from "../../src/io/open_socket.ts";
import type { OpenSocket } from "../../src/io/socket.ts";
import { SocketSet } from "../../src/io/socket_set.ts";
import { whyNotNative } from "../io/native/tier.ts";
import { listenHere } from "./loopback.ts";

/** A hub whose sockets are real, on addresses that a test says the machine has. */
class Site implements Disposable {
  readonly sockets: SocketSet;
  readonly announced: string[] = [];
  readonly addresses: ListenAddresses;
  present: readonly string[] = ["127.0.0.1"];

  constructor(patterns: readonly string[] | undefined, open?: OpenSocket) {
    this.sockets = new SocketSet(open);
    const hub: ListeningHub = {
      endpoint: {
        announce: (list) => this.announced.push(list.map(({ hostname }) => hostname).join(" ")),
      },
      driver: { wake: () => {} },
      sockets: this.sockets,
      listen: (hostnames, port) => void this.sockets.openAll(hostnames, port),
    };
    this.addresses = new ListenAddresses(hub, patterns, () => this.present.map(local));
  }

  [Symbol.dispose](): void {
    this.addresses.stop();
    this.sockets.close();
  }
}

function local(hostname: string): LocalAddress {
  return { name: "lo", hostname, family: familyOf(hostname) };
}

for (const patterns of [undefined, ["lo*"]]) {
  Deno.test(`A listener hears on addresses that come later (${patterns ?? "all"})`, () => {
    using site = new Site(patterns);
    site.addresses.open(0);
    const [{ port } = { port: 0 }] = site.sockets.addresses;
    site.present = ["127.0.0.1", "127.0.0.2"];
    site.addresses.refresh();
    site.addresses.refresh();
    assert.deepEqual(
      site.sockets.addresses.map((address) => `${address.hostname}:${address.port}`),
      [`127.0.0.1:${port}`, `127.0.0.2:${port}`],
    );
    // What is gone is no longer told to clients; when it returns it is heard again.
    site.present = ["127.0.0.2"];
    site.addresses.refresh();
    site.present = ["127.0.0.1", "127.0.0.2"];
    site.addresses.refresh();
    const both = "127.0.0.1 127.0.0.2";
    assert.deepEqual(site.announced, ["127.0.0.1", both, "127.0.0.2", both]);
    assert.equal(site.sockets.sockets.length, 2);
  });
}

Deno.test("A listener takes no harm from addresses that cannot be used, or from having none", () => {
  using site = new Site(["lo*"]);
  site.addresses.open(0);
  site.present = ["127.0.0.1", "192.0.2.77"];
  site.addresses.refresh();
  assert.equal(site.sockets.sockets.length, 1);
  site.present = [];
  site.addresses.refresh();
  assert.deepEqual(site.announced, ["127.0.0.1"]);
});

Deno.test("A listener hears on one of its interfaces though another has no address", () => {
  using site = new Site(["wlan*", "lo*"]);
  site.addresses.open(0);
  site.present = ["127.0.0.1", "127.0.0.2"];
  site.addresses.refresh();
  assert.deepEqual(site.announced, ["127.0.0.1", "127.0.0.1 127.0.0.2"]);
});

Deno.test({
  name: "A listener at all addresses tells clients where it answers, as they come and go",
  ignore: whyNotNative !== undefined,
  fn() {
    for (const [pattern, heard] of [["0.0.0.0", ["127.0.0.1"]], ["::", ["127.0.0.1", "::1"]]]) {
      using site = new Site([pattern as string], socketOpener("require"));
      site.present = ["127.0.0.1", "::1"];
      site.addresses.open(0);
      site.addresses.refresh();
      site.present = ["127.0.0.1", "::1", "127.0.0.2"];
      site.addresses.refresh();
      assert.deepEqual(
        site.announced,
        [heard, [...heard!, "127.0.0.2"]].map((list) => (list as string[]).join(" ")),
      );
      assert.equal(site.sockets.sockets.length, 1);
    }
  },
});

Deno.test("A listener at all addresses that cannot tell them apart names none", () => {
  using site = new Site(["::"], socketOpener("off"));
  site.addresses.open(0);
  site.addresses.refresh();
  assert.deepEqual(site.announced.filter((text) => text !== ""), []);
});

Deno.test("A listener that cannot open all of its ports keeps none", async () => {
  const place = { transport: "udp" as const, hostname: "127.0.0.1" };
  const free = Deno.listenDatagram({ ...place, port: 0 });
  const { port } = free.addr as Deno.NetAddr;
  free.close();
  const taken = Deno.listenDatagram({ ...place, port: 0 });
  const preferredAddresses = [taken.addr as Deno.NetAddr];
  assert.throws(() => listenHere({ port, preferredAddresses }), Deno.errors.AddrInUse);
  // The runtime lets go of a socket a turn later.
  await new Promise((resolve) => setTimeout(resolve, 20));
  Deno.listenDatagram({ ...place, port }).close();
  taken.close();
});
