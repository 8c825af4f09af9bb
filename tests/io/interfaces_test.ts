import assert from "node:assert/strict";
import {
  familyOf,
  listLocalAddresses,
  literalAddress,
  type LocalAddress,
  reachable,
  routableAddresses,
  selectLocalAddresses,
} from "../../src/io/interfaces.ts";
import { readLinkFacts } from "../../src/io/links/link_facts.ts";

const all: readonly LocalAddress[] = [
  { name: "lo", hostname: "127.0.0.1", family: "IPv4" },
  { name: "eth0", hostname: "192.168.1.5", family: "IPv4" },
  { name: "eth1", hostname: "192.168.2.5", family: "IPv4" },
  { name: "wlan0", hostname: "10.0.0.7", family: "IPv4" },
  { name: "lo", hostname: "::1", family: "IPv6" },
  { name: "eth0", hostname: "2001:db8::5", family: "IPv6" },
  { name: "eth0", hostname: "fe80::5", family: "IPv6" },
  { name: "usb0", hostname: "169.254.3.4", family: "IPv4" },
];

Deno.test("selectLocalAddresses() takes names, prefixes and literal addresses in their order", () => {
  const cases: [string[], string[]][] = [
    [["eth0"], ["192.168.1.5", "2001:db8::5"]],
    [["eth*"], ["192.168.1.5", "192.168.2.5", "2001:db8::5"]],
    [["192.168."], ["192.168.1.5", "192.168.2.5"]],
    [["192.168.2.*", "wlan0"], ["192.168.2.5", "10.0.0.7"]],
    [["2001:db8:"], ["2001:db8::5"]],
    [["*"], ["192.168.1.5", "192.168.2.5", "10.0.0.7", "2001:db8::5"]],
    [["lo"], ["127.0.0.1", "::1"]],
    [["10.0.0.7", "wlan0"], ["10.0.0.7"]],
    [["203.0.113.9"], ["203.0.113.9"]],
    [["[2001:DB8::0:5]"], ["2001:db8::5"]],
    [["169.254.*"], ["169.254.3.4"]],
    [["usb0", "eth1", "ppp*"], ["192.168.2.5"]],
    [[], []],
  ];
  for (const [patterns, expected] of cases) {
    assert.deepEqual(selectLocalAddresses(patterns, all), expected, patterns.join());
  }
});

Deno.test("selectLocalAddresses() lists what there is when nothing matches", () => {
  for (const pattern of ["eth9", "eth", "172.", "usb0", ""]) {
    assert.throws(
      () => selectLocalAddresses([pattern, "tun*"], all),
      (error: Error) => {
        assert.ok(error instanceof TypeError);
        assert.ok(error.message.includes(`"${pattern}" or "tun*"`), error.message);
        return error.message.includes("wlan0 (10.0.0.7)");
      },
    );
  }
});

Deno.test("selectLocalAddresses() needs no list for literal addresses, and says so for names", () => {
  assert.deepEqual(selectLocalAddresses(["127.0.0.1", "::1"]), ["127.0.0.1", "::1"]);
  const denied = undefined as unknown as readonly LocalAddress[];
  // An argument of undefined asks the system; whatever it says, this name does not exist.
  assert.throws(() => selectLocalAddresses(["no-such-if"], denied), TypeError);
});

Deno.test("routableAddresses() leaves out loopback and link-local ones", () => {
  assert.deepEqual(routableAddresses(all).map(({ hostname }) => hostname), [
    "192.168.1.5",
    "192.168.2.5",
    "10.0.0.7",
    "2001:db8::5",
  ]);
});

Deno.test("listLocalAddresses() asks the system only when that is granted", async () => {
  const granted = listLocalAddresses();
  assert.ok(granted?.some(({ hostname }) => hostname === "127.0.0.1"));
  const module = new URL("../../src/io/interfaces.ts", import.meta.url).href;
  const code = `import { listLocalAddresses, selectLocalAddresses } from "${module}";
    let message = "";
    try { selectLocalAddresses(["eth0"]); } catch (error) { message = error.message; }
    console.log(String(listLocalAddresses()), message);`;
  const bare = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-config",
      "--no-prompt",
      `data:application/typescript,${encodeURIComponent(code)}`,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(bare.stdout) + new TextDecoder().decode(bare.stderr);
  assert.match(text, /^undefined Cannot look up the local address "eth0": run with --allow-sys/);
});

Deno.test("literalAddress() knows an address when it sees one", () => {
  const cases: [string, string | undefined][] = [
    ["127.0.0.1", "127.0.0.1"],
    ["256.0.0.1", undefined],
    ["1.2.3", undefined],
    ["1.2.3.4.5", undefined],
    ["[::1]", "::1"],
    ["2001:DB8:0:0::1", "2001:db8::1"],
    ["::1]", undefined],
    ["example.com", undefined],
    ["eth0:", undefined],
    ["2001:db8:", undefined],
    ["", undefined],
    ["::1/64", undefined],
    ["::1@evil", undefined],
  ];
  for (const [text, expected] of cases) assert.equal(literalAddress(text), expected, text);
  assert.equal(familyOf("::1"), "IPv6");
  assert.equal(familyOf("1.2.3.4"), "IPv4");
});

Deno.test("reachable() leads to the host itself where an address stands for all of it", () => {
  assert.deepEqual(["0.0.0.0", "::", "192.0.2.1", "::2"].map(reachable), [
    "127.0.0.1",
    "::1",
    "192.0.2.1",
    "::2",
  ]);
});

Deno.test("The system is asked once for connections that are opened at once, and soon again", async () => {
  const { networkInterfaces } = Deno;
  let questions = 0;
  Deno.networkInterfaces = () => {
    questions++;
    return networkInterfaces();
  };
  try {
    await new Promise((resolve) => setTimeout(resolve, 60));
    for (let i = 0; i < 100; i++) listLocalAddresses();
    assert.ok(questions > 0 && questions < 50, `${questions} questions`);
    questions = 0;
    await new Promise((resolve) => setTimeout(resolve, 60));
    listLocalAddresses();
    assert.equal(questions, 1);
  } finally {
    Deno.networkInterfaces = networkInterfaces;
  }
});

Deno.test("The last answer of the system holds while no descriptor is left to ask by", async () => {
  const { networkInterfaces } = Deno;
  const before = listLocalAddresses()!;
  const { router } = readLinkFacts(false);
  const routers = () => before.map(({ name }) => router(name));
  const routersBefore = routers();
  Deno.networkInterfaces = () => {
    throw new Error("Too many open files (os error 24)");
  };
  try {
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.deepEqual(listLocalAddresses(), before);
    assert.deepEqual(routers(), routersBefore);
  } finally {
    Deno.networkInterfaces = networkInterfaces;
  }
});
