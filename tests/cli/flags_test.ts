import assert from "node:assert/strict";
import { minRtt, roundRobin } from "../../mod.ts";
import { readClientOptions } from "../../cli/client/client_options.ts";
import { Failure, UsageError } from "../../cli/console/failure.ts";
import { type Flag, normaliseArgs, readFlags } from "../../cli/flags/flags.ts";
import { readServerOptions } from "../../cli/server/server_options.ts";

const flags: readonly Flag[] = [
  { name: "scheduler", short: "sc", value: "NAME", help: "" },
  { name: "tcp", help: "" },
  { name: "verbose", short: "v", help: "" },
  { name: "output", short: "o", value: "FILE", help: "" },
];

function failsWith(run: () => unknown, pattern: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.exitCode, 2);
    assert.match(error.message, pattern);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
}

function client(...args: string[]): Exclude<ReturnType<typeof readClientOptions>, string> {
  const options = readClientOptions([...args, "https://localhost:6121/"]);
  if (typeof options === "string") throw new Failure(options);
  return options;
}

function server(...args: string[]): Exclude<ReturnType<typeof readServerOptions>, string> {
  const options = readServerOptions(args);
  if (typeof options === "string") throw new Failure(options);
  return options;
}

Deno.test("normaliseArgs() accepts one dash, two dashes, a space and an equals sign", () => {
  const forms = [
    ["-sc", "rr"],
    ["--sc", "rr"],
    ["-sc=rr"],
    ["--sc=rr"],
    ["-scheduler", "rr"],
    ["--scheduler", "rr"],
    ["-scheduler=rr"],
    ["--scheduler=rr"],
  ];
  for (const form of forms) {
    assert.deepEqual(normaliseArgs("p", flags, form), ["--scheduler=rr", "--"], form.join(" "));
  }
});

Deno.test("normaliseArgs() keeps values that look odd as they are", () => {
  assert.deepEqual(normaliseArgs("p", flags, ["-o", "-"]), ["--output=-", "--"]);
  assert.deepEqual(normaliseArgs("p", flags, ["-o", "-5"]), ["--output=-5", "--"]);
  assert.deepEqual(normaliseArgs("p", flags, ["-o=a=b"]), ["--output=a=b", "--"]);
  assert.deepEqual(normaliseArgs("p", flags, ["-o", ""]), ["--output=", "--"]);
  assert.deepEqual(normaliseArgs("p", flags, ["-o", "a\nb"]), ["--output=a\nb", "--"]);
});

Deno.test("normaliseArgs() takes switches with true and false, as Go did", () => {
  assert.deepEqual(normaliseArgs("p", flags, ["-tcp=true"]), ["--tcp", "--"]);
  assert.deepEqual(normaliseArgs("p", flags, ["--tcp=false"]), ["--"]);
  failsWith(() => normaliseArgs("p", flags, ["-tcp=maybe"]), /switch and takes no value/);
});

Deno.test("readFlags() finds flags behind other words and stops at two dashes", () => {
  const given = readFlags("p", flags, ["one", "-v", "two", "--", "-tcp"]);
  assert.equal(given.values["verbose"], true);
  assert.equal(given.values["tcp"], undefined);
  assert.deepEqual(given.rest, ["one", "two", "-tcp"]);
});

Deno.test("readFlags() takes the last of several values", () => {
  assert.equal(readFlags("p", flags, ["-sc", "a", "-sc", "b"]).values["scheduler"], "b");
});

Deno.test("readFlags() names the nearest flag when one is unknown", () => {
  failsWith(() => readFlags("p", flags, ["--schedular", "rr"]), /--schedular.*use --scheduler/);
  failsWith(() => readFlags("p", flags, ["-tpc"]), /use --tcp/);
  failsWith(() => readFlags("p", flags, ["-verb"]), /use --verbose/);
  failsWith(() => readFlags("p", flags, ["-bananas"]), /no such flag; see p -h/);
  failsWith(() => readFlags("p", flags, ["---tcp"]), /no such flag/);
  failsWith(() => readFlags("p", flags, ["-=x"]), /no such flag/);
  failsWith(() => readFlags("p", flags, ["--__proto__=1"]), /no such flag/);
});

Deno.test("readFlags() asks for a forgotten value", () => {
  failsWith(() => readFlags("p", flags, ["-sc"]), /write -sc NAME/);
  failsWith(() => readFlags("p", flags, ["-sc", "-v"]), /write -sc NAME/);
  failsWith(() => readFlags("p", flags, ["-sc", "--", "x"]), /write -sc NAME/);
});

Deno.test("readServerOptions() reads every form of 2018", () => {
  const short = server(
    ...["-v", "-certpath", "certs", "-www", "web", "-tcp", "-port", "443", "-sc", "rr", "-ssc"],
    ...["sprio", "-c", "32", "-f", "512", "-n", "eth0,wlan0"],
  );
  const long = server(
    ...["--verbose", "--cert-path=certs", "--www=web", "--tcp", "--port=443", "--scheduler=rr"],
    ...["--stream-scheduler=sprio", "--initial-window=32", "--flow-window=512"],
    ...["--interfaces=eth0,wlan0"],
  );
  assert.deepEqual(short, long);
  assert.deepEqual(short, {
    verbose: true,
    keyPairs: [{ cert: "certs/fullchain.pem", key: "certs/privkey.pem" }],
    www: "web",
    sites: [],
    listing: true,
    live: undefined,
    exemptNetworks: [],
    clientCrl: undefined,
    maxConnections: undefined,
    maxConnectionsPerAddress: undefined,
    maxHandshakes: undefined,
    maxRequests: undefined,
    idleTimeout: undefined,
    bodyTimeout: undefined,
    minBodyRate: undefined,
    dotfiles: false,
    host: undefined,
    cors: false,
    headers: [],
    workers: undefined,
    secretFile: undefined,
    serverId: undefined,
    cidConfig: undefined,
    qlog: undefined,
    keyLog: undefined,
    accessLog: undefined,
    logFormat: "combined",
    logQuery: true,
    metrics: undefined,
    limitRate: undefined,
    drain: 5_000,
    auth: undefined,
    clientCa: undefined,
    overwrite: false,
    maxUpload: 10 * 1024 ** 3,
    maxUploads: 16,
    tcp: true,
    proxy: undefined,
    port: 443,
    scheduler: roundRobin,
    streamOrder: "strictPriority",
    initialCongestionWindow: 32,
    congestionControl: undefined,
    reinjection: undefined,
    initialReceiveWindow: 512 * 1024,
    interfaces: ["eth0", "wlan0"],
  });
});

Deno.test("readClientOptions() reads every form of 2018", () => {
  const short = client(
    ...["-v", "-d", "50", "-n", "a,b", "-mip", "192.0.2.7,h:7", "-sc", "mrtt", "-ssc", "prio"],
    ...["-c", "10", "-f", "64", "-o", "file", "-insecure"],
  );
  const long = client(
    ...["--verbose", "--delay=50", "--interfaces=a,b", "--multipath-addresses=192.0.2.7,h:7"],
    ...["--scheduler=mrtt", "--stream-scheduler=prio", "--initial-window=10", "--flow-window=64"],
    ...["--output=file", "--insecure"],
  );
  assert.deepEqual(short, long);
  assert.equal(short.delay, 50);
  assert.equal(short.scheduler, minRtt);
  assert.equal(short.streamOrder, "priority");
  assert.deepEqual(short.multipathAddresses, ["192.0.2.7", "h:7"]);
  assert.equal(client("-fmp").fakeMultipath, true);
  assert.equal(client("--fake-multipath").fakeMultipath, true);
});

Deno.test("options have the defaults of 2018", () => {
  assert.equal(server().port, 6121);
  assert.equal(server().scheduler, undefined);
  assert.equal(server().tcp, false);
  assert.equal(client().delay, 0);
  assert.deepEqual(client().interfaces, []);
});

Deno.test("readServerOptions() and readClientOptions() answer questions before anything else", () => {
  assert.equal(readServerOptions(["-h"]), "help");
  assert.equal(readServerOptions(["--version"]), "version");
  assert.equal(readServerOptions(["-V"]), "version");
  assert.equal(readClientOptions(["--help"]), "help");
  assert.equal(readClientOptions(["-version"]), "version");
});

Deno.test("readServerOptions() refuses values out of range with a sentence", () => {
  failsWith(() => server("-port", "65536"), /"65536".*whole number from 0 to 65535/);
  failsWith(() => server("-port", "-1"), /whole number/);
  failsWith(() => server("-port", "0x50"), /whole number/);
  failsWith(() => server("-port", ""), /whole number/);
  failsWith(() => server("-c", "1"), /from 2 to/);
  failsWith(() => server("-c", "1e3"), /whole number/);
  failsWith(() => server("-f", "9".repeat(400)), /whole number/);
  failsWith(() => server("-f", "15"), /from 16 to/);
  failsWith(() => server("-sc", "fastest"), /one of earliest, mrtt, rr, .*redundant/);
  failsWith(() => server("-sc", "toString"), /one of earliest/);
  failsWith(() => server("-ssc", "x"), /one of rr, .*prio.*sprio/);
  failsWith(() => server("-n", "eth0,,wlan0"), /single commas/);
  failsWith(() => server("site", "other"), /name one folder/);
  failsWith(() => server("-www", "site", "other"), /name one folder/);
});

Deno.test("readClientOptions() refuses what cannot be fetched", () => {
  failsWith(() => readClientOptions([]), /without a URL/);
  failsWith(() => readClientOptions(["http://localhost/"]), /begins with https/);
  failsWith(() => readClientOptions(["localhost:6121"]), /begins with https/);
  failsWith(() => readClientOptions(["https://"]), /begins with https/);
  failsWith(() => readClientOptions(["https://me:secret@localhost/"]), /leave user name/);
});

Deno.test("readClientOptions() refuses flags that contradict each other", () => {
  failsWith(() => client("-o", "f", "https://localhost:6121/b"), /one URL with -o/);
  failsWith(() => client("-i", "https://localhost:6121/b"), /one URL with --include/);
  failsWith(() => client("-I", "-X", "PUT"), /--request or --head/);
  failsWith(() => client("-I", "--data", "x"), /--data with HEAD/);
  failsWith(() => client("-X", "get", "--data", "x"), /--data with GET.*-X/);
  failsWith(() => client("--fallback-delay", "5"), /give --tcp-fallback/);
  failsWith(() => client("--tcp-fallback", "-k"), /--insecure over TCP/);
  failsWith(() => client("https://localhost/b"), /URLs of one host and port/);
  failsWith(() => client("--insecure", "--cacert", "f"), /not both/);
  failsWith(() => client("--insecure", "--crlfile", "f"), /lists count for certificates that are/);
  failsWith(() => client("-fmp", "-n", "a,b"), /no -fmp/);
});

Deno.test("readFlags() keeps all values of a flag that may be repeated", () => {
  const field: Flag = { name: "header", short: "H", value: "FIELD", isRepeatable: true, help: "" };
  const given = readFlags("p", [...flags, field], ["-H", "a", "x", "--header=b", "-H=c=d"]);
  assert.deepEqual(given.values["header"], ["a", "b", "c=d"]);
  assert.deepEqual(given.rest, ["x"]);
});

Deno.test("readClientOptions() reads the letters of curl", () => {
  const short = client("-X", "PUT", "-H", "a: b", "-H", "c:d", "-i", "-k", "-s", "-m", "1.5");
  const long = client(
    ...["--request=PUT", "--header=a: b", "--header=c:d", "--include", "--insecure", "--silent"],
    "--max-time=1.5",
  );
  assert.deepEqual(short, long);
  assert.equal(short.method, "PUT");
  assert.deepEqual(short.headers, [["a", "b"], ["c", "d"]]);
  assert.equal(short.output, "-", "who wants to see the fields wants to see them");
  assert.equal(client("-i", "-o", "file").output, "file");
  assert.equal(short.maxTime, 1_500);
  assert.deepEqual([short.insecure, short.silent], [true, true]);
  assert.deepEqual(client("-I"), client("--head"));
  assert.equal(client("-I").method, "HEAD");
  assert.equal(client("--data", "x").method, "POST");
  assert.equal(client("--data", "x", "-X", "patch").method, "patch");
  assert.equal(client("-X", "delete").method, "DELETE");
  assert.equal(client().method, "GET");
});

Deno.test("readClientOptions() refuses requests that cannot be sent", () => {
  failsWith(() => client("-X", "a b"), /"a b" for --request: give a method/);
  failsWith(() => client("-X", ""), /give a method/);
  failsWith(() => client("-X", "CONNECT"), /give a method/);
  failsWith(() => client("-X", "trace"), /give a method/);
  failsWith(() => client("-H", "no colon"), /write it as "name: value"/);
  failsWith(() => client("-H", ": x"), /write it as/);
  failsWith(() => client("-H", "a b: x"), /write it as/);
  failsWith(() => client("-H", "a: x\ny"), /"a: x\\ny".*write it as/);
  failsWith(() => client("-H", "Host: x"), /field Host: it follows from the URL/);
  failsWith(() => client("-H", "Connection: close"), /HTTP\/3 has no such field/);
  failsWith(() => client("-H", "content-length: 3"), /it follows from the content/);
  failsWith(() => client("-d", "a=b"), /"a=b" for -d: .*--data sends a body/);
});

Deno.test("readClientOptions() reads times in seconds", () => {
  assert.equal(client("-m", "10").maxTime, 10_000);
  assert.equal(client("--connect-timeout", ".5").connectTimeout, 500);
  assert.equal(client("--connect-timeout=3.").connectTimeout, 3_000);
  for (const text of ["", "0", "-1", "1e3", "1s", "0.0001", "86401", ".", "Infinity"]) {
    failsWith(() => client("-m", text), /--max-time: give seconds, such as/);
  }
});

Deno.test("readClientOptions() knows when to use TCP, and how long to wait before", () => {
  assert.equal(client().tcpFallback, false);
  const { tcpFallback, fallbackDelay } = client("--tcp-fallback");
  assert.deepEqual([tcpFallback, fallbackDelay], [true, 3_000]);
  assert.equal(client("--tcp-fallback", "--fallback-delay", "250").fallbackDelay, 250);
  failsWith(() => client("--tcp-fallback", "--fallback-delay", "0"), /from 1 to/);
});

Deno.test("both programs take logs, and local addresses one at a time", () => {
  for (const read of [client, server]) {
    const given = read("--qlog", "dir", "--key-log=file");
    assert.deepEqual([given.qlog, given.keyLog], ["dir", "file"]);
    const named = read("-n", "eth0,wlan0", "--local-address", "usb0", "--local-address=192.0.2.1");
    assert.deepEqual(named.interfaces, ["eth0", "wlan0", "usb0", "192.0.2.1"]);
    failsWith(() => read("--local-address", ""), /give an address or an interface/);
  }
});

Deno.test("readServerOptions() reads what file servers have besides", () => {
  const given = server(
    ...["site", "--host", "localhost", "-p", "443", "--cert", "c.pem", "--key", "k.pem", "--cors"],
    ...["-H", "x-a: 1", "--header", "x-b: 2", "--no-dir-listing", "--dotfiles"],
  );
  assert.equal(given.www, "site");
  assert.equal(given.host, "localhost");
  assert.equal(given.port, 443);
  assert.deepEqual(given.keyPairs, [{ cert: "c.pem", key: "k.pem" }]);
  const several = server("--key=k", "-certpath", "d", "--cert=c", "--cert=e", "--key=f").keyPairs;
  assert.deepEqual(several.map(({ cert, key }) => [cert, key]), [
    ["d/fullchain.pem", "d/privkey.pem"],
    ["c", "k"],
    ["e", "f"],
  ]);
  assert.deepEqual(given.headers, [["x-a", "1"], ["x-b", "2"]]);
  assert.deepEqual([given.cors, given.listing, given.dotfiles], [true, false, true]);
  const sites = server(
    "--site",
    "A.example,*.b.example.,[::1]=/srv/a=b",
    "--site=b\u00fccher.de=c",
  );
  assert.equal(sites.www, undefined);
  assert.equal(server("--site=a=b", "d").www, "d");
  assert.deepEqual(sites.sites, [
    { hosts: ["a.example", "*.b.example", "[::1]"], folder: "/srv/a=b" },
    { hosts: ["xn--bcher-kva.de"], folder: "c" },
  ]);
  assert.equal(server("--no-dotfiles").dotfiles, false);
  assert.equal(server().www, ".");
});

Deno.test("readServerOptions() refuses flags that contradict each other", () => {
  failsWith(() => server("--host", "localhost", "-n", "eth0"), /--host, or interfaces/);
  failsWith(() => server("--cert", "c.pem"), /--cert alone: give --key/);
  failsWith(() => server("--key", "k.pem"), /--key alone: give --cert/);
  failsWith(() => server("--cert=a", "--cert=b", "--key=c"), /--cert alone: give --key/);
  failsWith(() => server("-certpath", "d", "--key", "k.pem"), /--key alone: give --cert FILE/);
  failsWith(() => server("--dotfiles", "--no-dotfiles"), /not both/);
  for (const site of ["a.example", "=d", "a=", "a,=d", "a:1=d", "https://a/=d", "*=d", "a b=c"]) {
    failsWith(() => server("--site", site), /--site: give hosts and their folder, such as/);
  }
  failsWith(() => server("--site=a,b=c", "--site=B=d"), /Cannot serve b twice/);
  failsWith(() => server("-H", "upgrade: h2c"), /no such field/);
});

Deno.test("every flag of both programs has its own forms", async () => {
  const { clientProgram } = await import("../../cli/client/client_options.ts");
  const { serverProgram } = await import("../../cli/server/server_options.ts");
  for (const program of [clientProgram, serverProgram]) {
    const forms = program.flags.flatMap((flag) => [flag.name, flag.short ?? []].flat());
    assert.equal(new Set(forms).size, forms.length);
  }
});
