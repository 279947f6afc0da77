import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MediaTimeline } from '../../src/time/media-timeline.ts';
import { monoMicros } from '../../src/time/units.ts';

const FRAME = 3_600;
const FRAME_MICROS = 40_000;

/** Places frames of 25 a second whose timestamps are what `stamp` makes of the right ones. */
function place(
  count: number,
  stamp: (frame: number) => number,
  arrive = (frame: number) => frame * FRAME_MICROS,
) {
  const timeline = new MediaTimeline();
  const placed = Array.from({ length: count }, (_, frame) =>
    timeline.place(((stamp(frame) % 2 ** 32) + 2 ** 32) % 2 ** 32, monoMicros(arrive(frame))),
  );
  return { placed, timeline };
}

const exact = (count: number): number[] => Array.from({ length: count }, (_, frame) => frame * FRAME);

describe('media timeline', () => {
  it('I13 starts at zero and goes on over the end of 32 bits', () => {
    const { placed, timeline } = place(100, (frame) => 2 ** 32 - 5 * FRAME + frame * FRAME);
    expect(placed).toEqual(exact(100));
    expect(timeline.repaired).toBe(0);
  });

  it('I14 replaces a lone outlier by the time that was expected', () => {
    const { placed, timeline } = place(20, (frame) => (frame === 10 ? 3_000_000_000 : 1_000 + frame * FRAME));
    expect(placed).toEqual(exact(20));
    expect(timeline.repaired).toBe(1);
  });

  it.each([90_000 * 3_600, -90_000 * 3_600, 2 ** 31])(
    'I15 goes on without a hole after a jump of %i ticks',
    (jump) => {
      const { placed, timeline } = place(50, (frame) => 7 + frame * FRAME + (frame >= 20 ? jump : 0));
      expect(placed).toEqual(exact(50));
      expect(timeline.repaired).toBe(1);
    },
  );

  it('lets time pass that really passed', () => {
    const late = (frame: number): number => frame * FRAME_MICROS + (frame >= 10 ? 60_000_000 : 0);
    const { placed, timeline } = place(20, (frame) => frame * FRAME + (frame >= 10 ? 60 * 90_000 : 0), late);
    expect(placed[10]).toBe(10 * FRAME + 60 * 90_000);
    expect(timeline.repaired).toBe(0);
  });

  it('I18 puts a second frame of the same time one tick later', () => {
    const { placed, timeline } = place(4, (frame) => (frame === 2 ? FRAME : frame * FRAME));
    expect(placed).toEqual([0, FRAME, FRAME + 1, 3 * FRAME]);
    expect(timeline.repaired).toBe(1);
  });

  it('J31 keeps B-frames in their place', () => {
    const order = [0, 3, 1, 2, 6, 4, 5];
    const { placed } = place(order.length, (frame) => (order[frame] ?? 0) * FRAME);
    expect(placed).toEqual(order.map((at) => at * FRAME));
  });

  it('whatever the timestamps are: no time twice in a row, and never far from when frames arrive', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 32 - 1), { minLength: 2, maxLength: 200 }), (stamps) => {
        const { placed } = place(stamps.length, (frame) => stamps[frame] ?? 0);
        for (const [frame, ticks] of placed.entries()) {
          expect(Number.isSafeInteger(ticks)).toBe(true);
          expect(ticks).not.toBe(placed[frame - 1]);
          expect(Math.abs(ticks - frame * FRAME)).toBeLessThan(900_000 + 90_000 * 12);
        }
      }),
    );
  });
});
