import assert from "node:assert/strict";
import { hasRoomFor } from "../../src/connection/send/size_probe.ts";
import { NetworkPath } from "../../src/path/network/network_path.ts";
import { PathCounters } from "../../src/recovery/path_counters.ts";
import { address, contextOf, portAt } from "../path/fakes.ts";

// RFC 9000, Section 8.1.
Deno.test("hasRoomFor() refuses probes that an unproven address has no credit for", () => {
  const network = new NetworkPath(
    portAt(1),
    address(2),
    contextOf(true).network,
    new PathCounters(),
  );
  Object.assign(network.congestion, { window: 100_000 });
  network.onDatagramReceived(1_300);
  assert.ok(network.room(0) > 0);
  const path = { room: 1_452, current: network };
  assert.ok(
    hasRoomFor(1_452, path) &&
      !hasRoomFor(8_952, path),
  );
  network.prove();
  assert.ok(hasRoomFor(8_952, path));
  network.bytesInFlight = 91_049;
  assert.ok(!hasRoomFor(8_952, path));
  network.bytesInFlight--;
  assert.ok(hasRoomFor(8_952, path));
});
