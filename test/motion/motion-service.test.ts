import { readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeAll, expect, it } from 'vitest';
import type { Zone } from '../../src/motion/zones/zone.ts';
import { wallMicros } from '../../src/time/units.ts';
import type { EncodedVideo } from '../support/video.ts';
import { until } from '../support/vigie.ts';
import { keyFrames, START, Watching, yard } from './watching.ts';

const ENTERS = 24;
const CROSSES = 8;
const PICTURES = 48;

let crossing: EncodedVideo;
let watching: Watching;

beforeAll(async () => {
  crossing = await keyFrames(yard(PICTURES, ENTERS, CROSSES));
});
afterEach(() => watching.end());

const second = (seconds: number): number => START + seconds * 1e6;

it('tells that something moves, from when to when, where, and how much', async () => {
  watching = await Watching.begin(2);
  const { told, service } = watching;
  await watching.show(1, crossing, 0, ENTERS);
  expect(told.begun).toEqual([]);
  await watching.show(1, crossing, ENTERS, ENTERS + 2);
  // It is known while it lasts, with the three seconds before.
  expect(told.begun).toEqual([{ cameraNo: 1, kind: 'motion', from: second(ENTERS - 3), continues: false }]);
  await watching.show(1, crossing, ENTERS + 2);
  expect(told.ends).toHaveLength(1);
  const [event] = told.ends;
  expect(event).toMatchObject({
    ...{ cameraNo: 1, kind: 'motion', from: second(ENTERS - 3), continues: false, zones: [] },
    to: second(ENTERS + CROSSES - 1 + 3),
  });
  // A square of 40 of 320 by 180 pixels went from the left, in the middle.
  expect(event?.score).toBeGreaterThan(0.015);
  expect(event?.score).toBeLessThan(0.06);
  const box = event?.box;
  expect(box?.x).toBeLessThan(0.2);
  expect(box?.width).toBeGreaterThan(0.4);
  expect(box?.y).toBeGreaterThan(0.25);
  expect(box?.height).toBeLessThan(0.4);

  expect(told.count(1, 'moving')).toBe(CROSSES);
  expect(told.looks(1)).toBe(PICTURES);
  expect(told.sightings.filter(({ moving }) => moving)).toHaveLength(CROSSES);
  expect(told.sightings).toHaveLength(PICTURES);
  expect(told.seconds).toHaveLength(PICTURES);
  expect(service.status(1)).toMatchObject({ state: 'on', reason: '', lastLookAt: second(PICTURES - 1) });
  // Nobody looked at the other one, and that is not hidden.
  expect(service.status(2)).toMatchObject({ state: 'blind', lastLookAt: null });
  expect(service.status(3)).toBe(undefined);

  service.take({ pictures: [], passed: [{ cameraNo: 1, at: wallMicros(START + 70e6) }] });
  await service.stop();
  expect(told.minutes.filter(({ cameraNo }) => cameraNo === 2)).toEqual([]);
  const sum = { pictures: 0, moving: 0, passed: 0 };
  for (const minute of told.minutes) {
    sum.pictures += minute.pictures;
    sum.moving += minute.moving;
    sum.passed += minute.passed;
  }
  expect(sum).toEqual({ pictures: PICTURES, moving: CROSSES, passed: 1 });
  const heat = told.minutes.find((minute) => minute.heat)?.heat as Uint8Array;
  expect(Math.max(...heat.subarray(4 * 16, 5 * 16))).toBeGreaterThan(100);
  expect(Math.max(...heat.subarray(0, 2 * 16))).toBe(0);
});

it('names the zones that are touched, and does not tell of what is outside of them', async () => {
  const zone = (name: string, left: number): Zone => ({
    ...{ name, kind: 'include', sensitivity: 'normal', minimumSize: 0 },
    points: [
      [left, 0],
      [left + 0.15, 0],
      [left + 0.15, 1],
      [left, 1],
    ],
  });
  const cameras = [
    { cameraNo: 1, framesPerSecond: 5, zones: [zone('door', 0.2), zone('gate', 0.85)] },
    { cameraNo: 2, framesPerSecond: 5, zones: [zone('gate', 0.85)] },
  ];
  watching = await Watching.begin(2, { cameras });
  await watching.show(1, crossing);
  await watching.show(2, crossing);
  expect(watching.told.ends.map(({ cameraNo, zones }) => [cameraNo, zones])).toEqual([[1, ['door']]]);
});

it('knows its cameras again after a restart', async () => {
  watching = await Watching.begin(1);
  await watching.show(1, crossing, 0, 20);
  expect(watching.service.status(1)?.state).toBe('on');
  await watching.service.stop();
  await watching.restart(1);
  // The very first picture is known to be of the same place, and that someone is in it.
  await watching.show(1, crossing, ENTERS, ENTERS + 2);
  expect(watching.service.status(1)?.state).toBe('on');
  expect(watching.told.begun).toHaveLength(1);
});

it('goes on with an event over a short break of the stream, and ends it at a long one', async () => {
  watching = await Watching.begin(1);
  const { told } = watching;
  await watching.show(1, crossing, 0, ENTERS + 4);
  const at = second(ENTERS + 5);
  watching.hand(1, crossing, ENTERS + 4, { stream: 2, elapsedTicks: 0, at: wallMicros(at) });
  await until('it was looked at', () => told.looks(1) === ENTERS + 5);
  expect(told.ends).toEqual([]);
  watching.hand(1, crossing, 0, { stream: 3, elapsedTicks: 0, at: wallMicros(at + 60e6) });
  await until('it ended', () => told.ends.length === 1);
  expect(told.ends[0]).toMatchObject({ from: second(ENTERS - 3), to: at + 3e6 });
});

it.runIf(process.platform === 'linux')(
  'gives way to recording: what looks has the lowest claim',
  async () => {
    const nices = async (): Promise<readonly number[]> => {
      const found: number[] = [];
      for (const thread of await readdir('/proc/self/task')) {
        const stat = await readFile(`/proc/self/task/${thread}/stat`, 'utf8').catch(() => '');
        // After the name, which may hold anything, the 17th field.
        found.push(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16] ?? 0));
      }
      return found;
    };
    expect((await nices()).filter((nice) => nice >= 10)).toEqual([]);
    watching = await Watching.begin(1);
    await watching.show(1, crossing, 0, 2);
    expect((await nices()).filter((nice) => nice >= 10)).toEqual([10]);
  },
);

it('takes nothing for cameras that it was not told of, and nothing after its end', async () => {
  watching = await Watching.begin(1);
  watching.hand(9, crossing, 0);
  await watching.show(1, crossing, 0, 1);
  await watching.service.stop();
  watching.hand(1, crossing, 1);
  expect(watching.told.count(9)).toBe(0);
  expect(watching.told.looks(1)).toBe(1);
});
