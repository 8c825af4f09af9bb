// Runs the interop runner's cases between two of our processes: deno task interop [case ...]
import { CASES } from "./cases.ts";
import { runCase, statusFor, writeCertificates } from "./processes.ts";

const wanted = CASES.filter(({ name }) => Deno.args.length === 0 || Deno.args.includes(name));
const certs = await Deno.makeTempDir({ prefix: "interop-certs-" });
await writeCertificates(certs);
say("| case | result | seconds | Mbit/s |\n|---|---|---|---|");
let failures = 0;
for (const each of wanted) {
  const { name, seconds, rate, failure } = await runCase(each, certs);
  if (failure !== undefined) failures++;
  say(`| ${name} | ${failure ?? "ok"} | ${seconds.toFixed(1)} | ${rate.toFixed(2)} |`);
}
for (const role of ["client", "server"] as const) {
  const status = await statusFor(role, "no-such-case");
  if (status !== 127) failures++;
  say(`| unknown, as ${role} | ${status === 127 ? "ok" : `status ${status}`} | | |`);
}
await Deno.remove(certs, { recursive: true });
Deno.exit(failures > 0 ? 1 : 0);

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
