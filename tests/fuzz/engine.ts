import { chooseEngine } from "../../src/crypto/engine.ts";
import { engineOfProcess } from "../../src/io/native/native_engine.ts";

/** What encrypts in all targets: libcrypto where it may be called, unless MPQUIC_NATIVE is off. */
export const engine = engineOfProcess() ?? chooseEngine();
