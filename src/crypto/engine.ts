import type { CryptoEngine } from "./aead.ts";
import { proveEngine } from "./engine_proof.ts";
import { nobleEngine } from "./noble_engine.ts";
import { nodeEngine } from "./node_engine.ts";

/** The names of the engines. */
export type EngineName = "node" | "noble";

const engines: ReadonlyMap<EngineName, CryptoEngine> = new Map([
  ["node", nodeEngine],
  ["noble", nobleEngine],
]);

/** Results of proofs already made: one proof per engine and process is enough. */
const proven = new Map<EngineName, boolean>();

/**
 * The fastest engine that computes what the standards say and refuses what it must refuse.
 *
 * A runtime has shipped a node:crypto whose GCM did not look at the tag; so nothing is believed:
 * every engine is proved before its first use, and one that fails is passed over.
 *
 * @param preferred The engine to take if it passes.
 */
export function chooseEngine(preferred: EngineName = "node"): CryptoEngine {
  const order: EngineName[] = preferred === "node" ? ["node", "noble"] : ["noble", "node"];
  for (const name of order) {
    const engine = engines.get(name)!;
    if (isProven(name, engine)) return engine;
  }
  throw new Error("Cannot encrypt: no cryptographic engine passed its proof");
}

function isProven(name: EngineName, engine: CryptoEngine): boolean {
  let result = proven.get(name);
  if (result === undefined) {
    result = proveEngine(engine) === undefined;
    proven.set(name, result);
  }
  return result;
}
