import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { Buffer } from "node:buffer";
import { TransportError } from "../../src/error/quic_error.ts";
import { RevocationLists } from "../../src/tls/trust/revocation_lists.ts";
import { TrustStore } from "../../src/tls/trust/trust_store.ts";
import { verifyChain } from "../../src/tls/trust/verify_chain.ts";
import { Certificate } from "../../src/tls/x509/certificate.ts";
import { JudgementBudget, JudgementCost } from "../../src/tls/x509/judgement_budget.ts";
import { RevocationList } from "../../src/tls/x509/revocation_list.ts";
import { SignedContent } from "../../src/tls/x509/signed_content.ts";
import { type Der, integer, sequence, time, value } from "./der_writer.ts";
import { authority, ecdsa, extension, forge, keyUsage } from "./forge.ts";
import { forgeList, type ListRecipe, pem } from "./forge_list.ts";
import { hasOpenssl } from "./openssl.ts";
import { EPOCH } from "./pair.ts";

const NONE = new Uint8Array();
const REVOKED = 0x12c;
const UNKNOWN = 0x12e;

const root = forge({ subject: "root", extensions: [authority()] });
const middle = forge({
  subject: "middle",
  issuer: root,
  serial: integer(7),
  extensions: [authority()],
});
const leaf = forge({ subject: "leaf", issuer: middle, serial: integer(200) });
/** A list of the authority in the middle, unless another one is named. */
const list = (recipe: Partial<ListRecipe> = {}) => forgeList({ issuer: middle, ...recipe });
const other = forge({ subject: "other", extensions: [authority()] });

/** 0 if the chain is accepted with these lists, else the code of the error, and what it says. */
function judge(
  lists: readonly Der[],
  chain = [leaf, middle],
  now = EPOCH,
  anchor = root,
): [code: number, message: string] {
  const store = new TrustStore([pem(anchor.der, "CERTIFICATE")]);
  const revocation = new RevocationLists(lists.map((der) => pem(der)));
  try {
    const certificates = chain.map(({ der }) => store.certificate(der));
    verifyChain(certificates, { store, serverName: undefined, time: now, revocation });
    return [0, ""];
  } catch (error) {
    assert.ok(error instanceof TransportError, String(error));
    return [error.code, error.message];
  }
}

const ofRoot = list({ issuer: root, serials: [integer(9)] });

Deno.test("a certificate that its issuer has revoked is refused, and no other one", () => {
  assert.deepEqual(judge([ofRoot, list()]), [0, ""]);
  assert.deepEqual(judge([ofRoot, list({ serials: [integer(199), integer(201)] })]), [0, ""]);
  const [code, message] = judge([ofRoot, list({ serials: [integer(199), integer(200)] })]);
  assert.equal(code, REVOKED);
  assert.match(message, /^Cannot accept the certificate for CN=leaf: CN=middle has revoked it$/);
  const above = judge([list({ issuer: root, serials: [integer(7)] }), list()]);
  assert.deepEqual([above[0], /CN=middle: CN=root has/.test(above[1])], [REVOKED, true]);
  // The same number of another issuer is another certificate.
  assert.equal(judge([list({ issuer: root, serials: [integer(200)] }), list()])[0], 0);
});

Deno.test("a certificate counts only with a good list of its issuer, all the way up", () => {
  const cases: [lists: Der[], pattern: RegExp][] = [
    [[], /CN=middle.*no list of CN=root|CN=leaf.*no list of CN=middle/],
    [[list()], /for CN=middle was revoked: there is no list of CN=root$/],
    [[ofRoot], /for CN=leaf was revoked: there is no list of CN=middle$/],
    [[ofRoot, list({ signer: other })], /the signature of the list is not that of CN=middle$/],
    [[ofRoot, list({ nextUpdate: time(EPOCH - 1_000) })], /was good until 2026-01-14T23:59:59/],
    [[ofRoot, list({ thisUpdate: EPOCH + 1_000 })], /the list of CN=middle is of a time to come$/],
  ];
  for (const [lists, pattern] of cases) {
    const [code, message] = judge(lists);
    assert.equal(code, UNKNOWN, message);
    assert.match(message, pattern);
    assert.match(message, /^Cannot tell whether the certificate /);
  }
  assert.equal(judge([ofRoot, list()], undefined, NaN)[0] > 0, true);
  // One good list is enough, and none makes a certificate good again.
  const over = list({ nextUpdate: time(EPOCH - 1_000), serials: [integer(200)] });
  assert.equal(judge([ofRoot, over, list()])[0], REVOKED);
  assert.equal(judge([ofRoot, list({ signer: other, serials: [integer(200)] }), list()])[0], 0);
});

Deno.test("a certificate that is trusted by itself needs no list", () => {
  const own = forge({ subject: "own" });
  assert.equal(judge([], [own], EPOCH, own)[0], 0);
});

Deno.test("an authority that may not sign lists is not believed about them", () => {
  const bare = { subject: "bare", issuer: root, serial: integer(8) };
  const without = forge({ ...bare, extensions: [authority(), keyUsage(5)] });
  const withIt = forge({ ...bare, extensions: [authority(), keyUsage(5, 6)] });
  for (const [issuer, expected] of [[without, UNKNOWN], [withIt, 0]] as const) {
    const one = forge({ subject: "one", issuer, serial: integer(3) });
    assert.equal(judge([ofRoot, list({ issuer })], [one, issuer])[0], expected);
  }
});

Deno.test("lists that are partial, of others, or not understood are refused as a whole", () => {
  const odd = (id: string) => extension(id, sequence(), true);
  const harmless = [extension("2.5.29.20", integer(1)), extension("1.2.3", sequence())];
  assert.equal(new RevocationList(list({ extensions: harmless })).size, 0);
  const reason = extension("2.5.29.21", value(0x0a, Uint8Array.of(1)));
  assert.equal(
    new RevocationList(list({ serials: [integer(1)], entryExtensions: [reason] })).size,
    1,
  );
  assert.equal(new RevocationList(list({ version: 1, serials: [integer(1)] })).size, 1);
  const bad: [name: string, der: Der, pattern: RegExp][] = [
    ["delta", list({ extensions: [odd("2.5.29.27")] }), /only what has changed/],
    ["partial", list({ extensions: [odd("2.5.29.28")] }), /some certificates only/],
    ["partial, not critical", list({ extensions: [extension("2.5.29.28", sequence())] }), /some/],
    ["critical", list({ extensions: [odd("1.2.3")] }), /1\.2\.3 is critical and not understood/],
    ["twice", list({ extensions: [harmless[0]!, harmless[0]!] }), /comes twice/],
    [
      "indirect",
      list({ serials: [integer(1)], entryExtensions: [odd("2.5.29.29")] }),
      /certificates of other issuers/,
    ],
    [
      "critical entry",
      list({ serials: [integer(1)], entryExtensions: [odd("1.2.3")] }),
      /1\.2\.3 is critical/,
    ],
    ["no extensions", list({ extensions: [] }), /value is missing/],
    ["version 1", list({ version: 1, extensions: harmless }), /version knows no extensions/],
    ["version 3", list({ version: 3 }), /version is not known/],
    ["no next", list({ nextUpdate: NONE }), /how long it is good/],
    ["two algorithms", list({ innerAlgorithm: ecdsa(384).id }), /two signature algorithms/],
    ["more behind", list({ rest: integer(1) }), /follow the end/],
  ];
  for (const [name, der, pattern] of bad) {
    assert.throws(() => new RevocationLists([pem(der)]), (error) => {
      assert.ok(error instanceof TypeError, name);
      assert.match(error.message, /^Cannot use the revocation list 0: /, name);
      assert.match(error.message, pattern, name);
      return true;
    }, name);
  }
});

Deno.test("a list that is cut short, or changed anywhere, is refused or not believed", () => {
  const der = list({ serials: [integer(200), integer(5)] });
  for (let length = 0; length < der.length; length++) {
    assert.throws(() => new RevocationLists([pem(der.subarray(0, length))]), TypeError);
  }
  for (let at = 0; at < der.length; at++) {
    const changed = der.slice();
    changed[at]! ^= 1 << (at & 7);
    try {
      assert.ok(judge([ofRoot, changed])[0] > 0, `byte ${at}`);
    } catch (error) {
      assert.ok(error instanceof TypeError, `byte ${at}: ${error}`);
    }
  }
});

/** Counts the signatures that are verified, over certificates and over lists. */
function countSignatures(): { count: number } & Disposable {
  const { problem } = SignedContent.prototype;
  const counted = {
    count: 0,
    [Symbol.dispose]: () => void (SignedContent.prototype.problem = problem),
  };
  SignedContent.prototype.problem = function (key) {
    counted.count++;
    return problem.call(this, key);
  };
  return counted;
}

Deno.test("a list is hashed once for each key, not for each handshake [attack certificates]", () => {
  const store = new TrustStore([pem(root.der, "CERTIFICATE")]);
  const revocation = new RevocationLists([pem(ofRoot), pem(list({ serials: [integer(200)] }))]);
  const purpose = { store, serverName: undefined, time: EPOCH, revocation };
  using signatures = countSignatures();
  // Certificates that were refused are not remembered: each time they are read again.
  const judgeAgain = () =>
    verifyChain([leaf, middle].map(({ der }) => new Certificate(der)), purpose);
  for (let i = 0; i < 20; i++) assert.throws(judgeAgain, { code: REVOKED });
  assert.equal(signatures.count, 20 * 2 + 1, "two certificates each time, the list once");
  // Other lists are others, though they say the same.
  revocation.replace([pem(ofRoot), pem(list({ serials: [integer(200)] }))]);
  assert.throws(judgeAgain, { code: REVOKED });
  assert.equal(signatures.count, 21 * 2 + 2);
});

Deno.test("keys that have not signed a list are paid for, and forgotten [attack certificates]", () => {
  const serials = Array.from({ length: 4_000 }, (_, i) => integer(100_000 + i));
  const large = new RevocationList(list({ serials }));
  const keys = Array.from(
    { length: 40 },
    () => new Certificate(forge({ subject: "middle" }).der).key,
  );
  using signatures = countSignatures();
  const own = new Certificate(middle.der).key;
  assert.equal(large.isSignedBy(own, new JudgementBudget(0)), true, "what is right costs nothing");
  const least = keys[0]!.cost + 4_000 * 20 * JudgementCost.HashedByte;
  for (const key of keys) {
    assert.throws(() => large.isSignedBy(key, new JudgementBudget(least)), { code: 0x12a });
    assert.equal(large.isSignedBy(key, new JudgementBudget(0)), false, "it is known by now");
    assert.equal(large.isSignedBy(own, new JudgementBudget(0)), true);
  }
  assert.equal(signatures.count, 1 + keys.length, "what is asked for stays");
  assert.equal(large.isSignedBy(keys[0]!, new JudgementBudget()), false);
  assert.equal(signatures.count, 2 + keys.length, "what is not is forgotten");
});

Deno.test("RevocationLists.replace() takes all lists, or none", () => {
  const store = new TrustStore([pem(root.der, "CERTIFICATE")]);
  const chain = [leaf, middle].map(({ der }) => store.certificate(der));
  const revocation = new RevocationLists([pem(ofRoot), pem(list())]);
  const purpose = { store, serverName: undefined, time: EPOCH, revocation };
  verifyChain(chain, purpose);
  assert.throws(() => revocation.replace([pem(ofRoot) + pem(list()), "nothing"]), /list 1: .*none/);
  // A file that is just being written: the list that is cut off may be the one that revokes.
  const half = pem(ofRoot) + pem(list()) + pem(list({ serials: [integer(200)] })).slice(0, -40);
  assert.throws(() => revocation.replace([half]), /list 0: its PEM has no end/);
  verifyChain(chain, purpose);
  revocation.replace([pem(ofRoot) + pem(list({ serials: [integer(200)] }))]);
  assert.throws(() => verifyChain(chain, purpose), { code: REVOKED });
});

Deno.test({
  name: "lists that OpenSSL has made say what it says of them",
  ignore: !hasOpenssl(),
  fn() {
    const folder = Deno.makeTempDirSync();
    const openssl = (...args: string[]) =>
      execFileSync("openssl", args, { cwd: folder, encoding: "utf8", stdio: "pipe" });
    const read = (name: string) => Deno.readTextFileSync(`${folder}/${name}`);
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    try {
      Deno.writeTextFileSync(
        `${folder}/c`,
        "[req]\ndistinguished_name=dn\n[dn]\n[a]\nbasicConstraints=critical,CA:true\n" +
          "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\npolicy=p\n" +
          "default_md=sha256\ndefault_days=1\ncrlnumber=number\n[p]\ncommonName=supplied\n" +
          "[v2]\nauthorityKeyIdentifier=keyid\n",
      );
      Deno.writeTextFileSync(`${folder}/index`, "");
      Deno.writeTextFileSync(`${folder}/serial`, "00A1\n");
      Deno.writeTextFileSync(`${folder}/number`, "01\n");
      openssl(
        "req",
        "-x509",
        ...key,
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-subj",
        "/CN=ca",
        "-config",
        "c",
        "-extensions",
        "a",
      );
      const ca = ["ca", "-config", "c", "-batch", "-cert", "ca.pem", "-keyfile", "ca.key"];
      for (const name of ["good", "bad"]) {
        openssl(
          "req",
          ...key,
          "-keyout",
          `${name}.key`,
          "-out",
          `${name}.csr`,
          "-subj",
          `/CN=${name}`,
          "-config",
          "c",
        );
        openssl(...ca, "-in", `${name}.csr`, "-out", `${name}.pem`, "-notext");
      }
      openssl(...ca, "-gencrl", "-crldays", "1", "-out", "before.crl");
      openssl(...ca, "-revoke", "bad.pem", "-crl_reason", "keyCompromise");
      openssl(...ca, "-gencrl", "-crldays", "1", "-out", "v1.crl");
      openssl(...ca, "-gencrl", "-crldays", "1", "-crlexts", "v2", "-out", "v2.crl");
      const store = new TrustStore([read("ca.pem")]);
      for (const [crl, expected] of [["before.crl", 0], ["v1.crl", REVOKED], ["v2.crl", REVOKED]]) {
        const revocation = new RevocationLists([read(String(crl))]);
        for (const [name, code] of [["good", 0], ["bad", expected]] as const) {
          const der = Buffer.from(read(`${name}.pem`).replace(/-----.*-----|\s/g, ""), "base64");
          const certificate = store.certificate(new Uint8Array(der));
          const purpose = { store, serverName: undefined, time: Date.now(), revocation };
          let found = 0;
          try {
            verifyChain([certificate], purpose);
          } catch (error) {
            found = (error as TransportError).code;
          }
          assert.equal(found, code, `${name} by ${crl}`);
          const check = ["verify", "-crl_check", "-CAfile", "ca.pem", "-CRLfile", String(crl)];
          const isGood = (() => {
            try {
              openssl(...check, `${name}.pem`);
              return true;
            } catch {
              return false;
            }
          })();
          assert.equal(isGood, code === 0, `OpenSSL about ${name} by ${crl}`);
        }
      }
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
