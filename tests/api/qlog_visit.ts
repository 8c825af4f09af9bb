/** A program of its own: its environment says where it leaves traces and secrets. */
import { dial } from "../../src/api/dial.ts";
import { MultipathConnection } from "../../src/api/multipath_connection.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../sim/test_certificate.ts";

await using listener = MultipathConnection.listen({
  port: 0,
  localAddresses: ["127.0.0.1"],
  cert: TEST_CERTIFICATE,
  key: TEST_KEY,
  alpnProtocols: ["echo"],
});
await using _connection = await dial({
  hostname: "127.0.0.1",
  port: listener.addrs[0]!.port,
  serverName: "server.test",
  alpnProtocols: ["echo"],
  caCerts: [TEST_CERTIFICATE],
});
await listener.accept();
