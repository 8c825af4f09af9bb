import { SYSTEM_BUNDLES } from "../../src/io/roots.ts";
import { ProcessMeter } from "../attack/process_meter.ts";
import { hasTmux } from "../cli/terminal.ts";
import { whyNoNamespaces } from "../netns/testbed.ts";
import { publicVectors } from "../public_vectors.ts";
import type { LawfulSkip } from "../report/judge.ts";
import { findBrowser } from "../strangers/browser.ts";
import { hasOpenssl } from "../tls/openssl.ts";

const noNamespaces = await whyNoNamespaces();
const everyTest = /^/;

/** The tests that a machine may be unable to run, and whether this one is. All others must run. */
export const skips: readonly LawfulSkip[] = [
  {
    file: /^\.\/tests\/netns\//,
    name: everyTest,
    reason: noNamespaces ?? "",
    isMissing: noNamespaces !== undefined,
  },
  {
    file: /^\.\/tests\/strangers\/chromium(_flags)?_test\.ts$/,
    name: everyTest,
    reason: "Chromium is not installed",
    isMissing: findBrowser() === undefined,
  },
  {
    file: "./tests/cli/static_files_test.ts",
    name: "staticFiles() answers 403 for a file that may not be read",
    reason: "root may read everything",
    isMissing: Deno.uid() === 0,
  },
  {
    file: "./tests/cli/static_files_test.ts",
    name: "staticFiles() lists and serves names with backslashes, where that is but a sign",
    reason: "on Windows a backslash separates names",
    isMissing: Deno.build.os === "windows",
  },
  {
    file: "./tests/cli/transfer_test.ts",
    name: "openOutput() notices that a disk is full",
    reason: "only Linux has a device that plays a full disk",
    isMissing: Deno.build.os !== "linux",
  },
  {
    file: "./tests/attack/attack_test.ts",
    name: everyTest,
    reason: "only Linux tells what another process uses",
    isMissing: Deno.build.os !== "linux",
  },
  {
    file: "./tests/permissions/library_test.ts",
    name: /--allow-read=\/etc\/ssl\/certs\/ca-certificates\.crt/,
    reason: "the system has no file of root certificates",
    isMissing: !SYSTEM_BUNDLES.some(isFile),
  },
  {
    file: "./tests/cli/output_test.ts",
    name: everyTest,
    reason: "only Linux has a device that plays a full disk",
    isMissing: Deno.build.os !== "linux",
  },
  {
    file: "./tests/cli/terminal_test.ts",
    name: everyTest,
    reason: "tmux is not installed",
    isMissing: !hasTmux(),
  },
  {
    file: "./tests/cli/restart_test.ts",
    name: everyTest,
    reason: "the machine has no ID in /etc/machine-id",
    isMissing: !isFile("/etc/machine-id"),
  },
  {
    file: "./tests/attack/attack_test.ts",
    name: everyTest,
    reason: "the system does not tell in /proc what a process uses",
    isMissing: !ProcessMeter.works,
  },
  {
    file: "./tests/tls/chain_rules_test.ts",
    name: /^openssl verify/,
    reason: "OpenSSL 3 is not installed",
    isMissing: !hasOpenssl(),
  },
  vectorsOf("./tests/tls/limbo_test.ts", /agrees with x509-limbo/, "x509-limbo/limbo.json.gz"),
  vectorsOf("./tests/crypto/engine_test.ts", / of Project Wycheproof$/, "wycheproof/"),
  vectorsOf("./tests/tls/wycheproof_test.ts", everyTest, "wycheproof/"),
  vectorsOf("./tests/qpack/qifs_test.ts", everyTest, "qpack/"),
  vectorsOf("./tests/fuzz/corpus_test.ts", everyTest, "quiche-fuzz-corpus.tar.gz"),
];

function vectorsOf(file: string, name: RegExp, path: string): LawfulSkip {
  return {
    file,
    name,
    reason: `the vectors ${path} are not in ../shared/vectors`,
    isMissing: publicVectors(path) === undefined,
  };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
