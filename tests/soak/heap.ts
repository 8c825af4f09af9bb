/** Lets go of garbage, where `--v8-flags=--expose-gc` allows it. */
const collect = (globalThis as { gc?: () => void }).gc;

/** Whether {@linkcode heapSize} tells what is really held. */
export const canMeasure = collect !== undefined;

/** Bytes that are held: the heap, and the buffers beside it. Garbage is not among them. */
export async function heapSize(): Promise<number> {
  // Buffers are let go of by finalizers, which run between tasks.
  for (let i = 0; i < 3; i++) {
    collect?.();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** Sizes of the heap at moments that are alike. */
export class HeapSeries {
  readonly sizes: number[] = [];

  async measure(): Promise<void> {
    if (canMeasure) this.sizes.push(await heapSize());
  }

  /** The largest size after the first one as a share of it: 0.01 is one per cent more. */
  get growth(): number {
    const [first = 1, ...later] = this.sizes;
    return Math.max(0, ...later.map((size) => size / first - 1));
  }

  toString(): string {
    if (!canMeasure) return "heap not measured (needs --v8-flags=--expose-gc)";
    const sizes = this.sizes.map((size) => (size / 1e6).toFixed(2)).join(" ");
    return `heap ${sizes} MB, at most ${(this.growth * 100).toFixed(2)} % above the first`;
  }
}
