import assert from "node:assert/strict";
import { Versions } from "../../src/connection/handshake/versions.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { Version } from "../../src/packet/version.ts";

const { V1, V2 } = Version;
const future = 0x6b33_43d0;

function client(original: number, negotiated = false): Versions {
  return new Versions("client", original, { available: [V2, V1], insists: true, negotiated });
}

function server(original: number, available: readonly number[], insists: boolean): Versions {
  return new Versions("server", original, { available, insists, negotiated: false });
}

function refuses(action: () => unknown): void {
  assert.throws(
    action,
    (error) => error instanceof TransportError && error.code === ErrorCode.VersionNegotiationError,
  );
}

// RFC 9368, Section 4.
Deno.test("Versions.agree() believes a server only as far as its version_information goes", () => {
  assert.equal(client(V1).agree(undefined, V1), V1);
  assert.equal(client(V1).agree({ chosen: V2, available: [V2, V1] }, V2), V2);
  assert.equal(client(V1).agree({ chosen: V1, available: [] }, V1), V1);
  refuses(() => client(V1).agree({ chosen: V1, available: [V2, V1] }, V2));
  refuses(() => client(V1).agree({ chosen: future, available: [V2, V1] }, future));
  // Headers said version 2, and nothing vouches for it.
  refuses(() => client(V1).agree(undefined, V2));
});

Deno.test("Versions.agree() holds a negotiated version against all that the server speaks", () => {
  assert.equal(client(V1, true).agree({ chosen: V1, available: [V1] }, V1), V1);
  assert.equal(client(V2, true).agree({ chosen: V2, available: [V1] }, V2), V2);
  refuses(() => client(V1, true).agree(undefined, V1));
  refuses(() => client(V1, true).agree({ chosen: V1, available: [] }, V1));
  refuses(() => client(V1, true).agree({ chosen: V1, available: [V1, V2] }, V1));
});

Deno.test("Versions.agree() lets a server choose, by its own order or the client's", () => {
  const offer = { chosen: V1, available: [V1, V2, future] };
  assert.equal(server(V1, [V2, V1], true).agree(offer, V1), V2);
  assert.equal(server(V1, [V2, V1], false).agree(offer, V1), V1);
  assert.equal(server(V1, [V1], true).agree(offer, V1), V1);
  assert.equal(server(V1, [V2, V1], true).agree(undefined, V1), V1);
  refuses(() => server(V1, [V1], true).agree({ chosen: V2, available: [V2] }, V1));
});
