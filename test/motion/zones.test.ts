import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEAST_EVIDENCE } from '../../src/motion/activity.ts';
import { detect, type MotionResult } from '../../src/motion/detect.ts';
import type { Point, Zone } from '../../src/motion/zones/zone.ts';
import { createZoneRaster, type ZoneRaster } from '../../src/motion/zones/zone-raster.ts';
import { Camera, type Draw, HEIGHT, numbers, render, square, WIDTH } from './scene.ts';

const zone = (name: string, points: readonly Point[], more: Partial<Zone> = {}): Zone => ({
  ...{ name, kind: 'include', points, sensitivity: 'normal', minimumSize: 0 },
  ...more,
});
const rectangle = (left: number, top: number, right: number, bottom: number): Point[] => [
  [left, top],
  [right, top],
  [right, bottom],
  [left, bottom],
];
const raster = (...zones: Zone[]): ZoneRaster => createZoneRaster(zones, WIDTH, HEIGHT);

describe('what a zone covers', () => {
  /** Corners on a lattice of thousandths, so that where a point lies can be told in whole numbers. */
  const corner = fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 1_000 }));
  const shares = (corners: readonly (readonly [number, number])[]): Point[] =>
    corners.map(([x, y]) => [x / 1_000, y / 1_000]);

  /** Told in whole numbers, by which side of each side a point is on; `undefined` on one. */
  function lies(corners: readonly (readonly [number, number])[], x: number, y: number): boolean | undefined {
    let inside = false;
    for (const [index, [ax, ay]] of corners.entries()) {
      const [bx, by] = corners[(index + 1) % corners.length] as readonly [number, number];
      const cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
      const beside = Math.min(ax, bx) <= x && x <= Math.max(ax, bx);
      if (cross === 0 && beside && Math.min(ay, by) <= y && y <= Math.max(ay, by)) return undefined;
      if (ay <= y !== by <= y && cross > 0 === by > ay) inside = !inside;
    }
    return inside;
  }

  it('is every pixel whose centre lies in its polygon, and no other', () => {
    const [width, height] = [64, 50];
    fc.assert(
      fc.property(fc.array(corner, { minLength: 3, maxLength: 12 }), (corners) => {
        const { bits } = createZoneRaster([zone('a', shares(corners))], width, height);
        // In units of which the corners and the pixels' centres are whole numbers.
        const scaled = corners.map(([x, y]) => [x * 2 * width, y * 2 * height] as const);
        for (let p = 0; p < bits.length; p++) {
          const [x, y] = [((p % width) * 2 + 1) * 1_000, (Math.floor(p / width) * 2 + 1) * 1_000];
          const expected = lies(scaled, x, y);
          if (expected !== undefined && (bits[p] === 1) !== expected)
            throw new Error(`pixel ${p % width},${Math.floor(p / width)} should be ${expected}`);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives each pixel at a border that two zones share to one of them', () => {
    fc.assert(
      fc.property(corner, corner, fc.integer({ min: 1, max: 999 }), (from, to, through) => {
        // A line from the top to the bottom of the picture with a bend in it, and what is left and right of it.
        const line: Point[] = [
          [from[0] / 1_000, 0],
          [through / 1_000, to[1] / 1_000],
          [to[0] / 1_000, 1],
        ];
        const left: Point[] = [[0, 0], ...line, [0, 1]];
        const right: Point[] = [[1, 1], ...line.toReversed(), [1, 0]];
        const { bits } = raster(zone('left', left), zone('right', right));
        expect([...new Set(bits)].filter((bit) => bit !== 1 && bit !== 2)).toEqual([]);
      }),
    );
    // Exactly on pixels' centres, where rounding would decide.
    const half = 80.5 / WIDTH;
    const { bits } = raster(zone('left', rectangle(0, 0, half, 1)), zone('right', rectangle(half, 0, 1, 1)));
    expect([bits[79], bits[80], bits[81]]).toEqual([1, 2, 2]);
  });

  it('is everything without zones, and everything that is not ignored with only such', () => {
    expect(new Set(raster().bits)).toEqual(new Set([1]));
    const { bits, zones } = raster(zone('street', rectangle(0, 0, 1, 0.5), { kind: 'ignore' }));
    expect(zones).toEqual([{ name: undefined, weight: 1, leastPixels: 0 }]);
    const kept = bits.reduce((sum, bit) => sum + bit, 0);
    expect(kept).toBe((WIDTH * HEIGHT) / 2);
    expect(bits[0]).toBe(0);
  });

  it('is nothing where it is ignored, whichever was drawn first', () => {
    const ignored = zone('street', rectangle(0.5, 0, 1, 1), { kind: 'ignore' });
    const all = zone('all', rectangle(0, 0, 1, 1));
    for (const zones of [
      [ignored, all],
      [all, ignored],
    ])
      expect(raster(...zones).bits.reduce((sum, bit) => sum + bit, 0)).toBe((WIDTH * HEIGHT) / 2);
  });

  it('has room for sixteen, which overlap', () => {
    const zones = Array.from({ length: 16 }, (_, index) => zone(`z${index}`, rectangle(0, 0, 1, 1)));
    expect(new Set(raster(...zones).bits)).toEqual(new Set([0xffff]));
    expect(() => raster(...zones, zone('more', rectangle(0, 0, 1, 1)))).toThrow(/at most 16/);
  });

  it('is shared with a thread, not copied', async () => {
    const { bits } = raster(zone('left', rectangle(0, 0, 0.5, 1)));
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       parentPort.once('message', ({ bits }) => { bits[0] = 77; parentPort.postMessage('done'); });`,
      { eval: true },
    );
    worker.postMessage({ bits });
    await once(worker, 'message');
    await worker.terminate();
    expect(bits[0]).toBe(77);
  });
});

/** A camera that has seen the yard for a while, and what it tells of one more frame with something in it. */
function sees(draw: Draw, ...zones: Zone[]): MotionResult {
  const random = numbers(21);
  const camera = new Camera(1);
  const look = (frame: Uint8Array): MotionResult =>
    detect(camera.detector, camera.state, frame, camera.elapsed, raster(...zones));
  for (let frame = 0; frame < 40; frame++) look(render({}, random));
  return look(render({}, random, draw));
}

describe('what counts', () => {
  const left = zone('left', rectangle(0, 0, 0.5, 1));
  const right = zone('right', rectangle(0.5, 0, 1, 1));

  it('is what moves in a zone, and that zone is named', () => {
    const result = sees(square(40, 60, 30, 230), left, right);
    expect(result.zones).toEqual(['left']);
    expect(result.evidence).toBeGreaterThan((0.9 * 30 * 30) / (WIDTH * HEIGHT));
    expect(result.boxes).toHaveLength(1);
    expect(sees(square(145, 60, 30, 230), left, right).zones).toEqual(['left', 'right']);
  });

  it('is the same without zones as in one that covers everything', () => {
    const draw = square(40, 60, 30, 230);
    const { zones, ...without } = sees(draw);
    expect(zones).toEqual([]);
    expect(sees(draw, zone('all', rectangle(0, 0, 1, 1)))).toEqual({ ...without, zones: ['all'] });
  });

  it('is nothing of what moves elsewhere', () => {
    const outside = sees(square(40, 60, 30, 230), right);
    expect(outside).toMatchObject({ score: 0, evidence: 0, boxes: [], zones: [] });
    expect(Math.max(...outside.heat)).toBe(0);
    const ignored = sees(square(40, 60, 30, 230), { ...left, kind: 'ignore' });
    expect(ignored).toMatchObject({ score: 0, evidence: 0, boxes: [], zones: [] });
    const beside = sees(square(240, 60, 30, 230), { ...left, kind: 'ignore' });
    expect(beside.evidence).toBeGreaterThan(LEAST_EVIDENCE);
    expect(beside.zones).toEqual([]);
  });

  it('is only the part that is in a zone', () => {
    const { boxes, score, heat } = sees(square(140, 60, 40, 230), right);
    expect(boxes[0]?.left).toBeGreaterThanOrEqual(160);
    expect(score * WIDTH * HEIGHT).toBeLessThanOrEqual(24 * 44);
    expect([...heat.entries()].filter(([, cell]) => cell > 0).every(([at]) => at % 16 >= 8)).toBe(true);
  });

  it('is more or less by the sensitivity of the zone, the highest where several lie over each other', () => {
    const evidence = (...zones: Zone[]): number => sees(square(40, 60, 30, 230), ...zones).evidence;
    const normal = evidence(left);
    const low = { ...left, name: 'low', sensitivity: 'low' } as const;
    const high = { ...left, name: 'high', sensitivity: 'high' } as const;
    expect(evidence(low)).toBeCloseTo(normal / 2, 10);
    expect(evidence(high)).toBeCloseTo(normal * 2, 10);
    expect(evidence(low, high, left)).toBeCloseTo(normal * 2, 10);
  });

  it('is not what is smaller than the zone wants, whatever part of it is inside', () => {
    const share = (side: number): number => (side * side) / (WIDTH * HEIGHT);
    const atLeast = (side: number): Zone => ({ ...left, minimumSize: share(side) });
    expect(sees(square(40, 60, 20, 230), atLeast(40))).toMatchObject({ evidence: 0, boxes: [], zones: [] });
    expect(sees(square(40, 60, 44, 230), atLeast(40)).zones).toEqual(['left']);
    // Half of it is outside, and it is as large as it is.
    expect(sees(square(138, 60, 44, 230), atLeast(40)).zones).toEqual(['left']);
    // Where it is too small for one zone it may count in another.
    expect(sees(square(40, 60, 20, 230), atLeast(40), zone('all', rectangle(0, 0, 1, 1))).zones).toEqual([
      'all',
    ]);
  });

  it('lies where it is in the picture, also while the camera shakes', () => {
    const random = numbers(22);
    const camera = new Camera(5);
    camera.watch(60, () => render({}, random));
    // Moved by the shake, the square stands where the picture shows it: in the right half.
    const frame = render({ dx: -12 }, random, square(166, 60, 24, 230));
    const result = detect(camera.detector, camera.state, frame, camera.elapsed, raster(left, right));
    expect(result.shift).toEqual({ x: 12, y: 0 });
    expect(result.zones).toEqual(['right']);
  });

  it('is refused in another size than the pictures have', () => {
    const camera = new Camera(5);
    const other = createZoneRaster([left], 160, 90);
    const frame = render({}, numbers(23));
    expect(() => detect(camera.detector, camera.state, frame, 1, other)).toThrow(/320x180/);
  });
});

it('learns each view of a camera that turns to and fro anew, and its zones lie over each as they did', () => {
  const random = numbers(24);
  const camera = new Camera(1);
  const zones = raster(
    zone('left', rectangle(0, 0, 0.5, 1)),
    zone('right', rectangle(0.5, 0, 1, 1), { kind: 'ignore' }),
  );
  const look = (scene: number, draw?: Draw): MotionResult =>
    detect(camera.detector, camera.state, render({ scene }, random, draw), camera.elapsed, zones);
  for (const [turn, scene] of [1, 9, 1].entries()) {
    const first = look(scene);
    if (turn > 0) expect(first).toMatchObject({ change: 'view', evidence: 0, learning: true });
    const settling = Array.from({ length: 40 }, () => look(scene));
    expect(Math.max(...settling.map(({ score }) => score))).toBe(0);
    expect(settling.at(-1)).toMatchObject({ change: 'none', learning: false });
    expect(look(scene, square(40, 60, 30, 240)).zones).toEqual(['left']);
    look(scene);
    expect(look(scene, square(240, 60, 30, 240))).toMatchObject({ evidence: 0, zones: [] });
    look(scene);
  }
});
