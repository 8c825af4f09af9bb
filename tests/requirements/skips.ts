import { Libcrypto } from "../../src/io/native/libcrypto.ts";
import { SYSTEM_BUNDLES } from "../../src/io/roots.ts";
import { ProcessMeter } from "../attack/process_meter.ts";
import { hasCurl } from "../cli/curl.ts";
import { hasOpenssl as hasAnyOpenssl, hasPromtool, hasStrace } from "../cli/installed.ts";
import { hasSystemd } from "../cli/systemd.ts";
import { hasTmux } from "../cli/terminal.ts";
import { whyNotNative } from "../io/native/tier.ts";
import { fetchers } from "../netns/fetchers.ts";
import { hasNftables, whyNoNamespaces } from "../netns/testbed.ts";
import { publicVectors } from "../public_vectors.ts";
import type { LawfulSkip } from "../report/judge.ts";
import { findBrowser } from "../strangers/browser.ts";
import { whyNoGo } from "../strangers/go_program.ts";
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
    file:
      /^\.\/tests\/io\/native\/(back_pressure|connection|incoming|leak|local_port|native_socket|outgoing|refusal|shared_socket|slab|socket_group|worker)_test\.ts$/,
    name: everyTest,
    reason: `there are no native sockets: ${whyNotNative}`,
    isMissing: whyNotNative !== undefined,
  },
  {
    file: "./tests/api/listen_addresses_test.ts",
    name: "A listener at all addresses tells clients where it answers, as they come and go",
    reason: `there are no native sockets: ${whyNotNative}`,
    isMissing: whyNotNative !== undefined,
  },
  {
    file: "./tests/http3/fetch_end_test.ts",
    name: /sockets: require/,
    reason: `there are no native sockets: ${whyNotNative}`,
    isMissing: whyNotNative !== undefined,
  },
  {
    file: "./tests/cli/unit_test.ts",
    name: "systemd takes the unit without a word, and finds little exposed",
    reason: "systemd is not installed",
    isMissing: !hasSystemd,
  },
  {
    file: "./tests/cli/unit_test.ts",
    name: "the unit allows all system calls that the server makes",
    reason: "systemd or strace is not installed",
    isMissing: !hasSystemd || !hasStrace,
  },
  {
    file: "./tests/cli/service_test.ts",
    name: "Prometheus's own parser takes the metrics, and those of workers",
    reason: "promtool is not installed",
    isMissing: !hasPromtool,
  },
  {
    file: "./tests/cli/client_certificate_test.ts",
    name: "userOf() takes the common name, or the one other name, and nothing that is forged",
    reason: "OpenSSL is not installed",
    isMissing: !hasAnyOpenssl,
  },
  {
    file: "./tests/cli/proxy_test.ts",
    name: "the server carries tunnels over TCP for curl, and no files unless -tcp says so",
    reason: "curl is not installed",
    isMissing: !hasCurl,
  },
  {
    file: "./tests/cli/progress_display_test.ts",
    name: "ProgressDisplay draws over nothing when it goes on, though its timer is due before",
    reason: "Windows suspends no programs by signals",
    isMissing: Deno.build.os === "windows",
  },
  {
    file: /^\.\/tests\/(proxy|http2|workers)\/|^\.\/tests\/cli\/near_side_test\.ts$/,
    name: everyTest,
    reason: `there are no native sockets: ${whyNotNative}`,
    isMissing: whyNotNative !== undefined,
  },
  {
    file: "./tests/netns/balancer_test.ts",
    name: everyTest,
    reason: "nftables is not installed",
    isMissing: !hasNftables,
  },
  {
    file: "./tests/cli/live_view_test.ts",
    name: /workers$/,
    reason: `there are no native sockets: ${whyNotNative}`,
    isMissing: whyNotNative !== undefined,
  },
  {
    file: "./tests/workers/workers_test.ts",
    name: /^(Each|Any) worker/,
    reason: `there are no native sockets: ${whyNotNative}`,
    isMissing: whyNotNative !== undefined,
  },
  {
    file: "./tests/cli/workers_test.ts",
    name: /^the server's workers serve/,
    reason: `there are no native sockets: ${whyNotNative}`,
    isMissing: whyNotNative !== undefined,
  },
  {
    file: /^\.\/tests\/io\/native\/libcrypto_(engine|signatures)_test\.ts$/,
    name: everyTest,
    reason: "libcrypto is not here, or may not be called",
    isMissing: Libcrypto.open() === undefined,
  },
  {
    file: /^\.\/tests\/strangers\/(chromium(_flags|_session)?|live_view)_test\.ts$/,
    name: everyTest,
    reason: "Chromium is not installed",
    isMissing: findBrowser() === undefined,
  },
  ...["sessions", "datagrams", "impostor"].map((module) => {
    const missing = whyNoGo(module);
    return {
      file: `./tests/strangers/go_${module}_test.ts`,
      name: everyTest,
      reason: missing ?? "",
      isMissing: missing !== undefined,
    };
  }),
  {
    file: "./tests/netns/fetchers_test.ts",
    name: everyTest,
    reason: "there is neither git nor pip nor Chromium",
    isMissing: fetchers.every(({ missing }) => missing !== undefined),
  },
  ...fetchers.map(({ name, missing }) => ({
    file: "./tests/netns/fetchers_test.ts",
    name: new RegExp(`^${name} by `),
    reason: missing ?? "",
    isMissing: missing !== undefined,
  })),
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
    file: "./tests/cli/curl_test.ts",
    name: /^mpquic get does what curl does/,
    reason: "curl is not installed",
    isMissing: !hasCurl,
  },
  {
    file: /^\.\/tests\/cli\/get_(resume|twice)_test\.ts$/,
    name: /full disk/,
    reason: "only root can make a small disk",
    isMissing: Deno.build.os !== "linux" || Deno.uid() !== 0,
  },
  {
    file: "./tests/cli/upload_disk_test.ts",
    name: everyTest,
    reason: "only root can make a small disk",
    isMissing: Deno.build.os !== "linux" || Deno.uid() !== 0,
  },
  {
    file: "./tests/attack/attack_test.ts",
    name: everyTest,
    reason: "only Linux tells what another process uses",
    isMissing: Deno.build.os !== "linux",
  },
  {
    file: "./tests/proxy/short_tunnels_test.ts",
    name: everyTest,
    reason: "only Linux tells what another process has open",
    isMissing: Deno.build.os !== "linux",
  },
  {
    file: "./tests/permissions/library_test.ts",
    name: /--allow-ffi=/,
    reason: `there are no native sockets: ${whyNotNative ?? "the processor is not x86-64"}`,
    isMissing: whyNotNative !== undefined || Deno.build.arch !== "x86_64",
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
  vectorsOf("./tests/crypto/ml_kem_test.ts", /Project Wycheproof$/, "wycheproof/"),
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
