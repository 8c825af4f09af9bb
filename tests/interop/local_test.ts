import assert from "node:assert/strict";
import { CASES } from "./cases.ts";
import { runCase, statusFor, writeCertificates } from "./processes.ts";

// A few of the cases; `deno task interop` runs all of them.
const few = ["retry", "zerortt", "http3", "connectionmigration"];

Deno.test("Endpoints pass cases of the interop runner as processes", async (test) => {
  const certs = await Deno.makeTempDir({ prefix: "interop-certs-" });
  await writeCertificates(certs);
  await Promise.all(
    CASES.filter(({ name }) => few.includes(name)).map((each) =>
      test.step({
        name: each.name,
        fn: async () => assert.equal((await runCase(each, certs)).failure, undefined),
        sanitizeOps: false,
        sanitizeResources: false,
        sanitizeExit: false,
      })
    ),
  );
  await Deno.remove(certs, { recursive: true });
});

Deno.test("Endpoints end with status 127 for a test case that they do not know", async () => {
  for (const role of ["client", "server"] as const) {
    assert.equal(await statusFor(role, "ecn"), 127);
  }
});

Deno.test("Clients end with status 1 when there is nothing to fetch", async () => {
  assert.equal(await statusFor("client", "handshake"), 1);
});
