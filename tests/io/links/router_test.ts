import assert from "node:assert/strict";
import { likelyRouter } from "../../../src/io/links/router.ts";

const NEIGHBOURS = `IP address       HW type     Flags       HW address            Mask     Device
192.168.42.254   0x1         0x2         02:00:00:00:00:01     *        usb0
192.168.42.9     0x1         0x0         00:00:00:00:00:00     *        usb0
10.0.0.8         0x1         0x2         02:00:00:00:00:02     *        eth0
10.0.0.9         0x1         0x6         02:00:00:00:00:03     *        eth0
torn
`;

Deno.test("likelyRouter() names the only neighbour that answers, else the network's first address", () => {
  assert.equal(likelyRouter("usb0", NEIGHBOURS, "192.168.42.7/24"), "192.168.42.254");
  assert.equal(likelyRouter("eth0", NEIGHBOURS, "10.0.0.77/8"), "10.0.0.1");
  assert.equal(likelyRouter("eth0", NEIGHBOURS, "10.0.0.77/26"), "10.0.0.65");
  assert.equal(likelyRouter("wlan0", "", "192.168.1.20/24"), "192.168.1.1");
});

Deno.test("likelyRouter() names none where the network has no room for one, or its address is ours", () => {
  assert.equal(likelyRouter("wwan0", NEIGHBOURS, "10.1.2.3/32"), undefined);
  assert.equal(likelyRouter("wwan0", NEIGHBOURS, "10.1.2.3/31"), undefined);
  assert.equal(likelyRouter("c1", NEIGHBOURS, "10.77.1.1/24"), undefined);
  assert.equal(likelyRouter("c1", NEIGHBOURS, "fd00::7/64"), undefined);
  assert.equal(likelyRouter("c1", NEIGHBOURS, "torn"), undefined);
});
