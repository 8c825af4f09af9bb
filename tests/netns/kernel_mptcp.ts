/** What users have without the project: MPTCP of the kernel, with a SOCKS proxy at the far side. */

import { start, type Way } from "./proxied.ts";
import { homeAddress, ip, serverAddress, type Testbed } from "./testbed.ts";

/** The port of that proxy. */
const SOCKS_PORT = 1081;
/** Programs take MPTCP in place of TCP when they are started by it. */
const WRAPPER = ["mptcpize", "run"];

/** Why it cannot be compared with here, if it cannot. */
export async function whyNoKernelMptcp(): Promise<string | undefined> {
  const setting = await Deno.readTextFile("/proc/sys/net/mptcp/enabled").catch(() => "0");
  if (setting.trim() !== "1") return "the kernel has no MPTCP";
  for (const name of ["microsocks", "mptcpize"]) {
    const { success } = await new Deno.Command("which", { args: [name], stdout: "null" }).output();
    if (!success) return `${name} is missing`;
  }
  return undefined;
}

/** How curl goes over it. */
export const mptcpWay: Way = {
  name: "kernel MPTCP, microsocks",
  before: WRAPPER,
  args: ["--socks5-hostname", `${serverAddress(0)}:${SOCKS_PORT}`],
  proxy: `socks5h://${serverAddress(0)}:${SOCKS_PORT}`,
};

/**
 * Starts the proxy and tells the kernel of the links.
 *
 * @returns Ends it.
 */
export async function startKernelMptcp(
  testbed: Testbed,
  linkCount: number,
): Promise<() => Promise<void>> {
  for (const host of [testbed.client, testbed.server]) {
    await ip("-n", host, "mptcp", "limits", "set", "subflow", "4", "add_addr_accepted", "4");
  }
  for (let index = 1; index < linkCount; index++) {
    const endpoint = [homeAddress(index), "dev", `c${index}`, "subflow"];
    await ip("-n", testbed.client, "mptcp", "endpoint", "add", ...endpoint);
  }
  await useCubic(testbed, linkCount);
  const words = [...WRAPPER, "microsocks", "-i", "0.0.0.0", "-p", `${SOCKS_PORT}`];
  const args = ["netns", "exec", testbed.server, "sh", "-c", `echo ready; exec ${words.join(" ")}`];
  const stop = await start(
    new Deno.Command("ip", { args, stdin: "null", stdout: "piped", stderr: "piped" }),
    "ready",
  );
  await new Promise((resolve) => setTimeout(resolve, 500)); // it says nothing when it listens
  return stop;
}

/** Has TCP of the server use CUBIC as the programs do, whatever the machine prefers. */
export async function useCubic(testbed: Testbed, linkCount: number): Promise<void> {
  for (let index = 0; index < linkCount; index++) {
    const net = serverAddress(index).replace(/\.2$/, ".0/24");
    const route = [net, "dev", `s${index}`, "src", serverAddress(index), "congctl", "cubic"];
    await ip("-n", testbed.server, "route", "replace", ...route);
  }
}
