/** A laptop of two links, and a server that both lead to: what pictures for people are taken of. */

import { linkOf } from "../sim/pair.ts";
import { Testbed } from "./testbed.ts";

/** Interfaces as laptops call them, instead of those of the testbed. */
export const laptopLinks = ["wlan0", "usb0"];

/** Sets up two links of 20 Mbit/s, of different delay. */
export async function laptop(): Promise<Testbed> {
  const testbed = await Testbed.make([linkOf(20, 20), linkOf(20, 40)]);
  for (const [index, name] of laptopLinks.entries()) await rename(testbed, index, name);
  return testbed;
}

async function rename(testbed: Testbed, index: number, name: string): Promise<void> {
  const ip = (...args: string[]) => testbed.run("ip", ...args);
  await ip("link", "set", `c${index}`, "down");
  await ip("link", "set", `c${index}`, "name", name);
  await ip("link", "set", name, "up");
  await ip("route", "replace", "default", "dev", name, "table", `${100 + index}`);
}
