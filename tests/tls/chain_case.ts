import type { Der } from "./der_writer.ts";
import * as make from "./forge.ts";
import { forge, type Forged, generalName } from "./forge.ts";
import { EPOCH } from "./pair.ts";

/** A chain and what RFC 5280 says of it. */
export interface ChainCase {
  readonly name: string;
  /** Certificates in DER, the peer's own first. */
  readonly chain: readonly Der[];
  readonly anchors: readonly Der[];
  /** The name that a server is asked for; `undefined` if it is a client's chain. */
  readonly serverName: string | undefined;
  readonly time: number;
  readonly isRight: boolean;
  /** Why OpenSSL gives another verdict, where it does. */
  readonly openssl?: string | undefined;
}

/** Everything that was made. */
export const chainCases: ChainCase[] = [];

interface Circumstances {
  readonly anchors?: readonly Forged[];
  readonly serverName?: string | undefined;
  readonly time?: number;
  readonly openssl?: string;
}

function add(isRight: boolean, name: string, chain: Forged[], around: Circumstances = {}): void {
  chainCases.push({
    name,
    chain: chain.map(({ der }) => der),
    anchors: (around.anchors ?? [root]).map(({ der }) => der),
    serverName: "serverName" in around ? around.serverName : "a.test",
    time: around.time ?? EPOCH,
    isRight,
    openssl: around.openssl,
  });
}

type Add = (name: string, chain: Forged[], around?: Circumstances) => void;

/** A chain that is to be accepted. */
export const right: Add = add.bind(undefined, true);
/** A chain that is to be refused. */
export const wrong: Add = add.bind(undefined, false);

/** What an authority has. */
export const ca: Der[] = [make.authority(), make.keyUsage(5)];
export const names: Der = make.alternativeNames(generalName.dns("a.test"));
/** What a server for a.test has. */
export const end: Der[] = [make.keyUsage(0), names];

/** The anchor of most chains. */
export const root: Forged = forge({ subject: "root", extensions: ca });
export const inner: Forged = forge({ subject: "inner", issuer: root, extensions: ca });

/** A server's certificate. */
export function issue(issuer: Forged, recipe: make.Recipe = {}): Forged {
  return forge({ subject: "a.test", issuer, extensions: end, ...recipe });
}

/** An intermediate. */
export function below(issuer: Forged, recipe: make.Recipe = {}): Forged {
  return forge({ issuer, extensions: ca, ...recipe });
}
