// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * Hosts that know nothing of QUIC: a web server, one that sends back what it gets over UDP, and
 * a name server that has one answer. They end with their input.
 */
import { payload } from "./payload.ts";

/** The web server's TCP port. */
export const ORIGIN_PORT = 8080;
/** The UDP port of what sends everything back. */
export const ECHO_PORT = 8081;
/** The UDP port of the name server. */
export const NAME_PORT = 8053;
/** What the name server answers. */
export const NAMED_ADDRESS = "192.0.2.7";

const PIECE = 65_536;
/** Bytes of the head of a DNS message. */
const DNS_HEAD = 12;

/** The bytes of a file, made as they are taken. */
function body(size: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at === size) return controller.close();
      const end = Math.min(size, at + PIECE);
      controller.enqueue(payload(at, end));
      at = end;
    },
  });
}

/** RFC 1035, Section 4.1: the question again, and an address behind it. */
function namedAnswer(query: Uint8Array): Uint8Array {
  const head = query.slice(0, DNS_HEAD);
  head.set([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0], 2);
  const record = [0xc0, DNS_HEAD, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4];
  const question = query.subarray(DNS_HEAD);
  return Uint8Array.of(...head, ...question, ...record, ...NAMED_ADDRESS.split(".").map(Number));
}

async function answerAll(port: number, answer: (data: Uint8Array) => Uint8Array): Promise<never> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port });
  for (;;) {
    try {
      const [data, from] = await socket.receive();
      await socket.send(answer(data), from);
    } catch {
      // A datagram of before met no program.
    }
  }
}

if (import.meta.main) {
  answerAll(ECHO_PORT, (data) => data);
  answerAll(NAME_PORT, namedAnswer);
  const onListen = () => console.log("ready");
  Deno.serve({ hostname: "0.0.0.0", port: ORIGIN_PORT, onListen }, ({ url }) => {
    const size = Number(new URL(url).pathname.slice(1));
    return new Response(body(size), { headers: { "content-length": `${size}` } });
  });
  for await (const _ of Deno.stdin.readable);
  Deno.exit();
}
