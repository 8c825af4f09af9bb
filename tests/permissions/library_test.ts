import assert from "node:assert/strict";
import { makeIssuedCertificate } from "../../mod.ts";
import { whyNotNative } from "../io/native/tier.ts";
import { plainEnvironment } from "./permission_line.ts";
import { SYSTEM_BUNDLES } from "../../src/io/roots.ts";
import { bundlePaths, libraryPermissions } from "./readme.ts";

const bundle = SYSTEM_BUNDLES.find(isFile);
const issued = await makeIssuedCertificate(["127.0.0.1"]);

/** Connects in a program of its own with these permissions, and gives what it printed. */
async function visit(
  permissions: string,
  args: readonly string[],
  variables: Record<string, string> = {},
): Promise<string> {
  const program = new URL("./visit.ts", import.meta.url).href;
  const run = ["run", "--no-prompt", "--cached-only", "--no-check", "--unstable-net"];
  const process = new Deno.Command(Deno.execPath(), {
    args: [...run, ...permissions.split(" "), program, ...args],
    clearEnv: true,
    env: { ...plainEnvironment(), ...variables },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = process.output();
  const stdin = process.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(JSON.stringify(issued)));
  await stdin.close();
  const { stdout, stderr } = await output;
  const decoder = new TextDecoder();
  assert.equal(decoder.decode(stderr), "");
  return decoder.decode(stdout).trim();
}

/** What a row of the README promises, seen in a program that has only its permissions. */
type Check = (permissions: string) => Promise<void>;

/** A chain of another authority is refused by the roots that there are, not because there are none. */
const UNTRUSTED = /^TransportError: .*Cannot trust .*: no trusted authority leads to its issuer/;

const checks: Record<string, { readonly check: Check; readonly ignore?: boolean }> = {
  "--allow-net": {
    async check(permissions) {
      assert.equal(await visit(permissions, ["127.0.0.1", "named"]), "connected from 127.0.0.1");
      const refusal = await visit(permissions, ["127.0.0.1"]);
      assert.match(refusal, /^TypeError: Cannot check the certificate of a server: .*--allow-sys /);
    },
  },
  "--allow-read=/etc/ssl/certs/ca-certificates.crt": {
    ignore: bundle === undefined,
    async check() {
      const permissions = `--allow-net --allow-read=${bundle}`;
      assert.match(await visit(permissions, ["127.0.0.1"]), UNTRUSTED);
      assert.equal(await visit(permissions, ["127.0.0.1", "named"]), "connected from 127.0.0.1");
    },
  },
  "--allow-sys": {
    async check(permissions) {
      assert.match(await visit(`--allow-net ${permissions}`, ["127.0.0.1"]), UNTRUSTED);
    },
  },
  "--allow-env=SSL_CERT_FILE,DENO_CERT --allow-read=FILE": {
    check: (permissions) =>
      withTemporary(async (folder) => {
        const file = `${folder}/authority.pem`;
        await Deno.writeTextFile(file, issued.caPem);
        const granted = `--allow-net ${permissions.replace(/FILE$/, file)}`;
        for (const variable of ["SSL_CERT_FILE", "DENO_CERT"]) {
          const printed = await visit(granted, ["127.0.0.1"], { [variable]: file });
          assert.equal(printed, "connected from 127.0.0.1", variable);
        }
      }),
  },
  "--allow-sys=networkInterfaces": {
    async check(permissions) {
      const granted = `--allow-net ${permissions}`;
      assert.equal(await visit(granted, ["127.0*", "named"]), "connected from 127.0.0.1");
      const refusal = await visit("--allow-net", ["127.0*", "named"]);
      assert.match(refusal, /^TypeError: .*run with --allow-sys=networkInterfaces/);
    },
  },
  "--allow-env=QLOGDIR --allow-write=DIR": {
    check: (permissions) =>
      withTemporary(async (folder) => {
        const granted = `--allow-net ${permissions.replace(/DIR$/, folder)}`;
        await visit(granted, ["127.0.0.1", "named"], { QLOGDIR: folder });
        const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
        assert.equal(names.filter((name) => name.endsWith(".sqlog")).length, 2, names.join());
      }),
  },
  "--allow-env=SSLKEYLOGFILE --allow-write=FILE": {
    check: (permissions) =>
      withTemporary(async (folder) => {
        const file = `${folder}/keys`;
        const granted = `--allow-net ${permissions.replace(/FILE$/, file)}`;
        await visit(granted, ["127.0.0.1", "named"], { SSLKEYLOGFILE: file });
        assert.match(await Deno.readTextFile(file), /^CLIENT_HANDSHAKE_TRAFFIC_SECRET /m);
      }),
  },
  "--allow-ffi=/lib/x86_64-linux-gnu/libc.so.6": {
    ignore: whyNotNative !== undefined || Deno.build.arch !== "x86_64",
    async check(permissions) {
      const required = { MPQUIC_NATIVE: "require" };
      const others = "--allow-net --allow-env=MPQUIC_NATIVE";
      assert.equal(
        await visit(`${others} ${permissions}`, ["127.0.0.1", "named"], required),
        "connected from 127.0.0.1",
      );
      const refusal = await visit(others, ["127.0.0.1", "named"], required);
      assert.equal(refusal, `Error: Cannot use native sockets: they need ${permissions}`);
      const partly = `--allow-net=127.0.0.1 --allow-env=MPQUIC_NATIVE ${permissions}`;
      assert.match(
        await visit(partly, ["127.0.0.1", "named"], required),
        /^Error: Cannot use native sockets: they need --allow-net for all addresses/,
      );
      const auto = { MPQUIC_NATIVE: "auto" };
      assert.equal(await visit(partly, ["127.0.0.1", "named"], auto), "connected from 127.0.0.1");
    },
  },
};

Deno.test("every permission that the README names for the library is tried", () => {
  const named = libraryPermissions();
  assert.deepEqual(named.map(({ permissions }) => permissions), Object.keys(checks));
  assert.deepEqual(bundlePaths(), SYSTEM_BUNDLES);
});

for (const [permissions, { check, ignore = false }] of Object.entries(checks)) {
  Deno.test({
    name: `a program with ${permissions} can do what the README says`,
    ignore,
    fn: () => check(permissions),
  });
}

async function withTemporary(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
