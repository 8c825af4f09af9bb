// Chooses the engine that encrypts.

import type { CryptoEngine } from "./aead.ts";
import { proveEngine } from "./engine_proof.ts";
import { nobleEngine } from "./noble_engine.ts";
import { nodeEngine } from "./node_engine.ts";
import { wasmEngine } from "./wasm_engine.ts";

/** The names of the engines. */
export type EngineName = "wasm" | "node" | "noble";

/** From the fastest to the one that runs everywhere. */
const ORDER: readonly EngineName[] = ["wasm", "node", "noble"];

/** Engines that passed their proof; one proof per engine and process is enough. */
const proven = new Map<EngineName, CryptoEngine | undefined>();

/**
 * The fastest engine that computes what the standards say and refuses what it must refuse.
 *
 * A runtime has shipped a node:crypto whose GCM did not check the tag. So every engine is proved
 * before its first use, and an engine that fails is passed over.
 *
 * @param preferred The engine to take if it passes.
 */
export function chooseEngine(preferred: EngineName = "wasm"): CryptoEngine {
  for (const name of [preferred, ...ORDER]) {
    const engine = provenEngine(name);
    if (engine !== undefined) return engine;
  }
  throw new Error("Cannot encrypt: no cryptographic engine passed its proof");
}

function provenEngine(name: EngineName): CryptoEngine | undefined {
  if (!proven.has(name)) proven.set(name, tryEngine(name));
  return proven.get(name);
}

function tryEngine(name: EngineName): CryptoEngine | undefined {
  try {
    const engine = makeEngine(name);
    return proveEngine(engine) === undefined ? engine : undefined;
  } catch {
    return undefined; // a runtime without WebAssembly, or without vectors in it
  }
}

function makeEngine(name: EngineName): CryptoEngine {
  if (name === "noble") return nobleEngine;
  // AES is quickest in the runtime, where that can be trusted.
  return name === "node" ? nodeEngine : wasmEngine(provenEngine("node") ?? nobleEngine);
}
