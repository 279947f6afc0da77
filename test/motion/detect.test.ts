import { describe, expect, it } from 'vitest';
import { type ActivityChange, follow, LEAST_EVIDENCE, quiet } from '../../src/motion/activity.ts';
import { type MotionResult, movingPixels } from '../../src/motion/detect.ts';
import { restoreState, saveState } from '../../src/motion/layout.ts';
import { Camera, HEIGHT, numbers, render, square, WIDTH } from './scene.ts';

const RATES = [25, 5, 1];

describe.each(RATES)('at %d frames a second', (rate) => {
  it('sees nothing in noise, finds a square that moves through it, and forgets it when it is gone', () => {
    const random = numbers(rate);
    const camera = new Camera(rate);
    const noise = 4;
    const before = camera.watch(60, () => render({ noise }, random));
    expect(Math.max(...before.map(({ score }) => score))).toBe(0);
    const mask = new Uint8Array(WIDTH * HEIGHT);
    for (let step = 0; step < 10; step++) {
      const left = 20 + 24 * step;
      const result = camera.see(render({ noise }, random, square(left, 60, 24, 220)));
      movingPixels(camera.detector, result, mask);
      let [hits, falseHits] = [0, 0];
      for (const [p, moves] of mask.entries()) {
        if (moves === 0) continue;
        const [x, y] = [p % WIDTH, Math.floor(p / WIDTH)];
        if (x >= left && x < left + 24 && y >= 60 && y < 84) hits++;
        else falseHits++;
      }
      expect(hits).toBeGreaterThan(0.9 * 24 * 24);
      expect(falseHits).toBeLessThan(0.25 * 24 * 24);
      expect(result.boxes).toHaveLength(1);
      const box = result.boxes[0];
      expect(box?.left).toBeLessThanOrEqual(left);
      expect(box?.right).toBeGreaterThanOrEqual(left + 24);
      // The cell of the map that the middle of the square is in is full.
      const cell = Math.floor((72 * 9) / HEIGHT) * 16 + Math.floor(((left + 12) * 16) / WIDTH);
      expect(result.heat[cell]).toBeGreaterThan(100);
    }
    const after = camera.watch(10, () => render({ noise }, random));
    expect(after.at(-1)?.score).toBe(0);
  });

  it('follows a camera that shakes, and finds what moves meanwhile', () => {
    const random = numbers(rate + 1);
    const camera = new Camera(rate);
    camera.watch(40, () => render({}, random));
    for (let shake = 0; shake < 60; shake++) {
      const [dx, dy] = [Math.round(24 * random() - 12), Math.round(16 * random() - 8)];
      const { shift, score } = camera.see(render({ dx, dy }, random));
      expect(shift).toEqual({ x: -dx || 0, y: -dy || 0 });
      expect(score).toBeLessThan(LEAST_EVIDENCE);
    }
    const { boxes } = camera.see(render({ dx: 9, dy: -5 }, random, square(150, 90, 30, 10)));
    expect(boxes).toHaveLength(1);
    expect(boxes[0]?.left).toBeGreaterThan(140);
    expect(boxes[0]?.right).toBeLessThan(190);
  });
});

it('moves along with a camera that was nudged for good', () => {
  const random = numbers(3);
  const camera = new Camera(1);
  camera.watch(30, () => render({}, random));
  const nudged = camera.watch(30, () => render({ dx: 11, dy: 3 }, random));
  expect(nudged[0]?.shift).toEqual({ x: -11, y: -3 });
  expect(nudged.at(-1)?.shift).toEqual({ x: 0, y: 0 });
  expect(Math.max(...nudged.map(({ score }) => score))).toBeLessThan(LEAST_EVIDENCE);
});

it('tells a lamp from motion, and sees what moves in its light', () => {
  const random = numbers(4);
  const camera = new Camera(5);
  camera.watch(60, () => render({}, random));
  const lit = camera.watch(10, () => render({ gain: 1.45, offset: 15 }, random));
  expect(lit.map(({ change }) => change)).toContain('light');
  expect(Math.max(...lit.map(({ score }) => score))).toBe(0);
  const moving = camera.see(render({ gain: 1.45, offset: 15 }, random, square(100, 60, 24, 5)));
  expect(moving.boxes).toHaveLength(1);
});

it('tells another view from motion', () => {
  const random = numbers(5);
  const camera = new Camera(5);
  camera.watch(60, () => render({}, random));
  const turned = camera.see(render({ scene: 9 }, random));
  expect(turned).toMatchObject({ change: 'view', score: 0 });
  const then = camera.watch(20, () => render({ scene: 9 }, random));
  expect(Math.max(...then.map(({ score }) => score))).toBe(0);
});

it.each([5, 1])('sees no motion in dusk at %d frames a second', (rate) => {
  const random = numbers(6);
  const camera = new Camera(rate);
  const frames = 60 * rate;
  const scores = camera.watch(frames, (index) =>
    render({ gain: 1 - (0.7 * index) / frames, noise: 2 }, random),
  );
  expect(Math.max(...scores.map(({ score }) => score))).toBeLessThan(LEAST_EVIDENCE);
});

it('tells of nobody in rain, but of someone who walks through it', () => {
  const random = numbers(7);
  const camera = new Camera(5);
  const rain = (frame: Float32Array): void => {
    for (let streak = 0; streak < 200; streak++) {
      const [x, y] = [Math.floor(random() * WIDTH), Math.floor(random() * HEIGHT)];
      const [length, light] = [8 + random() * 18, 25 + random() * 40];
      for (let step = 0; step < length && y + step < HEIGHT; step++) {
        const p = (y + step) * WIDTH + Math.min(WIDTH - 1, x + (step >> 3));
        frame[p] = Math.min(255, (frame[p] as number) + light);
      }
    }
  };
  const activity = quiet();
  let at = 0;
  const tell = ({ evidence }: MotionResult): ActivityChange => {
    at += camera.elapsed;
    return follow(activity, evidence, at, camera.elapsed);
  };
  const wet = camera.watch(300, () => render({}, random, rain)).map(tell);
  expect(wet.filter((change) => change !== undefined)).toEqual([]);
  const walked = camera.watch(10, (index) =>
    render({}, random, (frame) => {
      square(140 + 5 * index, 70, 26, 15)(frame);
      rain(frame);
    }),
  );
  expect(walked.map(tell)).toContain('began');
});

it('finds someone in the very frame in which the exposure changes', () => {
  const random = numbers(13);
  const camera = new Camera(5);
  camera.watch(60, () => render({}, random));
  const { change, boxes } = camera.see(render({ offset: 28 }, random, square(100, 60, 24, 5)));
  expect(change).toBe('none');
  expect(boxes).toHaveLength(1);
  expect(boxes[0]?.left).toBeGreaterThan(85);
  expect(boxes[0]?.right).toBeLessThan(140);
});

it('does not take what sways for something new', () => {
  const random = numbers(8);
  const camera = new Camera(5);
  // A bush of many greys before a light wall, up to three pixels to and fro.
  const greys = Array.from({ length: 1_600 }, () => 20 + 120 * random());
  const bush = (frame: Float32Array): void => {
    const [dx, dy] = [Math.round(6 * random() - 3), Math.round(4 * random() - 2)];
    for (const [leaf, grey] of greys.entries()) {
      square(200 + 2 * (leaf % 40) + dx, 40 + 2 * Math.floor(leaf / 40) + dy, 2, grey)(frame);
    }
  };
  const swaying = camera.watch(80, () => render({}, random, bush)).slice(13);
  expect(Math.max(...swaying.map(({ score }) => score))).toBeLessThan(LEAST_EVIDENCE);
});

it.each(['a yard', 'a bare wall'])('does not take the beam of a headlight on %s for a vehicle', (where) => {
  const random = numbers(9);
  const camera = new Camera(5);
  const wall = (frame: Float32Array): void => {
    if (where === 'a bare wall') frame.fill(140);
  };
  camera.watch(60, () => render({ gain: 0.4 }, random, wall));
  const beams = camera.watch(12, (index) =>
    render({ gain: 0.4 }, random, (frame) => {
      wall(frame);
      for (const [p, value] of frame.entries()) {
        const along = ((p % WIDTH) - 30 * index) / 50;
        const down = (Math.floor(p / WIDTH) - 110) / 45;
        frame[p] = value * (1 + 1.2 * Math.exp(-along * along - down * down));
      }
    }),
  );
  expect(Math.max(...beams.map(({ score }) => score))).toBeLessThan(LEAST_EVIDENCE);
});

it('takes a parked car for background after some minutes, and does not report the place that it leaves', () => {
  const random = numbers(10);
  const camera = new Camera(1);
  camera.watch(30, () => render({}, random));
  const parked = camera.watch(420, () => render({}, random, square(120, 80, 36, 235)));
  expect(parked[60]?.score).toBeGreaterThan(LEAST_EVIDENCE);
  expect(parked.at(-1)?.score).toBe(0);
  const left = camera.watch(8, () => render({}, random));
  expect(left.at(-1)?.score).toBe(0);
});

it('gives the same results from a model that was saved and restored', () => {
  const random = numbers(11);
  const frames = Array.from({ length: 60 }, (_, index) =>
    render({ noise: 3 }, random, square(5 * index, 50, 20, 210)),
  );
  const [through, restarted] = [new Camera(5), new Camera(5)];
  const expected = through.watch(60, (index) => frames[index] as Uint8Array);
  restarted.watch(30, (index) => frames[index] as Uint8Array);
  const restored = restoreState(saveState(restarted.state));
  expect(restored).toBeDefined();
  // Another desk, as after a restart.
  const after = new Camera(5);
  if (restored) after.state = restored;
  const rest = after.watch(30, (index) => frames[30 + index] as Uint8Array);
  expect(rest).toEqual(expected.slice(30));
  expect(saveState(after.state)).toEqual(saveState(through.state));
});

it('survives whatever time it is told', () => {
  const random = numbers(12);
  const camera = new Camera(5);
  for (const elapsed of [0, -5, 1e12, Number.NaN, Number.POSITIVE_INFINITY, 3_600]) {
    Object.assign(camera, { elapsed });
    expect(camera.watch(3, () => render({}, random)).at(-1)?.score).toBe(0);
  }
});

it('refuses a frame of another size, which would overwrite what it works with', () => {
  const camera = new Camera(5);
  expect(() => camera.see(new Uint8Array(WIDTH * HEIGHT + 1))).toThrow('320x180');
});
