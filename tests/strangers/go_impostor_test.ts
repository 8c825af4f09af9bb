import assert from "node:assert/strict";
import { makeIssuedCertificate, serveTcp, TcpClient } from "../../mod.ts";
import { within } from "../http3/raw_peer.ts";
import { GoProgram, whyNoGo } from "./go_program.ts";

// That a peer has the key of its certificate, the runtime sees to over TCP; certificates alone are
// judged here.

const missing = whyNoGo("impostor");
const PATIENCE = 40_000;
/** TLS 1.2 and 1.3 as Go counts them. */
const VERSIONS = ["303", "304"];
/** Whose key signs, and whether that is the key of the certificate that is shown. */
const SIGNERS = [["shown", true], ["other", false]] as const;

Deno.test({
  name: "over TCP nothing is heard of a peer that shows a certificate and lacks its key",
  ignore: missing !== undefined,
}, async () => {
  const folder = await Deno.makeTempDir();
  const [shown, other] = await Promise.all([
    makeIssuedCertificate(["127.0.0.1"]),
    makeIssuedCertificate(["127.0.0.1"]),
  ]);
  try {
    for (const [name, { certPem, keyPem }] of Object.entries({ shown, other })) {
      await Deno.writeTextFile(`${folder}/${name}.pem`, certPem);
      await Deno.writeTextFile(`${folder}/${name}.key`, keyPem);
    }
    const start = GoProgram.build("impostor", folder);
    const asked: number[] = [];
    await using ours = await serveTcp({
      ...{ port: 0, localAddresses: ["127.0.0.1"], cert: other.certPem, key: other.keyPem },
      clientCertificates: { caCerts: [shown.caPem] },
    }, (_, { peerCertificates }) => {
      asked.push(peerCertificates.length);
      return new Response("believed");
    });
    for (const version of VERSIONS) {
      for (const [signer, isBelieved] of SIGNERS) {
        const what = `${signer} with ${version}`;
        const identity = [folder, "shown", signer, version];
        await using theirs = start("serve", ...identity);
        const url = `https://127.0.0.1:${(await theirs.next<{ Port: number }>()).Port}`;
        await using client = new TcpClient({ caCerts: [shown.caPem] });
        const answer = client.fetch(url).then((response) => response.text());
        if (isBelieved) assert.equal(await within(answer, PATIENCE), "believed", what);
        else await assert.rejects(within(answer, PATIENCE), { code: 0x12a }, what);
        await using visitor = start("visit", ...identity, `${ours.addrs[0]!.port}`);
        const { Status } = await visitor.next<{ Status: string }>();
        assert.equal(Status, isBelieved ? "200 OK" : "", what);
      }
    }
    assert.equal(asked.length, VERSIONS.length);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
