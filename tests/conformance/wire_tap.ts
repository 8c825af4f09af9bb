import { fromHex } from "../../src/bytes/bytes.ts";
import { Reader } from "../../src/bytes/reader.ts";
import { CipherSuite } from "../../src/crypto/cipher_suite.ts";
import { chooseEngine } from "../../src/crypto/engine.ts";
import { InitialKeys } from "../../src/crypto/initial_keys.ts";
import { keyLabels } from "../../src/crypto/key_labels.ts";
import { PacketKeys } from "../../src/crypto/packet_keys.ts";
import { ALL_EXTENSIONS, type FrameHandler } from "../../src/frame/frame_table.ts";
import { readFrames } from "../../src/frame/read_frames.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { PacketOpener } from "../../src/packet/packet_opener.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { Version } from "../../src/packet/version.ts";
import type { Address } from "../../src/path/address/address.ts";
import { type Call, recorder } from "../frame/recorder.ts";
import type { Network } from "../../src/sim/network.ts";
import { CryptoText, type WireMessage, type WirePacket } from "./wire_packet.ts";

const ID_LENGTH = 8;

type Side = "client" | "server";

/** Keys that may fit, and the largest number opened with them. */
interface Keys {
  current: PacketKeys;
  generation: number;
  largest: number;
}

/** What is known of one connection: it goes by the ID that its client chose for itself. */
class Flow {
  readonly destinationIds = new Set<string>();
  readonly keys = new Map<string, Keys[]>();
  readonly texts = new Map<string, CryptoText>();
  random = "";
  version = 0;

  text(side: Side, type: number): CryptoText {
    const key = `${side} ${type}`;
    if (!this.texts.has(key)) this.texts.set(key, new CryptoText());
    return this.texts.get(key)!;
  }
}

/** Sees every datagram as it is sent, and opens packets with the keys of the key log. */
export class WireTap {
  /** All packets in the order in which they were sent. */
  readonly packets: WirePacket[] = [];
  /** The connections, by the ID that the client chose for itself. */
  readonly flows = new Map<string, Flow>();
  readonly #secrets = new Map<string, string>();
  readonly #engine = chooseEngine();
  readonly #opener = new PacketOpener();
  readonly #out = new Uint8Array(65_536);

  /** For `ClientTlsOptions.keyLog`. */
  readonly keyLog = (line: string): void => {
    const [label, random, secret] = line.split(" ");
    this.#secrets.set(`${label} ${random}`, secret!);
  };

  /** @param isShallow Whether headers are enough: nothing is opened then. */
  constructor(network: Network, isServer: (address: Address) => boolean, isShallow = false) {
    network.capture = (time, event, from, to, data) => {
      if (event !== "send") return;
      const side: Side = isServer(to) ? "client" : "server";
      this.#onDatagram({ time, side, from, to, datagramSize: data.length }, data, isShallow);
    };
  }

  /** The packets of one end, of one type. */
  sent(side: Side, type?: number): WirePacket[] {
    return this.packets.filter((packet) =>
      packet.side === side && (type === undefined || packet.type === type)
    );
  }

  /** The handshakes, counted by the IDs that the server chose for itself. */
  get handshakes(): number {
    return new Set(this.sent("server", PacketType.Initial).map((p) => p.sourceId)).size;
  }

  /** The handshake messages of one end, for each connection. */
  messages(side: Side, type: number): WireMessage[][] {
    return [...this.flows.values()].map((flow) => flow.text(side, type).messages);
  }

  #onDatagram(
    base: Pick<WirePacket, "time" | "side" | "from" | "to" | "datagramSize">,
    data: Uint8Array,
    isShallow: boolean,
  ): void {
    const header = new Header();
    for (let at = 0; parseHeader(data, at, ID_LENGTH, header); at = header.end) {
      const opened = isShallow ? undefined : this.#open(base.side, header, data);
      const packet: WirePacket = {
        ...base,
        type: header.type,
        version: header.version,
        destinationId: header.destinationId.toHex(),
        sourceId: header.sourceId.toHex(),
        token: header.token.toHex(),
        isOpen: opened !== undefined,
        ...opened ?? { number: -1, keyPhase: -1, size: -1, frames: [] },
      };
      this.packets.push(packet);
    }
  }

  #open(side: Side, header: Header, data: Uint8Array) {
    for (const flow of this.#candidates(side, header)) {
      for (const keys of this.#keysFor(flow, side, header)) {
        const opened = this.#try(keys, header, data) ??
          (header.isLong ? undefined : this.#tryNext(keys, header, data));
        if (opened === undefined) continue;
        this.#keep(flow, keys);
        this.#learn(flow, side, header.type, opened.frames);
        return opened;
      }
    }
    return undefined;
  }

  #candidates(side: Side, header: Header): Flow[] {
    if (!header.isLong) return [...this.flows.values()].reverse();
    const id = (side === "client" ? header.sourceId : header.destinationId).toHex();
    if (!this.flows.has(id)) this.flows.set(id, new Flow());
    const flow = this.flows.get(id)!;
    if (side === "client" && header.type === PacketType.Initial) {
      flow.destinationIds.add(header.destinationId.toHex());
    }
    if (side === "server" && header.version > 0) flow.version = header.version;
    return [flow];
  }

  /** From now on these keys are tried alone. */
  #keep(flow: Flow, keys: Keys): void {
    for (const [place, all] of flow.keys) {
      if (all.length > 1 && all.includes(keys)) flow.keys.set(place, [keys]);
    }
  }

  /** Every key that may have protected the packet. */
  #keysFor(flow: Flow, side: Side, { type, version }: Header): Keys[] {
    const inUse = version || flow.version;
    const place = `${side} ${type} ${inUse} ${flow.destinationIds.size}`;
    const known = flow.keys.get(place);
    if (known !== undefined && known.length > 0) return known;
    const made = this.#make(flow, side, type, inUse)
      .map((current) => ({ current, generation: 0, largest: -1 }));
    flow.keys.set(place, made);
    return made;
  }

  #make(flow: Flow, side: Side, type: number, version: number): PacketKeys[] {
    if (type === PacketType.Initial) {
      return [...flow.destinationIds].map((id) =>
        new InitialKeys(this.#engine, version, fromHex(id))[side]
      );
    }
    const secret = this.#secrets.get(`${labelOf(side, type)} ${flow.random}`);
    if (secret === undefined || version === Version.Negotiation) return [];
    const suites = secret.length === 96
      ? [CipherSuite.Aes256GcmSha384]
      : [CipherSuite.ChaCha20Poly1305Sha256, CipherSuite.Aes128GcmSha256];
    const labels = keyLabels(version);
    return suites.map((suite) => new PacketKeys(this.#engine, suite, fromHex(secret), labels));
  }

  #try(keys: Keys, header: Header, data: Uint8Array) {
    if (header.type === PacketType.Retry || header.version === 0 && header.isLong) return undefined;
    const copy = new Header();
    const datagram = data.slice();
    if (!parseHeader(datagram, header.start, ID_LENGTH, copy)) return undefined;
    const size = this.#opener.open(copy, keys.current, 0, keys.largest, this.#out);
    if (size < 0) return undefined;
    const { number, keyPhase } = this.#opener;
    keys.largest = Math.max(keys.largest, number);
    const frames: Call[] = [];
    readFrames(
      new Reader(this.#out.subarray(0, size)),
      header.type,
      ALL_EXTENSIONS,
      listing(frames),
    );
    return { number, keyPhase, size, frames };
  }

  /** RFC 9001, Section 6: perhaps the keys were updated. */
  #tryNext(keys: Keys, header: Header, data: Uint8Array) {
    const next: Keys = { ...keys, current: keys.current.next(), generation: keys.generation + 1 };
    const opened = this.#try(next, header, data);
    if (opened !== undefined) Object.assign(keys, next);
    return opened;
  }

  #learn(flow: Flow, side: Side, type: number, frames: readonly Call[]): void {
    for (const [name, offset, data] of frames) {
      if (name !== "onCrypto" || type === PacketType.OneRtt) continue;
      const text = flow.text(side, type);
      text.add(offset as number, data as number[]);
      if (side !== "client" || flow.random !== "") continue;
      const [hello] = text.messages;
      if (hello?.type === 1) flow.random = hello.body.subarray(2, 34).toHex();
    }
  }
}

/** Writes frames down, but not what streams carry. */
function listing(frames: Call[]): FrameHandler {
  const inner = recorder(frames);
  return new Proxy(inner, {
    get: (_, name) =>
      name === "onStream"
        ? (id: number, offset: number, data: Uint8Array) =>
          void frames.push(["onStream", id, offset, data.length])
        : Reflect.get(inner, name),
  });
}

function labelOf(side: Side, type: number): string {
  if (type === PacketType.ZeroRtt) return "CLIENT_EARLY_TRAFFIC_SECRET";
  const who = side.toUpperCase();
  return type === PacketType.Handshake
    ? `${who}_HANDSHAKE_TRAFFIC_SECRET`
    : `${who}_TRAFFIC_SECRET_0`;
}
