import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { TransportError } from "../../src/error/quic_error.ts";
import { judgeCertificates } from "../../src/tls/peer_certificate.ts";
import { TrustStore } from "../../src/tls/trust/trust_store.ts";
import { type ChainCase, chainCases } from "./chain_case.ts";
import "./chain_cases.ts";
import "./name_constraint_cases.ts";
import { hasOpenssl } from "./openssl.ts";

/** Why a chain is refused; `undefined` if it is not. */
function refusal({ anchors, chain, serverName, time }: ChainCase): string | undefined {
  const verification = new TrustStore(anchors.map((der) => pem(der)));
  try {
    judgeCertificates(chain, { verification, serverName, time });
    return undefined;
  } catch (error) {
    assert.ok(error instanceof TransportError, String(error));
    assert.match(error.message, /^Cannot .*: /);
    return error.message;
  }
}

function pem(der: Uint8Array): string {
  const lines = der.toBase64().replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

Deno.test("the chains are many, and right and wrong ones", () => {
  assert.ok(chainCases.length >= 60, String(chainCases.length));
  assert.equal(new Set(chainCases.map(({ name }) => name)).size, chainCases.length);
  assert.ok(chainCases.filter(({ isRight }) => isRight).length >= 20);
});

Deno.test("verifyChain() gives each chain the verdict of RFC 5280", async (test) => {
  for (const one of chainCases) {
    await test.step(`${one.isRight ? "right" : "wrong"}: ${one.name}`, () => {
      const reason = refusal(one);
      assert.equal(reason === undefined, one.isRight, reason);
    });
  }
});

/** What `openssl verify` says, in its words; `undefined` if nothing. */
function opensslRefusal(one: ChainCase, folder: string): string | undefined {
  const write = (name: string, ders: readonly Uint8Array[]) => {
    Deno.writeTextFileSync(`${folder}/${name}`, ders.map((der) => pem(der)).join(""));
    return `${folder}/${name}`;
  };
  const { serverName, chain, anchors, time } = one;
  const others = chain.slice(1);
  const isAddress = serverName !== undefined && /^[0-9.]+$/.test(serverName);
  const args = [
    "verify",
    ...["-no-CAfile", "-no-CApath", "-no-CAstore", "-partial_chain", "-auth_level", "2"],
    ...["-attime", String(Math.floor(time / 1000)), "-trusted", write("anchors", anchors)],
    ...(others.length > 0 ? ["-untrusted", write("others", others)] : []),
    ...["-purpose", serverName === undefined ? "sslclient" : "sslserver"],
    ...(serverName === undefined
      ? []
      : [isAddress ? "-verify_ip" : "-verify_hostname", serverName]),
    write("leaf", chain.slice(0, 1)),
  ];
  try {
    execFileSync("openssl", args, { encoding: "utf8", stdio: "pipe" });
    return undefined;
  } catch (error) {
    return String((error as { stderr?: string }).stderr).replace(/\s+/g, " ").slice(0, 120);
  }
}

const ignore = !hasOpenssl();

Deno.test(
  "openssl verify gives each chain the same verdict, or there is a reason",
  { ignore },
  () => {
    const folder = Deno.makeTempDirSync();
    try {
      const wrong = chainCases.flatMap((one) => {
        const reason = opensslRefusal(one, folder);
        const isAgreed = (reason === undefined) === one.isRight;
        if (isAgreed === (one.openssl === undefined)) return [];
        return `${one.name}: ${one.isRight ? "right" : "wrong"}, OpenSSL ${reason ?? "accepts"}`;
      });
      assert.deepEqual(wrong, []);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
);
