import type { CryptoEngine } from "../../src/crypto/aead.ts";
import { chooseEngine } from "../../src/crypto/engine.ts";

/** The fastest engine, which knows the ciphers that nothing has released. */
export function lending(): CryptoEngine & { lent: Set<object> } {
  const engine = chooseEngine();
  const lent = new Set<object>();
  const lend = <Cipher extends object>(cipher: Cipher) => {
    const one = Object.assign(cipher, { release: () => void lent.delete(cipher) });
    lent.add(one);
    return one;
  };
  return {
    ...engine,
    lent,
    aead: (suite, key) => lend(engine.aead(suite, key)),
    headerMask: (suite, key) => lend(engine.headerMask(suite, key)),
  };
}
