import assert from "node:assert/strict";
import type { Address } from "../../src/path/address/address.ts";
import { AddressReports } from "../../src/path/address/observation.ts";

function at(port: number): Address {
  return { transport: "udp", hostname: "192.0.2.1", port };
}

Deno.test("AddressReports takes no report that is older than the last, and is told of none twice", () => {
  const reports = new AddressReports();
  assert.equal(reports.onReport(4, at(4)), true);
  for (const sequence of [0, 3, 4]) assert.equal(reports.onReport(sequence, at(1)), false);
  assert.equal(reports.ours?.port, 4);
  assert.equal(reports.onReport(5, at(5)), true);
  assert.equal(reports.ours?.port, 5);
});
