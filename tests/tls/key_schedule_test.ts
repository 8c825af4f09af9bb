import assert from "node:assert/strict";
import { KeySchedule } from "../../src/tls/key/key_schedule.ts";

Deno.test("KeySchedule gives the secrets of RFC 8448, Section 3", () => {
  const schedule = new KeySchedule("sha256");
  assert.equal(
    schedule.derive("derived").toHex(),
    "6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba",
  );
  schedule.enterHandshake(
    Uint8Array.fromHex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"),
  );
  assert.equal(
    schedule.derive("derived").toHex(),
    "43de77e0c77713859a944db9db2590b53190a65b3ee2e4f12dd7a0bb7ce254b4",
  );
});

Deno.test("KeySchedule.isFinishedData() accepts nothing but the right bytes", () => {
  const schedule = new KeySchedule("sha384");
  const key = new Uint8Array(48).fill(1);
  const digest = new Uint8Array(48).fill(2);
  const data = schedule.finishedData(key, digest);
  assert.ok(schedule.isFinishedData(data, key, digest));
  assert.ok(!schedule.isFinishedData(data.subarray(1), key, digest));
  assert.ok(!schedule.isFinishedData(new Uint8Array(0), key, digest));
  data[47]! ^= 1;
  assert.ok(!schedule.isFinishedData(data, key, digest));
});
