import { LEAST_EVIDENCE } from '../activity.ts';
import { Blob } from '../blobs.ts';
import type { Components } from '../components.ts';
import { LEAST_AREA } from '../settings.ts';
import type { ZoneRaster } from './zone-raster.ts';

/** Which pixels of what moves count, by zone: one for each frame in which something does. */
export interface Counted {
  /** The zones in which a blob is large enough to count, one bit each. */
  readonly accepted: Uint16Array;
  /** Of each blob, its pixels in each zone. */
  readonly pixels: Uint32Array;
  /** Of each blob, what its pixels count for, each by the most sensitive zone that it is in. */
  readonly weighed: Float64Array;
}

export function createCounted(found: Components, verdicts: Uint8Array, { zones }: ZoneRaster): Counted {
  const sizes = new Uint32Array(found.blobs);
  for (let run = 0; run < found.runs; run++)
    (sizes[found.blob[run] as number] as number) += (found.end[run] as number) - (found.start[run] as number);
  const accepted = new Uint16Array(found.blobs);
  for (const [blob, size] of sizes.entries()) {
    if (verdicts[blob] !== Blob.object) continue;
    for (const [zone, { leastPixels }] of zones.entries())
      if (size >= leastPixels) (accepted[blob] as number) |= 1 << zone;
  }
  return {
    accepted,
    pixels: new Uint32Array(found.blobs * zones.length),
    weighed: new Float64Array(found.blobs),
  };
}

/** Counts one pixel of a blob, which lies in the zones of `bits`: not 0. */
export function countPixel(
  { pixels, weighed }: Counted,
  { zones }: ZoneRaster,
  blob: number,
  bits: number,
): void {
  let weight = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) {
    const zone = 31 - Math.clz32(rest & -rest);
    (pixels[blob * zones.length + zone] as number)++;
    weight = Math.max(weight, zones[zone]?.weight ?? 0);
  }
  (weighed[blob] as number) += weight;
}

/** The share of the picture that the blob which counts most counts for, and the names of the zones that are meant. */
export function weigh(
  { pixels, weighed }: Counted,
  { zones, width, height }: ZoneRaster,
): { readonly largest: number; readonly touched: readonly string[] } {
  let largest = 0;
  let bits = 0;
  for (const [blob, weight] of weighed.entries()) {
    largest = Math.max(largest, weight);
    // What is too small to be told of must not name a zone while something else moves in another one.
    if (weight < LEAST_EVIDENCE * width * height) continue;
    for (let zone = 0; zone < zones.length; zone++)
      if ((pixels[blob * zones.length + zone] as number) >= LEAST_AREA) bits |= 1 << zone;
  }
  const touched = zones.flatMap(({ name }, zone) => (name !== undefined && (bits >> zone) & 1 ? [name] : []));
  return { largest: largest / (width * height), touched };
}
