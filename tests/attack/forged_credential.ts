import { writeCertificate } from "../../src/tls/message/certificate_message.ts";
import { Credential } from "../../src/tls/credential.ts";
import type { Made } from "../tls/authority.ts";

/** A credential that signs as `own`, and shows whatever bytes it likes in place of certificates. */
export async function forgedCredential(
  own: Made,
  shown: readonly Uint8Array[],
): Promise<Credential> {
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", own.keys.privateKey));
  const pem = `-----BEGIN PRIVATE KEY-----\n${key.toBase64()}\n-----END PRIVATE KEY-----\n`;
  const credential = Credential.fromPem(own.pem, pem);
  return Object.assign(credential, {
    chain: shown,
    certificateMessage: () => writeCertificate(shown),
  });
}
