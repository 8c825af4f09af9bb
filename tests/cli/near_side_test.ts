import assert from "node:assert/strict";
import { NearSide, type NearSideOptions } from "../../cli/proxy/near_side.ts";
import { ByteReader } from "../../cli/proxy/byte_reader.ts";
import { Gateway, obstacleOf } from "../../cli/proxy/gateway.ts";
import { UdpAssociation } from "../../cli/proxy/udp_association.ts";
import { relay } from "../../cli/proxy/relay.ts";
import { within } from "../http3/raw_peer.ts";
import { nativeTest } from "../io/native/tier.ts";
import { farSide, listens, ResettingHost, says, TcpHost } from "../proxy/far_side.ts";
import { type TcpStreams, tcpStreams } from "../../src/proxy/tcp_streams.ts";
import type { ProxyOptions } from "../../src/proxy/proxy_options.ts";

/** A near side and its far side. */
function proxy(
  options: Partial<NearSideOptions> = {},
  farOptions: Partial<ProxyOptions> & { token?: string } = {},
): AsyncDisposable & { near: NearSide; told: string[]; loseGateway(): Promise<void> } {
  const { token, ...more } = farOptions;
  const { server, url, client } = farSide(more);
  const told: string[] = [];
  const gateway = new Gateway(url, { ...client, ...(token && { token }) }, "near-1");
  const near = new NearSide(Deno.listen({ hostname: "127.0.0.1", port: 0 }), gateway, {
    onTold: (text) => told.push(text),
    ...options,
  });
  return {
    near,
    told,
    loseGateway: async () => await server[Symbol.asyncDispose](),
    async [Symbol.asyncDispose]() {
      near.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** A program that speaks byte by byte. */
class Program {
  readonly streams: TcpStreams;
  readonly connection: Deno.TcpConn;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #held: number[] = [];

  private constructor(connection: Deno.TcpConn) {
    this.connection = connection;
    this.streams = tcpStreams(connection);
    this.#writer = this.streams.writable.getWriter();
    this.#writer.closed.catch(() => {});
    this.#reader = this.streams.readable.getReader();
  }

  static async connect({ addr }: NearSide): Promise<Program> {
    return new Program(await Deno.connect({ hostname: addr.hostname, port: addr.port }));
  }

  async send(data: Uint8Array | string): Promise<void> {
    await this.#writer.write(typeof data === "string" ? bytes(data) : data);
  }

  async end(): Promise<void> {
    await this.#writer.close();
  }

  async take(count: number): Promise<number[]> {
    while (this.#held.length < count) {
      const { done, value } = await within(this.#reader.read());
      if (done) break;
      for (const byte of value) this.#held.push(byte);
    }
    return this.#held.splice(0, count);
  }

  /** All to the end, as text of one character per byte. */
  async rest(): Promise<string> {
    const bytes = await this.take(Infinity);
    return bytes.map((byte) => String.fromCharCode(byte)).join("");
  }

  [Symbol.dispose](): void {
    this.streams.reset();
  }
}

/** A request of SOCKS for a literal address of IPv4, behind a greeting without password. */
function socks(command: number, target: string): number[] {
  const [host, port] = target.split(":");
  const address = host!.split(".").map(Number);
  return [5, command, 0, 1, ...address, Number(port) >>> 8, Number(port) & 0xff];
}

const GREETING = [5, 1, 0];

async function tunnelBySocks(near: NearSide, target: string): Promise<Program> {
  const program = await Program.connect(near);
  await program.send(Uint8Array.of(...GREETING, ...socks(1, target)));
  assert.deepEqual(await program.take(12), [5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return program;
}

async function tunnelByHttp(near: NearSide, target: string): Promise<Program> {
  const program = await Program.connect(near);
  await program.send(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const answer = String.fromCharCode(...await program.take(39));
  assert.equal(answer, "HTTP/1.1 200 Connection established\r\n\r\n");
  return program;
}

for (const [name, open] of [["SOCKS", tunnelBySocks], ["HTTP CONNECT", tunnelByHttp]] as const) {
  Deno.test(`the near side carries ${name}, and the end of each direction by itself`, async () => {
    await using host = new TcpHost(async ({ readable, writable }) => {
      const text = await new Response(readable).text();
      const writer = writable.getWriter();
      await writer.write(bytes(`got ${text}`));
      await writer.close();
    });
    await using run = proxy();
    using program = await open(run.near, host.target);
    await program.send("que");
    await program.send("stion");
    await program.end();
    assert.equal(await program.rest(), "got question");
  });

  nativeTest(`the near side carries resets by ${name}, both ways`, async () => {
    await using host = new ResettingHost();
    await using run = proxy();
    using first = await open(run.near, host.target);
    first.streams.reset();
    assert.equal((await within(host.outcome) as { code?: number }).code, 0x10f);
    using second = await open(run.near, host.target);
    await second.send("go");
    await assert.rejects(second.rest(), (error) => (error as { code?: number }).code === 0x10f);
  });
}

Deno.test("the near side takes names and IPv6 of SOCKS, and says what it does not do", async () => {
  await using host = new TcpHost(says("hello"));
  const port = Number(host.target.split(":")[1]);
  const ends = [port >>> 8, port & 0xff];
  await using run = proxy({}, { resolve: () => Promise.resolve(["127.0.0.1"]) });
  const reply = async (request: readonly number[]) => {
    using program = await Program.connect(run.near);
    await program.send(Uint8Array.of(...GREETING, ...request));
    return (await program.take(12))[3];
  };
  const named = [5, 1, 0, 3, 9, ...bytes("a.example"), ...ends];
  assert.equal(await reply(named), 0);
  const v6 = [5, 1, 0, 4, ...Array(10).fill(0), 0xff, 0xff, 127, 0, 0, 1, ...ends];
  assert.equal(await reply(v6), 0, "IPv4 in the form of IPv6");
  assert.equal(await reply(socks(2, host.target)), 7, "BIND");
  assert.equal(await reply(socks(9, host.target)), 7, "another command");
  assert.equal(await reply([5, 1, 0, 9, 1, 2, 3, 4, 5, 6]), 8, "another kind of address");
});

Deno.test("the near side tells programs why there is no tunnel", async () => {
  const closed = new TcpHost();
  const { target } = closed;
  await closed[Symbol.asyncDispose]();
  await using run = proxy();
  const reply = async (target: string) => {
    using program = await Program.connect(run.near);
    await program.send(Uint8Array.of(...GREETING, ...socks(1, target)));
    return (await program.take(12))[3];
  };
  assert.equal(await reply(target), 5);
  assert.equal(await reply("10.0.0.1:80"), 2);
  const answer = async (request: string) => {
    using program = await Program.connect(run.near);
    await program.send(request);
    return await program.rest();
  };
  const refused = await answer(`CONNECT ${target} HTTP/1.1\r\n\r\n`);
  assert.match(refused, /^HTTP\/1\.1 502 /);
  assert.match(refused, /\r\nProxy-Status: .*error=connection_refused/);
  assert.match(refused, /refuses the connection/);
  const loop = await answer(`CONNECT ${target} HTTP/1.1\r\nVia: 2 other, 1.1 near-1\r\n\r\n`);
  assert.match(loop, /^HTTP\/1\.1 502 [^]*error=proxy_loop_detected/);
  await using wrong = proxy({}, { token: "wrong-token" });
  using program = await Program.connect(wrong.near);
  await program.send(`CONNECT ${target} HTTP/1.1\r\n\r\n`);
  assert.match(await program.rest(), /^HTTP\/1\.1 502 [^]*does not take the token/);
});

Deno.test("the near side forwards requests for http URLs as the standard wants", async () => {
  const heads: string[] = [];
  await using host = new TcpHost(async ({ readable, writable }) => {
    const reader = readable.getReader();
    let text = "";
    while (!text.includes("\r\n\r\n") || text.includes("POST") && !text.includes("body")) {
      text += String.fromCharCode(...(await reader.read()).value ?? []);
    }
    heads.push(text);
    const writer = writable.getWriter();
    await writer.write(bytes("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfine"));
    await writer.close();
  });
  await using run = proxy();
  const fields = "Host: other.example\r\nProxy-Connection: keep-alive\r\nX-Hop: 1\r\n" +
    "Connection: keep-alive, x-hop\r\nProxy-Authorization: Basic eA==\r\nVia: 1.0 before\r\nAccept: */*\r\n";
  using program = await Program.connect(run.near);
  await program.send(`GET http://${host.target}/a?b HTTP/1.1\r\n${fields}\r\n`);
  // What follows is for another host, and must not reach this one.
  await program.send("GET http://evil.example/ HTTP/1.1\r\n\r\n");
  assert.match(await program.rest(), /200 OK[^]*fine$/);
  assert.equal(
    heads[0],
    `GET /a?b HTTP/1.1\r\nHost: ${host.target}\r\nAccept: */*\r\nVia: 1.0 before, 1.1 near-1\r\n` +
      "Connection: close\r\n\r\n",
  );
  using post = await Program.connect(run.near);
  await post.send(`POST http://${host.target}/ HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody and more`);
  assert.match(await post.rest(), /fine$/);
  assert.ok(heads[1]!.endsWith("\r\n\r\nbody"), heads[1]);
  // A program of HTTP/1.0 could not read an answer in chunks.
  using old = await Program.connect(run.near);
  await old.send(`GET http://${host.target}/ HTTP/1.0\r\n\r\n`);
  assert.match(await old.rest(), /fine$/);
  assert.match(heads[2]!, /^GET \/ HTTP\/1\.0\r\nHost: [^]*\r\nVia: 1\.0 near-1\r\n/);
});

Deno.test("obstacleOf() tells of the certificate that is wrong, and not of a gateway that is away", () => {
  const text = "Cannot accept the certificate for a: it expired on Monday";
  const expired = obstacleOf(Object.assign(new Error(text), { code: 0x100 + 45 }));
  assert.equal(expired.status, 502);
  assert.match(
    expired.text,
    /^Cannot trust the certificate of the gateway: it expired on Monday; look whether the clock /,
  );
  assert.equal(obstacleOf(new Error("no way")).text, "Cannot reach the gateway: no way");
});

Deno.test("the near side forwards paths and queries as they are written", async () => {
  const lines: string[] = [];
  await using host = new TcpHost(async ({ readable, writable }) => {
    const text = String.fromCharCode(...(await readable.getReader().read()).value ?? []);
    lines.push(text.split("\r\n")[0]!);
    const writer = writable.getWriter();
    await writer.write(bytes("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfine"));
    await writer.close();
  });
  await using run = proxy();
  const ask = async (request: string) => {
    using program = await Program.connect(run.near);
    await program.send(`${request} HTTP/1.1\r\nHost: a\r\n\r\n`);
    return await program.rest();
  };
  const rests = [
    "/a/../b/./c//d",
    "/a/%2e%2e/b%2Fc",
    "/a'b|c?d='e|f",
    "/b\xc3\xbccher?\xe4", // as curl sends what is no ASCII
    "/a\\b",
  ];
  for (const rest of rests) assert.match(await ask(`GET http://${host.target}${rest}`), /fine$/);
  assert.deepEqual(lines.splice(0), rests.map((rest) => `GET ${rest} HTTP/1.1`));
  const others = [
    ["GET", "?a=/b", "/?a=/b"],
    ["GET", "", "/"],
    ["GET", "/a#b", "/a"],
    ["OPTIONS", "", "*"],
    ["OPTIONS", "/", "/"],
  ] as const;
  for (const [method, rest] of others) await ask(`${method} http://${host.target}${rest}`);
  assert.deepEqual(lines, others.map(([method, , target]) => `${method} ${target} HTTP/1.1`));
});

Deno.test("the near side serves no web page and takes no garbage", async () => {
  await using run = proxy({ headTimeout: 300 });
  const answer = async (request: string) => {
    using program = await Program.connect(run.near);
    await program.send(request);
    return await program.rest().catch((error) => {
      assert.equal((error as { code?: number }).code, 0x10f, `${error}`);
      return "reset";
    });
  };
  for (
    const target of ["/", "*", "https://a.example/", "ftp://a.example/", "a.example:80", "//a"]
  ) {
    assert.match(
      await answer(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`),
      /^HTTP\/1\.1 400 /,
      target,
    );
  }
  for (
    const request of [
      "GET http://a/ HTTP/2.0\r\n\r\n",
      "GET http://a/\r\n\r\n",
      "GET http://a/ HTTP/1.1\r\nno colon\r\n\r\n",
      "GET http://a/ HTTP/1.1\r\nName : x\r\n\r\n",
      "GET http://a/ HTTP/1.1\r\na: b\r\n folded\r\n\r\n",
      "POST http://a/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST http://a/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      "POST http://a/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
      "GET http://a\\@b/ HTTP/1.1\r\n\r\n",
      `GET http://${"a".repeat(300)}/ HTTP/1.1\r\n\r\n`,
      "GET http:///a HTTP/1.1\r\n\r\n",
      "GET http:/a?b=://c HTTP/1.1\r\n\r\n",
      "GET http://a/\x01b HTTP/1.1\r\n\r\n",
      "CONNECT a HTTP/1.1\r\n\r\n",
      "CONNECT http://a:1/ HTTP/1.1\r\n\r\n",
      `GET http://a/ HTTP/1.1\r\nx: ${"y".repeat(20_000)}\r\n\r\n`,
    ]
  ) {
    assert.match(await answer(request), /^HTTP\/1\.1 400 /, request.slice(0, 60));
  }
  for (
    const garbage of ["\x04\x01\x00\x50\x7f\x00\x00\x01\x00", "\x00\x00", "\x16\x03\x01", "{}"]
  ) {
    assert.equal((await answer(garbage)).replace("reset", ""), "", "closed without a word");
  }
  // Half a request is given up after a while.
  for (
    const half of [
      "",
      "GET http://a/ HTT",
      "\x05",
      "\x05\x01\x00",
      "\x05\x01\x00\x05\x01\x00\x03\xff",
    ]
  ) {
    const text = await answer(half);
    assert.ok(text === "reset" || text === "" || text === "\x05\x00", half);
  }
  await within((async () => {
    while (run.near.open > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  })());
});

Deno.test("the near side refuses HEAD without content, and with the length that it would have", async () => {
  await using run = proxy();
  await using shut = proxy({ isUser: () => false });
  const answer = async (near: NearSide, method: string, target: string) => {
    using program = await Program.connect(near);
    await program.send(`${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    return await program.rest();
  };
  for (
    const [near, target, status] of [
      [run.near, "/", 400],
      [run.near, "http://10.0.0.1/", 502],
      [shut.near, "http://a/", 407],
    ] as const
  ) {
    const whole = await answer(near, "GET", target);
    assert.ok(whole.startsWith(`HTTP/1.1 ${status} `), whole);
    const head = whole.slice(0, whole.indexOf("\r\n\r\n") + 4);
    assert.ok(head.length < whole.length, "GET has content");
    assert.equal(await answer(near, "HEAD", target), head);
  }
});

Deno.test("the near side asks for a name and a password if it is told to", async () => {
  await using host = new TcpHost(says("hello"));
  const isUser = (name: string, password: string) => name === "anna" && password === "pass";
  await using run = proxy({ isUser });
  const bySocks = async (name: string, password: string) => {
    using program = await Program.connect(run.near);
    await program.send(Uint8Array.of(5, 2, 0, 2));
    assert.deepEqual(await program.take(2), [5, 2]);
    await program.send(
      Uint8Array.of(1, name.length, ...bytes(name), password.length, ...bytes(password)),
    );
    const [, status] = await program.take(2);
    if (status !== 0) return (await program.rest().catch(() => ""), "refused");
    await program.send(Uint8Array.of(...socks(1, host.target)));
    return (await program.take(10))[1];
  };
  assert.equal(await bySocks("anna", "pass"), 0);
  assert.equal(await bySocks("anna", "word"), "refused");
  using without = await Program.connect(run.near);
  await without.send(Uint8Array.of(...GREETING));
  assert.deepEqual(await without.take(2), [5, 0xff]);
  for (
    const [credentials, status] of [["anna:pass", 200], ["anna:word", 407], ["", 407]] as const
  ) {
    using program = await Program.connect(run.near);
    const field = `Proxy-Authorization: Basic ${btoa(credentials)}\r\n`;
    await program.send(`CONNECT ${host.target} HTTP/1.1\r\n${field}\r\n`);
    const text = await program.rest();
    assert.ok(text.startsWith(`HTTP/1.1 ${status} `), text);
  }
});

Deno.test("the near side carries UDP of one program, and of no other", async () => {
  const host = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = host.addr as Deno.NetAddr;
  const seen: string[] = [];
  (async () => {
    for await (const [data, from] of host) {
      seen.push(String.fromCharCode(...data));
      await host.send(data, from);
    }
  })().catch(() => {});
  await using run = proxy();
  const program = await Program.connect(run.near);
  await program.send(Uint8Array.of(...GREETING, ...socks(3, "0.0.0.0:0")));
  const reply = await program.take(12);
  assert.deepEqual(reply.slice(0, 10), [5, 0, 5, 0, 0, 1, 127, 0, 0, 1]);
  const relay = {
    transport: "udp" as const,
    hostname: "127.0.0.1",
    port: reply[10]! * 256 + reply[11]!,
  };
  const mine = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const other = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const head = [127, 0, 0, 1, port >>> 8, port & 0xff];
  const datagram = (text: string, fragment = 0) =>
    Uint8Array.of(0, 0, fragment, 1, ...head, ...bytes(text));
  await mine.send(datagram("one"), relay);
  const [first] = await within(mine.receive());
  assert.deepEqual([...first], [...datagram("one")]);
  await mine.send(datagram("a fragment", 1), relay);
  await mine.send(Uint8Array.of(0, 0, 0, 9, 1), relay);
  await mine.send(Uint8Array.of(0), relay);
  await other.send(datagram("a stranger"), relay);
  await mine.send(datagram("two"), relay);
  const [second] = await within(mine.receive());
  assert.deepEqual([...second], [...datagram("two")]);
  await mine.send(Uint8Array.of(...datagram("x"), ...new Uint8Array(5_000)), relay);
  await within((async () => {
    while (run.told.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  })());
  assert.match(run.told[0]!, /do not fit/);
  assert.deepEqual(seen, ["one", "two"]);
  // The association ends with the connection that asked for it: its port is free then.
  await program.end();
  await program.rest().catch(() => {});
  await within((async () => {
    for (;;) {
      try {
        return Deno.listenDatagram(relay).close();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  })());
  for (const socket of [host, mine, other]) socket.close();
});

Deno.test("a datagram that is too long with its address before it is lost, and no other", async () => {
  const come = [new Uint8Array(65_507), bytes("short")];
  let opened = 0;
  const tunnel = {
    maxSize: 65_507,
    send: () => Promise.resolve(),
    read: () => come.length > 0 ? Promise.resolve(come.shift()) : new Promise(() => {}),
    close: () => void opened--,
  };
  const gateway = { connectUdp: () => (opened++, Promise.resolve(tunnel)) } as unknown as Gateway;
  const association = new UdpAssociation("127.0.0.1", "127.0.0.1", gateway, () => {});
  const mine = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const head = [0, 0, 0, 1, 192, 0, 2, 1, 0, 9];
  const { port } = association;
  await mine.send(Uint8Array.from(head), { transport: "udp", hostname: "127.0.0.1", port });
  const [data] = await within(mine.receive());
  assert.deepEqual([...data], [...head, ...bytes("short")]);
  association.close();
  assert.equal(opened, 0, "tunnels that stay");
  mine.close();
});

Deno.test("many short connections leave nothing open at the near side", async () => {
  await using host = new TcpHost(says("hello"));
  await using run = proxy({ mostPrograms: 40 });
  const one = async () => {
    using program = await tunnelBySocks(run.near, host.target);
    await program.end();
    assert.equal(await program.rest(), "hello");
  };
  for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 15 }, one));
  await within((async () => {
    while (run.near.open + host.open.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })());
});

Deno.test("a program that is gone when it is taken is closed, and the next one is taken", async () => {
  let isClosed = false;
  const gone = {
    setNoDelay: () => {
      throw new Error("Invalid argument (os error 22)"); // what macOS says of such a connection
    },
    close: () => isClosed = true,
  };
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accept = listener.accept.bind(listener);
  listener.accept = () => {
    listener.accept = accept;
    return Promise.resolve(gone as unknown as Deno.TcpConn);
  };
  const gateway = new Gateway("https://gateway.invalid", {}, "near-1");
  const near = new NearSide(listener, gateway, { onTold: () => {} });
  using next = await Program.connect(near);
  await next.send(Uint8Array.of(...GREETING));
  assert.deepEqual(await next.take(2), [5, 0]);
  assert.ok(isClosed);
  near.close();
});

nativeTest("the near side takes so many programs and no more", async () => {
  await using host = new TcpHost(listens);
  await using run = proxy({ mostPrograms: 2 });
  using first = await tunnelBySocks(run.near, host.target);
  using _ = await tunnelBySocks(run.near, host.target);
  using third = await Program.connect(run.near);
  assert.equal(await third.rest().catch(() => ""), "");
  first.streams.reset();
  await within((async () => {
    while (run.near.open > 1) await new Promise((resolve) => setTimeout(resolve, 10));
  })());
  using __ = await tunnelBySocks(run.near, host.target);
});

nativeTest("the near side resets programs that do not read when the gateway is lost", async () => {
  await using host = new TcpHost(async ({ writable }) => {
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    while (await writer.write(new Uint8Array(65_536)).then(() => true, () => false));
  });
  await using run = proxy();
  using program = await tunnelBySocks(run.near, host.target);
  // Long enough for all buffers on the way to be full.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await run.loseGateway();
  await within((async () => {
    while (run.near.open > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  })());
  await assert.rejects(program.rest(), (error) => (error as { code?: number }).code === 0x10f);
});

Deno.test("relay() puts tunnels that carry much behind those that carry little", async () => {
  const urgencies: number[] = [];
  const never = Promise.withResolvers<void>().promise;
  const down = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const up = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const seen = new TransformStream<Uint8Array, Uint8Array>();
  const tunnel = {
    readable: down.readable,
    writable: new WritableStream<Uint8Array>(),
    closed: never,
    prioritize: (urgency: number) => void urgencies.push(urgency),
  };
  const program = {
    readable: up.readable,
    writable: seen.writable,
    closed: never,
    reset: () => {},
  };
  const relaying = relay(program, new ByteReader(up.readable), tunnel);
  const writer = down.writable.getWriter();
  const reader = seen.readable.getReader();
  const carry = async (size: number) => {
    writer.write(new Uint8Array(size)).catch(() => {});
    await within(reader.read());
  };
  for (let i = 0; i < 4; i++) await carry(65_536);
  assert.deepEqual(urgencies, []);
  await carry(1);
  await carry(65_536);
  assert.deepEqual(urgencies, [5]);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await carry(1);
  assert.deepEqual(urgencies, [5, 3], "after a pause");
  writer.close();
  await within(reader.read());
  up.writable.close();
  await within(relaying);
});
