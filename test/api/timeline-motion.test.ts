import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MotionSearchJson, TimelineJson } from '../../src/api/schemas.ts';
import { type EventKind, HEAT, type MotionWrite } from '../../src/catalog/motion.ts';
import { MAX_EVENT_MARKS } from '../../src/playback/event-marks.ts';
import { MAX_MOTION_PARTS } from '../../src/playback/motion-line.ts';
import { cellsIn } from '../../src/playback/region.ts';
import { formatIso } from '../../src/time/iso.ts';
import { type WallMicros, wallMicros } from '../../src/time/units.ts';
import { listen, type RunningApi } from '../support/api.ts';
import { createRecording, type Recording } from '../support/recording.ts';

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
/** A whole hour. */
const START = Math.floor(1_795_453_200_000_000 / HOUR) * HOUR;
const at = (minutes: number): WallMicros => wallMicros(START + Math.round(minutes * MINUTE));

/** Something moved in the cell in the upper left corner, or in the one in the lower right. */
const heat = (where: 'left' | 'right', value: number): Uint8Array => {
  const cells = new Uint8Array(HEAT.columns * HEAT.rows);
  cells[where === 'left' ? 0 : cells.length - 1] = value;
  return cells;
};

let recording: Recording;
let api: RunningApi;
let cameraNo: number;

beforeAll(async () => {
  recording = await createRecording();
  api = await listen(recording);
  ({ cameraNo } = recording.camera);
  const looked = (minute: number, moving: number, map: Uint8Array | null): MotionWrite => ({
    kind: 'looked',
    looked: { cameraNo, minute: at(minute), pictures: 20, moving, passed: 20, heat: map },
  });
  await recording.catalog.motion.apply(
    [
      // Minutes 0 to 9; nobody looked at 4 and 5.
      ...[0, 1, 7].map((minute) => looked(minute, 0, null)),
      looked(2, 10, heat('left', 255)),
      looked(3, 20, heat('right', 51)),
      looked(6, 4, heat('left', 102)),
      looked(8, 8, heat('right', 255)),
      looked(9, 8, heat('right', 255)),
    ],
    at(10),
  );
  await put('motion', 2.1, 2.9, { x: 0, y: 0, width: 0.1, height: 0.1 });
  await put('motion', 3, 3.5, { x: 0.9, y: 0.9, width: 0.1, height: 0.1 });
  await put('covered', 4, null, null);
});
afterAll(async () => {
  await api?.close();
  await recording?.close();
});

async function put(
  kind: EventKind,
  from: number,
  to: number | null,
  box: { x: number; y: number; width: number; height: number } | null,
): Promise<void> {
  const event = {
    ...{ cameraNo, kind, from: at(from), to: to === null ? null : at(to) },
    ...{ continues: false, score: 0.25, box, zones: box && box.x > 0 ? ['porte'] : [] },
  };
  expect(await recording.catalog.motion.apply([{ kind: 'event', event, tell: [] }], at(10))).toEqual([]);
}

const ask = async <T>(route: 'timeline' | 'motion', from: number, to: number, rest = ''): Promise<T> => {
  const range = `from=${formatIso(at(from))}&to=${formatIso(at(to))}`;
  const answer = await fetch(`${api.url}/api/cameras/${recording.camera.id}/${route}?${range}${rest}`);
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
};
const minutes = (moment: string): number => (Date.parse(moment) * 1_000 - START) / MINUTE;

describe('motion on the timeline', () => {
  it('is how much moved, and null where nobody looked', async () => {
    const { motion } = await ask<TimelineJson>('timeline', 0, 12, '&resolution=1');
    expect([minutes(motion.from), motion.stepMicros]).toEqual([0, MINUTE]);
    expect(motion.density).toEqual([0, 0, 0.25, 0.5, null, null, 0.1, 0, 0.2, 0.2, null, null]);
    const coarse = await ask<TimelineJson>('timeline', 0.5, 8, `&resolution=${2 * MINUTE}`);
    expect(minutes(coarse.motion.from)).toBe(0);
    expect(coarse.motion.density).toEqual([0, 0.375, null, 0.05]);
  });

  it('of a region is what moved there, and so are its events, and those without a place', async () => {
    const left = await ask<TimelineJson>('timeline', 0, 10, '&resolution=1&region=0,0,0.2,0.3');
    expect(left.motion.density).toEqual([0, 0, 1, 0, null, null, 0.4, 0, 0, 0]);
    expect(left.events.map(({ kind, from }) => [kind, minutes(from)])).toEqual([
      ['motion', 2.1],
      ['covered', 4],
    ]);
    const right = await ask<TimelineJson>('timeline', 0, 10, `&resolution=${5 * MINUTE}&region=.9,.9,.1,.1`);
    expect(right.motion.density).toEqual([0.05, 0.5]);
    expect(right.events.map(({ zones }) => zones)).toEqual([['porte'], []]);
  });

  it('is searched to the minute, anywhere or in a region, and says where nobody looked', async () => {
    const anywhere = await ask<MotionSearchJson>('motion', 0, 10);
    const spans = ({ spans: list }: MotionSearchJson) =>
      list.map(({ from, to, strength }) => [minutes(from), minutes(to), strength]);
    expect(spans(anywhere)).toEqual([
      [2, 4, 0.5],
      [6, 7, 0.1],
      [8, 10, 0.2],
    ]);
    expect(anywhere.unseen.map(({ from, to }) => [minutes(from), minutes(to)])).toEqual([[4, 6]]);
    const left = await ask<MotionSearchJson>('motion', 2.5, 12, '&region=0,0,0.5,1');
    expect(spans(left)).toEqual([
      [2.5, 3, 1],
      [6, 7, 0.4],
    ]);
    expect(left.unseen.map(({ from, to }) => [minutes(from), minutes(to)])).toEqual([
      [4, 6],
      [10, 12],
    ]);
  });

  it('names the region that it takes', async () => {
    for (const region of ['1,2,3', '0,0,0,1', '0.5,0,0.6,1', 'a,b,c,d', '0,0,1,1,1', '-1,0,1,1', '']) {
      const range = `from=${formatIso(at(0))}&to=${formatIso(at(1))}`;
      for (const route of ['timeline', 'motion']) {
        const answer = await fetch(
          `${api.url}/api/cameras/${recording.camera.id}/${route}?${range}&region=${region}`,
        );
        expect(answer.status).toBe(400);
        expect(await answer.text()).toMatch(/left, top, width and height/);
      }
    }
    expect(cellsIn({ x: 0, y: 0, width: 1, height: 1 })).toHaveLength(144);
    // One cell, drawn by hand: a hair over its borders.
    expect(
      cellsIn({ x: 2 / 16 - 0.004, y: 1 / 9 - 0.004, width: 1 / 16 + 0.008, height: 1 / 9 + 0.008 }),
    ).toEqual([18]);
    expect(cellsIn({ x: 0.999, y: 0.999, width: 0.001, height: 0.001 })).toEqual([143]);
    await expect(ask('motion', 0, 63 * 1_440)).rejects.toThrow(/VIGIE_RANGE_TOO_LONG/);
    await expect(ask('timeline', 0, 63 * 1_440, '&region=0,0,1,1')).rejects.toThrow(/VIGIE_RANGE_TOO_LONG/);
  });

  it('is bounded whatever there is, and groups what cannot be told apart', async () => {
    const writes: MotionWrite[] = [];
    // Far away from the rest: two months, every other minute something moves for a second.
    for (let i = 0; i < 20_000; i++) {
      const minute = at(100_000 + i * 2);
      const moving = i % 7;
      writes.push({
        kind: 'looked',
        looked: {
          cameraNo,
          minute,
          pictures: 10,
          moving,
          passed: 0,
          heat: moving > 0 ? heat('left', moving) : null,
        },
      });
      if (i % 10 !== 0) continue;
      const kind = i % 1_000 === 0 ? 'frozen' : 'motion';
      const event = { cameraNo, kind, from: minute, to: wallMicros(minute + 1_000_000), score: 0.5 } as const;
      writes.push({ kind: 'event', event: { ...event, continues: false, box: null, zones: [] }, tell: [] });
    }
    await recording.catalog.motion.apply(writes, at(10));
    for (const region of ['', '&region=0,0,0.1,0.1']) {
      const { motion, events } = await ask<TimelineJson>(
        'timeline',
        99_000,
        145_000,
        `&resolution=1${region}`,
      );
      expect(motion.density.length).toBeLessThanOrEqual(MAX_MOTION_PARTS + 1);
      expect(motion.density.filter((value) => value !== null && value > 0).length).toBeGreaterThan(500);
      expect(events.length).toBeLessThanOrEqual(MAX_EVENT_MARKS);
      expect(events.length).toBeGreaterThan(100);
      expect(events.reduce((sum, { count }) => sum + count, 0)).toBe(2_000);
      expect(events.filter(({ kind }) => kind === 'frozen').reduce((sum, { count }) => sum + count, 0)).toBe(
        20,
      );
      expect(events.every(({ id, count }) => (id === null) === count > 1)).toBe(true);
    }
    const found = await ask<MotionSearchJson>('motion', 99_000, 145_000, '&region=0,0,0.1,0.1');
    expect(found.spans.length).toBeLessThanOrEqual(MAX_MOTION_PARTS);
    expect(found.unseen.length).toBeLessThanOrEqual(MAX_MOTION_PARTS);
    expect(found.resolutionMicros).toBeGreaterThan(MINUTE);
  });
});
