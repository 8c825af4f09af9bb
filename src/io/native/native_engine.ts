// Which cryptographic engine a process uses when it may call libraries of the system.

import type { CryptoEngine } from "../../crypto/aead.ts";
import { chooseEngine } from "../../crypto/engine.ts";
import { proveEngine } from "../../crypto/engine_proof.ts";
import { type NativeMode, nativeMode } from "./native_mode.ts";
import { type LibcryptoEngine, libcryptoEngine } from "./libcrypto_engine.ts";

/** The engine for connections of this process; nothing if the portable ones are to be used. */
export function engineOfProcess(wish?: NativeMode): CryptoEngine | undefined {
  return nativeMode(wish) === "off" ? undefined : nativeEngine();
}

/** The engine, or that there is none; one proof per process is enough. */
let proven: { readonly engine: LibcryptoEngine | undefined } | undefined;

/**
 * The engine of the system's libcrypto, if that may be called, computes what the standards say and
 * refuses what it must refuse.
 */
export function nativeEngine(): LibcryptoEngine | undefined {
  proven ??= { engine: prove() };
  return proven.engine;
}

function prove(): LibcryptoEngine | undefined {
  const engine = libcryptoEngine(chooseEngine);
  return engine === undefined || proveEngine(engine) !== undefined ? undefined : engine;
}
