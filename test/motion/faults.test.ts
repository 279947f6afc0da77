import { readdir, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { MotionOptions } from '../../src/motion/motion-service.ts';
import type { EncodedVideo } from '../support/video.ts';
import { until } from '../support/vigie.ts';
import { ODD } from './odd-worker.ts';
import { HEIGHT, WIDTH } from './scene.ts';
import { keyFrames, Watching, yard } from './watching.ts';

const ODD_WORKER = fileURLToPath(new URL('odd-worker.ts', import.meta.url));
const LEARNT = 16;

let video: EncodedVideo;
let odd: Record<keyof typeof ODD, EncodedVideo>;
let watching: Watching;

beforeAll(async () => {
  video = await keyFrames(yard(40, 24, 8));
  const flat = async (grey: number): Promise<EncodedVideo> =>
    keyFrames([new Uint8Array(WIDTH * HEIGHT).fill(grey)]);
  odd = {
    slow: await flat(ODD.slow),
    throws: await flat(ODD.throws),
    spins: await flat(ODD.spins),
    exits: await flat(ODD.exits),
  };
}, 60_000);
afterEach(() => watching.end());

const begin = async (cameras: number, options: Partial<MotionOptions> = {}): Promise<void> => {
  watching = await Watching.begin(cameras, options);
};

/** The ffmpeg processes that this one has started. */
async function decoderPids(): Promise<readonly number[]> {
  const pids: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const status = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const [, program, parent] = /^\d+ \((.*)\) \S (\d+)/.exec(status) ?? [];
    if (program?.startsWith('ffmpeg') && Number(parent) === process.pid) pids.push(Number(name));
  }
  return pids;
}

/** Shows pictures until one is looked at. */
async function untilLooked(cameraNo: number): Promise<void> {
  const before = watching.told.looks(cameraNo);
  await until(
    `camera ${cameraNo} is looked at again`,
    async () => {
      await watching.show(cameraNo, video, 0, 1);
      return watching.told.looks(cameraNo) > before;
    },
    60,
  );
}

describe('a decoder', () => {
  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'that gets %s costs the pictures in it, and no more',
    async (signal) => {
      await begin(2, { decodeMillis: 1_500 });
      const { told } = watching;
      await watching.show(1, video, 0, 3);
      await watching.show(2, video, 0, 1);
      const [pid] = (await decoderPids()) as [number];
      process.kill(pid, signal);
      watching.hand(1, video, 3);
      watching.hand(2, video, 1);
      await until('both had their turn', () => told.count(1) === 4 && told.count(2) === 2);
      await untilLooked(1);
      await untilLooked(2);
      expect(told.problems.filter((problem) => problem.includes('decoder'))).toHaveLength(1);
      expect(await decoderPids()).not.toContain(pid);
      // What was not looked at is in no minute.
      await watching.service.stop();
      for (const camera of [1, 2]) expect(told.pictures(camera)).toBe(told.looks(camera));
      expect(told.count(1)).toBe(told.looks(1) + told.count(1, 'undecodable'));
    },
  );

  it('that is fed rubbish by one camera goes on with the others, and keeps that one back', async () => {
    await begin(2, { decodeMillis: 3_000 });
    const { told, service } = watching;
    await watching.show(2, video, 0, 2);
    const rubbish = Uint8Array.from({ length: 5_000 }, (_, at) => (at * 197 + (at >> 3)) & 0xff);
    for (let index = 0; index < 12; index++) {
      watching.hand(1, video, 0, { sample: rubbish });
      await watching.show(2, video, 2 + index, 3 + index);
      await until('the rubbish had its turn', () => told.count(1) === index + 1);
    }
    expect(told.count(1)).toBe(told.count(1, 'undecodable'));
    expect(told.looks(2)).toBe(14);
    await service.stop();
    expect(told.minutes.some(({ cameraNo }) => cameraNo === 1)).toBe(false);
    expect(told.pictures(2)).toBe(14);
  });
});

it('says that nothing can be looked at where there is no ffmpeg', async () => {
  await begin(1, { ffmpegPath: '/nowhere/ffmpeg' });
  const { told, service } = watching;
  await watching.show(1, video, 0, 1);
  expect(told.count(1, 'undecodable')).toBe(1);
  expect([...service.problems()]).toEqual([
    'Motion is not looked for on 1 of 1 cameras: its pictures cannot be decoded (the decoder does not start: spawn /nowhere/ffmpeg ENOENT).',
  ]);
  expect(service.status(1)).toMatchObject({
    ...{ state: 'blind', reason: 'Not looked at: its pictures cannot be decoded.', lastLookAt: null },
  });
  // Who receives the pictures may know better why there are none.
  expect(service.status(1, 'Detection stream offline.')?.reason).toBe('Detection stream offline.');
});

it('goes on with a camera when whoever is told of it fails', async () => {
  await begin(2);
  const { told } = watching;
  await watching.show(1, video, 0, 2);
  told.took = () => {
    throw new Error('full');
  };
  watching.hand(1, video, 2);
  watching.hand(2, video, 0);
  await until('both stumbled', () => told.problems.length === 2);
  expect(told.problems[0]).toBe('motion of a camera stumbled and goes on: Error: full');
  Reflect.deleteProperty(told, 'took');
  await watching.show(1, video, 3, 5);
  await watching.show(2, video, 1, 3);
  expect([told.looks(1), told.looks(2)]).toEqual([4, 2]);
});

describe('a thread', () => {
  it.each([
    ['throws', 'throws', /odd picture/],
    ['ends', 'exits', /exited/],
    ['never comes back', 'spins', /not done within 4 s/],
  ] as const)('that %s costs one picture, and its camera begins anew', async (_name, kind, problem) => {
    await begin(2, { worker: ODD_WORKER, detectMillis: 4_000 });
    const { told, service } = watching;
    await watching.show(1, video, 0, LEARNT);
    await watching.show(2, video, 0, LEARNT);
    expect(service.status(1)?.state).toBe('on');
    watching.hand(1, odd[kind], 0);
    // The other camera is at it all the while.
    watching.hand(2, video, LEARNT);
    await until('the odd picture had its turn', () => told.count(1, 'failed') === 1, 30);
    await until('the other camera, too', () => told.looks(2) === LEARNT + 1, 30);
    expect(told.problems.find((one) => problem.test(one))).toBeDefined();
    await untilLooked(1);
    expect(service.status(1)?.state).toBe('learning');
    expect(service.status(2)?.state).toBe('on');
    await service.stop();
    expect(told.pictures(1)).toBe(told.looks(1));
    expect(told.pictures(2)).toBe(told.looks(2));
  });

  it('is kept from a camera that does it harm again and again, for the sake of the others', async () => {
    await begin(2, { worker: ODD_WORKER });
    const { told } = watching;
    await until(
      'it failed twice, and is held back for eight seconds',
      async () => {
        await watching.show(1, odd.throws, 0, 1);
        return told.problems.length === 2;
      },
      30,
    );
    for (let index = 0; index < 10; index++) await watching.show(1, odd.throws, 0, 1);
    await watching.show(2, video, 0, 3);
    expect(told.problems.length).toBe(2);
    expect(told.count(1)).toBe(told.count(1, 'failed'));
    expect(told.looks(2)).toBe(3);
  });

  it('finds a damaged model, and begins anew with it', async () => {
    await begin(1);
    const { told } = watching;
    await watching.show(1, video, 0, LEARNT);
    // As another program's bytes in a file: saved, damaged in the middle, and restored.
    await watching.service.stop();
    const [name] = (await readdir(`${watching.folder}/motion`)) as [string];
    const path = `${watching.folder}/motion/${name}`;
    const bytes = await readFile(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 0xff;
    await writeFile(path, bytes);
    await watching.restart(1);
    await watching.show(1, video, LEARNT, LEARNT + 1);
    expect(watching.service.status(1)?.state).toBe('learning');
    expect(told.problems).toEqual([]);
  });
});

it('looks at fewer pictures of each camera when there are four times as many as it has time for', async () => {
  const cameras = 6;
  await begin(cameras, { worker: ODD_WORKER });
  const { told, service } = watching;
  const numbers = Array.from({ length: cameras }, (_, index) => index + 1);
  for (const camera of numbers) await watching.show(camera, odd.slow, 0, 1);
  // A picture takes 40 ms or more: so many a second are four times too many, whatever else this machine does.
  let handed = 1;
  for (const end = Date.now() + 6_000; Date.now() < end; handed++) {
    for (const camera of numbers) watching.hand(camera, odd.slow, 0);
    await sleep(60);
  }
  // What waits does not grow: two pictures at each of the two stages.
  for (const camera of numbers) expect(handed - told.count(camera)).toBeLessThanOrEqual(4);
  await until('what waited is through', () => numbers.every((camera) => told.count(camera) === handed));
  const looks = numbers.map((camera) => told.looks(camera));
  expect(Math.min(...looks)).toBeGreaterThan(5);
  expect(Math.max(...looks) - Math.min(...looks)).toBeLessThanOrEqual(3);
  const shed = numbers.reduce((sum, camera) => sum + told.count(camera, 'shed'), 0);
  expect(shed).toBeGreaterThan(handed * cameras * 0.5);
  expect((told.sheds.get('detect') ?? 0) + (told.sheds.get('decode') ?? 0)).toBe(shed);
  expect(told.sheds.get('detect')).toBeGreaterThan(0);
  // What is looked at is new: it waited for two rounds of all cameras at most.
  expect(Math.max(...told.seconds.slice(cameras))).toBeLessThan(5);
  await service.stop();
  for (const camera of numbers) expect(told.pictures(camera)).toBe(told.looks(camera));
});
