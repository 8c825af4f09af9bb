import { MeasuredServer, type ServerKind } from "./measured_server.ts";

/**
 * How much larger a server process is some time after a large load than after a small one.
 *
 * @param rest Milliseconds without any load before each measurement.
 * @returns The ratio of both sizes.
 */
export async function growthByLoad(kind: ServerKind, rest: number): Promise<number> {
  await using server = await MeasuredServer.start(kind);
  const sizeAfter = async (connections: number, bytes: number) => {
    await server.load(connections, bytes);
    await new Promise((resolve) => setTimeout(resolve, rest));
    return (await server.measure()).rss;
  };
  const small = await sizeAfter(20, 10e6);
  return await sizeAfter(200, 100e6) / small;
}
