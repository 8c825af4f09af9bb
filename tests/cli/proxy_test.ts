import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readProxyOptions } from "../../cli/proxy/proxy_options.ts";
import { userOf } from "../../cli/server/client_certificate.ts";
import { makeIssuedCertificate } from "../../mod.ts";
import { readServerOptions } from "../../cli/server/server_options.ts";
import { within } from "../http3/raw_peer.ts";
import { H2Stranger } from "../http2/strangers.ts";
import { nativeTest } from "../io/native/tier.ts";
import { exactly } from "../permissions/permission_line.ts";
import { hashOf, listens, says, TcpHost } from "../proxy/far_side.ts";
import { ProxyUsers } from "../../src/proxy/proxy_users.ts";
import { tcpFarSide } from "../proxy/tcp_far_side.ts";
import { hasCurl } from "./curl.ts";
import { assertSentence, mainCommand, run, RunningServer } from "./program_runner.ts";

const TOKEN = "a-token-of-this-test";

/** A folder with a token, its users, and a page. */
async function folder(): Promise<string> {
  const path = await Deno.makeTempDir();
  await Deno.writeTextFile(`${path}/token`, `${TOKEN}\n`);
  await Deno.writeTextFile(`${path}/users`, `anna:${await hashOf(TOKEN)}\n`);
  await Deno.mkdir(`${path}/www`);
  return path;
}

function startServer(path: string, port = 0, ...more: string[]): Promise<RunningServer> {
  return RunningServer.start(
    ...["--host", "127.0.0.1", "--port", `${port}`, "--proxy", "--users", `${path}/users`],
    ...["--proxy-allow", "127.0.0.1", "--proxy-refuse", "127.0.0.2", "--proxy-self", "192.0.2.1"],
    ...["--proxy-udp-ports", "53", ...more, `${path}/www`],
  );
}

/** Opens a tunnel by HTTP and gives the first line of the answer. */
async function open(port: number, target: string): Promise<[Deno.TcpConn, string, string]> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(`CONNECT ${target} HTTP/1.1\r\n\r\n`));
  const buffer = new Uint8Array(4_096);
  let text = "";
  while (!text.includes("\r\n\r\n")) {
    const count = await within(connection.read(buffer), 20_000);
    if (count === null) break;
    text += String.fromCharCode(...buffer.subarray(0, count));
  }
  const [head, rest = ""] = text.split("\r\n\r\n");
  return [connection, head!.split("\r\n")[0]!, rest];
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const start = performance.now(); performance.now() - start < 30_000;) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail("Nothing happened in time");
}

const OK = "HTTP/1.1 200 Connection established";

Deno.test("mpquic proxy and the server carry a tunnel, with the permissions of their help", async () => {
  const path = await folder();
  await using host = new TcpHost(says("hello"));
  await using silent = new TcpHost(listens);
  const server = await startServer(path);
  assert.match(server.text, /A proxy for the users in/);
  const near = await RunningServer.of(mainCommand([
    "proxy",
    ...["--via", `https://127.0.0.1:${server.port}`, "--token-file", `${path}/token`],
    ...["--listen", "127.0.0.1:0", "--insecure"],
  ]));
  await until(() => Promise.resolve(near.text.includes("For Chromium: --proxy-server=socks5://")));
  assert.match(near.text, /export HTTPS_PROXY=http:\/\/127\.0\.0\.1:\d+ HTTP_PROXY=/);
  assert.match(
    near.text,
    /ALL_PROXY=socks5h:\/\/127\.0\.0\.1:\d+ NO_PROXY=localhost,127\.0\.0\.1,::1/,
  );
  const [connection, line, beginning] = await open(near.port, host.target);
  assert.equal(line, OK);
  let text = beginning;
  const buffer = new Uint8Array(10);
  for (let count; (count = await within(connection.read(buffer))) !== null;) {
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  assert.equal(text, "hello");
  connection.close();
  const [refused, reason] = await open(near.port, "127.0.0.2:80");
  assert.match(reason, / 502 /);
  refused.close();

  // What is open ends with the token, and comes back with it.
  const [open1] = await open(near.port, silent.target);
  const ended = open1.read(new Uint8Array(1)).then((count) => `${count}`, () => "reset");
  await Deno.writeTextFile(`${path}/users`, `otto:${await hashOf("another")}\n`);
  assert.match(await within(ended, 20_000), /null|reset/);
  open1.close();
  const [open2, answer] = await open(near.port, host.target);
  assert.match(answer, / 502 /);
  open2.close();
  await Deno.writeTextFile(`${path}/users`, `anna:${await hashOf(TOKEN)}\n`);
  await until(async () => {
    const [connection, line] = await open(near.port, host.target);
    connection.close();
    return line === OK;
  });

  // When the far side is started again, what was open fails, and the next tunnel works.
  const [open3] = await open(near.port, silent.target);
  const lost = open3.read(new Uint8Array(1)).then((count) => `${count}`, () => "reset");
  await server.stop();
  await using _ = await startServer(path, server.port);
  assert.match(await within(lost, 30_000), /null|reset/);
  open3.close();
  await until(async () => {
    const [connection, line] = await open(near.port, host.target);
    connection.close();
    return line === OK;
  });
  // While the far side was away TCP may have been there before UDP.
  const { code, stderr } = await near.stop();
  assert.equal(code, 0);
  assert.match(stderr, /^(mpquic proxy: UDP .*\n)*$/);
  await Deno.remove(path, { recursive: true });
});

Deno.test({
  name: "the server carries tunnels over TCP for curl, and no files unless -tcp says so",
  ignore: !hasCurl,
  async fn() {
    const path = await folder();
    await Deno.writeTextFile(`${path}/www/a.txt`, "a file");
    await using host = new TcpHost(async ({ readable, writable }) => {
      await readable.getReader().read();
      const writer = writable.getWriter();
      await writer.write(new TextEncoder().encode("HTTP/1.0 200 OK\r\n\r\nhello"));
      await writer.close();
    });
    for (const tcp of [true, false]) {
      await using server = await startServer(path, 0, ...tcp ? ["-tcp"] : []);
      assert.match(server.text, /\(UDP and TCP\)/);
      const site = `https://127.0.0.1:${server.port}`;
      const gateway = [
        "--noproxy",
        "",
        "-p",
        "-x",
        `https://anna:${TOKEN}@127.0.0.1:${server.port}`,
      ];
      const through = await curl("--proxy-insecure", ...gateway, `http://${host.target}/`);
      assert.equal(through, "hello");
      const file = await curl("-k", "-w", " %{http_code} %{http_version}", `${site}/a.txt`);
      assert.equal(file, tcp ? "a file 200 2" : " 404 2");
    }
    await Deno.remove(path, { recursive: true });
  },
});

async function curl(...args: string[]): Promise<string> {
  const command = new Deno.Command("curl", { args: ["-sS", "-m", "30", ...args] });
  const { stdout, stderr } = await command.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("mpquic proxy goes over TCP where there is no UDP, and says so", async () => {
  const path = await folder();
  await using host = new TcpHost(says("hello"));
  await using far = await tcpFarSide({ users: new ProxyUsers(`anna:${await hashOf(TOKEN)}`) });
  const via = ["--via", `https://localhost:${far.port}`, "--token-file", `${path}/token`];
  const more = ["--listen", "127.0.0.1:0", "--insecure"];
  const near = await RunningServer.of(mainCommand(["proxy", ...via, ...more]));
  const [connection, line] = await open(near.port, host.target);
  assert.equal(line, OK);
  connection.close();
  const { code, stderr } = await near.stop();
  assert.equal(code, 0);
  assert.match(stderr, /^mpquic proxy: UDP .* going over TCP, .*\n$/);
  await Deno.remove(path, { recursive: true });
});

nativeTest("a server with workers takes tunnels over TCP as well", async () => {
  const path = await folder();
  await using host = new TcpHost(says("hello"));
  const place = ["--host", "127.0.0.1", "--port", "0", "--workers", "2"];
  const rules = ["--proxy", "--users", `${path}/users`, "--proxy-allow", "127.0.0.1"];
  const words = [...place, ...rules, `${path}/www`];
  const pipes = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
  const run = { ...exactly("cli/server.ts", words, ["--allow-ffi"]), ...pipes };
  const server = await RunningServer.of(new Deno.Command(Deno.execPath(), run));
  {
    await using client = await H2Stranger.connect(server.port, { rejectUnauthorized: false });
    const shown = { "proxy-authorization": `Bearer ${TOKEN}` };
    const { status, text } = await client.tunnel(host.target, shown);
    assert.deepEqual([status, text], [200, "hello"]);
    assert.equal((await client.tunnel(host.target, {})).status, 407);
  }
  const { code, stderr } = await server.stop();
  assert.deepEqual([code, stderr], [0, ""]);
  await Deno.remove(path, { recursive: true });
});

Deno.test("mpquic proxy shows a certificate to a server with --client-ca, which takes no files for it", async () => {
  const path = await folder();
  const { certPem, keyPem, caPem } = await makeIssuedCertificate(["anna.example"]);
  await Deno.writeTextFile(`${path}/ca`, caPem);
  await Deno.writeTextFile(`${path}/cert`, certPem);
  await Deno.writeTextFile(`${path}/key`, keyPem);
  const der = new X509Certificate(certPem);
  await Deno.writeTextFile(`${path}/users`, `${userOf(der.raw)}:certificate\n`);
  await using host = new TcpHost(says("hello"));
  await using server = await startServer(path, 0, "--client-ca", `${path}/ca`);
  const via = ["--via", `https://127.0.0.1:${server.port}`, "-k", "--listen", "127.0.0.1:0"];
  const identity = ["--cert", `${path}/cert`, "--key", `${path}/key`];
  const near = await RunningServer.of(mainCommand(["proxy", ...via, ...identity]));
  const [connection, line] = await open(near.port, host.target);
  assert.equal(line, OK);
  connection.close();
  await near.stop();
  const options = readServerOptions(["--proxy", "--users", "u", "--client-ca", "c"]);
  assert.ok(typeof options !== "string");
  assert.deepEqual([options.proxy?.clientCa, options.clientCa], ["c", undefined]);
  const wrong = ["--proxy", "--users", "u", "--client-ca", "c", "--overwrite"];
  assert.throws(() => readServerOptions(wrong), /--overwrite alone/);
  await Deno.remove(path, { recursive: true });
});

Deno.test("mpquic proxy refuses wrong use with a sentence", async () => {
  const path = await folder();
  await Deno.writeTextFile(`${path}/two`, "one\ntwo\n");
  const via = ["--via", "https://gateway.example"];
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const cases: [string[], number, RegExp][] = [
    [[], 2, /without a gateway: give --via/],
    [["--via", "http://gateway.example"], 2, /begins with https/],
    [[...via, "--listen", "0.0.0.0:1080"], 2, /other machines would reach it; give --user/],
    [[...via, "--listen", "here"], 2, /such as 127\.0\.0\.1:1080/],
    [[...via, "--user", "anna"], 2, /NAME:PASSWORD/],
    [[...via, "more"], 2, /name the gateway with --via/],
    [[...via, "-k", "--cacert", "x"], 2, /not both/],
    [[...via, "--cert", "x"], 2, /Cannot use --cert alone: give --key FILE/],
    [[...via, "--cert", `${path}/missing`, "--key", "x"], 1, /name another file with --(cert|key)/],
    [[...via, "--token-file", `${path}/missing`], 1, /name another file with --token-file/],
    [[...via, "--token-file", `${path}/two`], 1, /a token in one line/],
    [[...via, "--listen", `127.0.0.1:${taken.addr.port}`], 1, /choose another with --listen/],
  ];
  for (const [args, code, pattern] of cases) {
    assertSentence(await run("main", "proxy", ...args), code, pattern);
  }
  await Deno.remove(path, { recursive: true });
});

Deno.test("the server is no proxy without users, and says which line of theirs is wrong", async () => {
  const path = await folder();
  await Deno.writeTextFile(`${path}/bad`, "anna:1234\n");
  await Deno.writeTextFile(`${path}/none`, "# no user\n");
  const cases: [string[], number, RegExp][] = [
    [["--proxy"], 2, /give --users FILE with --proxy/],
    [["--users", "x"], 2, /give --proxy with it/],
    [["--proxy", "--users", `${path}/missing`], 1, /name another with --users/],
    [["--proxy", "--users", `${path}/bad`], 1, /line 1/],
    [["--proxy", "--users", `${path}/none`], 1, /without users|name:hash/],
    [["--proxy", "--users", `${path}/users`, "--proxy-allow", "ten"], 1, /"ten"|10\.0\.0\.0/],
    [["--proxy", "--users", `${path}/users`, "--proxy-udp-ports", "0"], 2, /ports from 1 to 65535/],
  ];
  for (const [args, code, pattern] of cases) {
    assertSentence(await run("server", ...args, "--port", "0", path), code, pattern);
  }
  await Deno.remove(path, { recursive: true });
});

Deno.test("readProxyOptions() and readServerOptions() read what makes a proxy", () => {
  const near = readProxyOptions([
    ...["--via", "https://g.example/{target_host}/{target_port}/", "-n", "wlan0,usb0"],
    ...["--listen", "[::1]:0", "--user", "anna:a:b", "-sc", "rr", "--cert", "c", "--key", "k"],
  ]);
  assert.ok(typeof near !== "string");
  assert.deepEqual(near.listen, { hostname: "::1", port: 0 });
  assert.deepEqual(near.user, { name: "anna", password: "a:b" });
  assert.deepEqual(near.interfaces, ["wlan0", "usb0"]);
  assert.deepEqual(near.identity, { cert: "c", key: "k" });
  const far = readServerOptions([
    ...[
      "--proxy",
      "--users",
      "u",
      "--proxy-allow",
      "10.0.0.0/8,::1",
      "--proxy-udp-ports",
      "53,123",
    ],
  ]);
  assert.ok(typeof far !== "string");
  assert.deepEqual(far.proxy, {
    users: "u",
    clientCa: undefined,
    destinations: {
      allow: ["10.0.0.0/8", "::1"],
      refuse: [],
      self: [],
      allowUdpPorts: [53, 123],
    },
  });
});
