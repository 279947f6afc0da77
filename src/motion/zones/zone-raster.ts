import { fillPolygon } from './fill-polygon.ts';
import { MOST_ZONES, SENSITIVITY, type Zone } from './zone.ts';

/**
 * The zones of a camera in the size of the pictures that are looked at. It can be given to a thread as it is: the
 * pixels stay where they are.
 */
export interface ZoneRaster {
  readonly width: number;
  readonly height: number;
  /** Of each pixel the zones in which it counts, one bit each, in the order of `zones`; 0: it does not count. */
  readonly bits: Uint16Array<SharedArrayBuffer>;
  readonly zones: readonly RasterZone[];
}

export interface RasterZone {
  /** `undefined`: everywhere that nobody drew a zone, so there is nothing to name. */
  readonly name: string | undefined;
  /** How many pixels one of its pixels counts for. */
  readonly weight: number;
  /** Objects with fewer pixels do not count in it. */
  readonly leastPixels: number;
}

const EVERYWHERE: RasterZone = { name: undefined, weight: 1, leastPixels: 0 };

/**
 * Without a zone that includes, everything counts that is not ignored. What is ignored is ignored in every zone.
 * @param zones at most 16; more are a defect of who calls, as the configuration allows no more
 */
export function createZoneRaster(zones: readonly Zone[], width: number, height: number): ZoneRaster {
  if (zones.length > MOST_ZONES)
    throw new TypeError(`A camera has at most ${MOST_ZONES} zones. Got ${zones.length}.`);
  const bits = new Uint16Array(new SharedArrayBuffer(2 * width * height));
  const included = zones.filter(({ kind }) => kind === 'include');
  if (included.length === 0) bits.fill(1);
  for (const [index, { points }] of included.entries()) {
    fillPolygon(points, width, height, (row, from, to) => {
      for (let p = row * width + from; p < row * width + to; p++) (bits[p] as number) |= 1 << index;
    });
  }
  for (const { kind, points } of zones) {
    if (kind !== 'ignore') continue;
    fillPolygon(points, width, height, (row, from, to) => bits.fill(0, row * width + from, row * width + to));
  }
  const rasterZones = included.map(({ name, sensitivity, minimumSize }) => ({
    name,
    weight: SENSITIVITY[sensitivity],
    leastPixels: Math.ceil(minimumSize * width * height),
  }));
  return { width, height, bits, zones: included.length === 0 ? [EVERYWHERE] : rasterZones };
}
