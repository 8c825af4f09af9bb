import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { TransportError } from "../../src/error/quic_error.ts";
import { readCertificate, writeCertificate } from "../../src/tls/message/certificate_message.ts";
import { judgeCertificates } from "../../src/tls/peer_certificate.ts";
import { readPem } from "../../src/tls/x509/pem.ts";
import { TrustStore } from "../../src/tls/trust/trust_store.ts";
import { publicVectors } from "../public_vectors.ts";

/** One case of x509-limbo, as far as it is used here. */
interface LimboCase {
  readonly id: string;
  readonly "validation_kind": "SERVER" | "CLIENT";
  readonly "trusted_certs": readonly string[];
  readonly "untrusted_intermediates": readonly string[];
  readonly "peer_certificate": string;
  readonly "validation_time": string | null;
  readonly "expected_result": "SUCCESS" | "FAILURE";
  readonly "expected_peer_name": { readonly value: string } | null;
}

const vectors = publicVectors("x509-limbo/limbo.json.gz");
const ignore = vectors === undefined;
const exceptions = new URL("../spec/exceptions.md", import.meta.url);
const HEADING = "## Verdicts of x509-limbo";

function readCases(): readonly LimboCase[] {
  const text = gunzipSync(Deno.readFileSync(vectors!)).toString("utf8");
  return (JSON.parse(text) as { testcases: LimboCase[] }).testcases;
}

/** The cases whose verdict is another one here, with the reason. */
function readReasons(): Map<string, string> {
  const text = Deno.readTextFileSync(exceptions);
  const section = text.slice(text.indexOf(HEADING) + HEADING.length).split("\n## ")[0]!;
  const items = section.split(/\n- /).slice(1).map((item) => item.replace(/\s+/g, " ").trim());
  return new Map(items.flatMap((item) => {
    const [ids, reason = ""] = item.split(/: (?=[A-Z])/, 2);
    return [...ids!.matchAll(/`([^`]+)`/g)].map(([, id]) => [id!, reason] as const);
  }));
}

/** Why a chain is refused; `undefined` if it is not. */
function refusal(limbo: LimboCase): string | undefined {
  const pems = [limbo.peer_certificate, ...limbo.untrusted_intermediates];
  const chain = pems.map((pem) => readPem(pem, "CERTIFICATE")[0]!);
  const isServer = limbo.validation_kind === "SERVER";
  try {
    judgeCertificates(readCertificate(writeCertificate(chain)), {
      verification: new TrustStore(limbo.trusted_certs),
      serverName: isServer ? limbo.expected_peer_name?.value ?? "" : undefined,
      time: limbo.validation_time ? Date.parse(limbo.validation_time) : Date.now(),
    });
    return undefined;
  } catch (error) {
    assert.ok(error instanceof TransportError, `${limbo.id}: ${error}`);
    return error.message;
  }
}

const agreement =
  "verifyChain() agrees with x509-limbo but for what exceptions.md gives reasons for";
Deno.test(agreement, { ignore }, () => {
  const cases = readCases();
  assert.ok(cases.length > 200);
  const reasons = readReasons();
  const wrong: string[] = [];
  for (const limbo of cases) {
    const reason = refusal(limbo);
    const isAgreed = (reason === undefined) === (limbo.expected_result === "SUCCESS");
    if (isAgreed === !reasons.has(limbo.id)) continue;
    const verdict = `${limbo.id}: ${limbo.expected_result}, here ${reason ?? "accepted"}`;
    wrong.push(isAgreed ? `${verdict}, though exceptions.md lists it` : verdict);
  }
  assert.deepEqual(wrong, []);
  const ids = new Set(cases.map(({ id }) => id));
  assert.deepEqual([...reasons.keys()].filter((id) => !ids.has(id)), [], "no such case");
});

Deno.test("exceptions.md gives a sentence for each verdict that differs", () => {
  const reasons = readReasons();
  assert.ok(reasons.size > 0);
  for (const [id, reason] of reasons) assert.match(reason, /^[A-Z].{20,}\.$/, id);
});
