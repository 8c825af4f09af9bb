// The numbers of TLS: messages, extensions, groups, signatures.

/** Handshake message types (RFC 9846, Section 4). */
export const MessageType = {
  ClientHello: 1,
  ServerHello: 2,
  NewSessionTicket: 4,
  EndOfEarlyData: 5,
  EncryptedExtensions: 8,
  Certificate: 11,
  CertificateRequest: 13,
  CertificateVerify: 15,
  Finished: 20,
  KeyUpdate: 24,
  /** RFC 8879, Section 4. */
  CompressedCertificate: 25,
  MessageHash: 254,
} as const;

/** Extension types (RFC 9846, Section 4.3; RFC 9001, Section 8.2). */
export const ExtensionType = {
  ServerName: 0,
  SupportedGroups: 10,
  SignatureAlgorithms: 13,
  Alpn: 16,
  Padding: 21,
  /** RFC 8879, Section 3. */
  CompressCertificate: 27,
  PreSharedKey: 41,
  EarlyData: 42,
  SupportedVersions: 43,
  Cookie: 44,
  PskKeyExchangeModes: 45,
  CertificateAuthorities: 47,
  SignatureAlgorithmsCert: 50,
  KeyShare: 51,
  QuicTransportParameters: 57,
} as const;

/** Groups for the key exchange (RFC 9846, Section 4.3.7). */
export const NamedGroup = {
  P256: 0x0017,
  P384: 0x0018,
  X25519: 0x001d,
  X25519MlKem768: 0x11ec,
} as const;

/** Signature schemes (RFC 9846, Section 4.3.3). */
export const SignatureScheme = {
  RsaPkcs1Sha256: 0x0401,
  RsaPkcs1Sha384: 0x0501,
  RsaPkcs1Sha512: 0x0601,
  EcdsaP256Sha256: 0x0403,
  EcdsaP384Sha384: 0x0503,
  EcdsaP521Sha512: 0x0603,
  RsaPssRsaeSha256: 0x0804,
  RsaPssRsaeSha384: 0x0805,
  RsaPssRsaeSha512: 0x0806,
  Ed25519: 0x0807,
  RsaPssPssSha256: 0x0809,
  RsaPssPssSha384: 0x080a,
  RsaPssPssSha512: 0x080b,
} as const;

/** The version number of TLS 1.3 in supported_versions. */
export const TLS_1_3 = 0x0304;

/** The version that TLS 1.3 writes where older ones looked (RFC 9846, Section 4.2.2). */
export const LEGACY_VERSION = 0x0303;

/** The name of a handshake message, for people. */
export function messageName(type: number): string {
  return messageNames.get(type) ?? `message ${type}`;
}

const messageNames: ReadonlyMap<number, string> = new Map(
  Object.entries(MessageType).map(([name, type]) => [type, name]),
);
