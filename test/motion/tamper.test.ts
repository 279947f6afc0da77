import { describe, expect, it } from 'vitest';
import { NO_SHIFT } from '../../src/motion/shift.ts';
import { createTamperState, inspect, type Tampering } from '../../src/motion/tamper.ts';
import type { WholeChange } from '../../src/motion/whole-picture.ts';
import { MEDIA_TICKS_PER_SECOND } from '../../src/time/units.ts';
import { HEIGHT, numbers, render, square, WIDTH } from './scene.ts';

const FRAMES_PER_SECOND = 4;
const ELAPSED = MEDIA_TICKS_PER_SECOND / FRAMES_PER_SECOND;

/** A camera that was looked at for 15 seconds. */
function watched(seed: number) {
  const random = numbers(seed);
  const state = createTamperState(WIDTH, HEIGHT);
  const see = (seconds: number, frame: () => Uint8Array, change: WholeChange = 'none') =>
    Array.from({ length: seconds * FRAMES_PER_SECOND }, () =>
      inspect(state, frame(), ELAPSED, NO_SHIFT, change),
    );
  const before = see(15, () => render({}, random));
  expect(before.every((found) => found === undefined)).toBe(true);
  return { random, see };
}

/** What was found, and after how many seconds. */
function firstOf(found: readonly (Tampering | undefined)[]): [Tampering | undefined, number] {
  const at = found.findIndex((one) => one !== undefined);
  return [found[at], (at + 1) / FRAMES_PER_SECOND];
}

function blurred(frame: Uint8Array, times: number): Uint8Array {
  let now = frame;
  for (let time = 0; time < times; time++) {
    const next = now.slice();
    for (let p = WIDTH + 1; p < now.length - WIDTH - 1; p++) {
      const sides = (now[p - 1] as number) + (now[p + 1] as number);
      next[p] = (sides + (now[p - WIDTH] as number) + (now[p + WIDTH] as number) + 2) >> 2;
    }
    now = next;
  }
  return now;
}

describe('within four seconds it is found that a camera is', () => {
  it('covered', () => {
    const { random, see } = watched(1);
    const [found, after] = firstOf(see(6, () => render({ gain: 0.02, offset: 30 }, random)));
    expect(found).toBe('covered');
    expect(after).toBeLessThanOrEqual(4);
  });

  it('covered by something that changes the light', () => {
    const { random, see } = watched(2);
    const [found] = firstOf(see(6, () => render({ gain: 0.02, offset: 80 }, random), 'light'));
    expect(found).toBe('covered');
  });

  it('blinded', () => {
    const { random, see } = watched(3);
    const [found, after] = firstOf(see(6, () => render({ gain: 1, offset: 230 }, random)));
    expect(found).toBe('blinded');
    expect(after).toBeLessThanOrEqual(4);
  });

  it('out of focus', () => {
    const { random, see } = watched(4);
    const [found, after] = firstOf(see(6, () => blurred(render({}, random), 12)));
    expect(found).toBe('defocused');
    expect(after).toBeLessThanOrEqual(4);
  });

  it('turned', () => {
    const { random, see } = watched(5);
    const [found, after] = firstOf(see(6, () => render({ dx: 140, dy: 60 }, random)));
    expect(found).toBe('moved');
    expect(after).toBeLessThanOrEqual(4);
  });
});

it('says so until it is over, and takes a new view for what it is after some minutes', () => {
  const { random, see } = watched(6);
  const covered = see(60, () => render({ gain: 0.02, offset: 30 }, random));
  expect(covered.at(-1)).toBe('covered');
  const free = see(10, () => render({}, random));
  expect(free.at(-1)).toBeUndefined();
  const turned = see(320, () => render({ dx: 140, dy: 60 }, random));
  expect(turned).toContain('moved');
  expect(turned.at(-1)).toBeUndefined();
});

it('finds a picture that no longer changes, and only where it had noise', () => {
  const { random, see } = watched(7);
  const last = render({}, random);
  expect(firstOf(see(40, () => last))[0]).toBe('frozen');
  const still = createTamperState(WIDTH, HEIGHT);
  const found = Array.from({ length: 200 }, () => inspect(still, last, ELAPSED, NO_SHIFT, 'none'));
  expect(found.every((one) => one === undefined)).toBe(true);
});

it('is not alarmed by a hand that wipes the lens, a lorry, dusk or a lamp', () => {
  const { random, see } = watched(8);
  expect(see(1, () => render({ gain: 0.02, offset: 30 }, random))).not.toContain('covered');
  see(5, () => render({}, random));
  const quiet = [
    ...see(10, () => render({}, random, square(60, 20, 150, 40))),
    ...see(10, () => render({ gain: 0.4 }, random)),
    ...see(10, () => render({ gain: 1.4, offset: 10 }, random), 'light'),
  ];
  expect(quiet.filter((one) => one !== undefined)).toEqual([]);
});
