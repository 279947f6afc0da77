import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DROPPED, SoundTimeline } from '../../src/time/sound-timeline.ts';

const RATE = 16_000;
const FRAME = 1_024;
const millis = (value: number): number => (value * RATE) / 1_000;

const unrelated = (clockRate = RATE): SoundTimeline =>
  new SoundTimeline({ sampleRate: RATE, clockRate, sharesVideoClock: false });
const shared = (clockRate = 1_000): SoundTimeline =>
  new SoundTimeline({ sampleRate: RATE, clockRate, sharesVideoClock: true });

/** Feeds frames whose time in the run is `seen`; returns where in the run each was put. */
function feed(
  timeline: SoundTimeline,
  frames: readonly { readonly timestamp: number; readonly heard: number; readonly told?: number }[],
): number[] {
  return frames.map(({ timestamp, heard, told = Number.NaN }) => {
    const at = timeline.place(timestamp >>> 0, FRAME, heard, told);
    return at === DROPPED ? DROPPED : at + timeline.offset;
  });
}

/** Frame `i` of sound that began `from` samples into the run, arriving `late` samples after its end. */
const regular = (i: number, from = 0, late = 0) => ({
  timestamp: 0xffff_f000 + i * FRAME,
  heard: from + (i + 1) * FRAME + late,
});

describe('sound with a clock of its own', () => {
  it('K4 belongs to what is seen when it arrives, by the least delayed frame', () => {
    const timeline = unrelated();
    const lates = [900, 500, 700, 120, 300, 800];
    feed(
      timeline,
      lates.map((late, i) => regular(i, 2_000, late)),
    );
    expect(timeline.offset).toBe(2_000 + 120);
    timeline.settle();
    feed(timeline, [regular(6, 2_000, 0)]);
    expect(timeline.offset).toBe(2_120);
  });

  it('is counted: jitter on the way and in timestamps moves nothing, nor does a wrap of 32 bits', () => {
    const timeline = unrelated();
    feed(timeline, [regular(0)]);
    timeline.settle();
    const places = feed(
      timeline,
      Array.from({ length: 200 }, (_, i) => ({
        timestamp: regular(i + 1).timestamp + ((i * 7919) % 300) - 150,
        heard: regular(i + 1).heard + ((i * 104_729) % 1_500),
      })),
    );
    expect(places).toEqual(Array.from({ length: 200 }, (_, i) => (i + 1) * FRAME));
  });

  it('has a gap where seconds of it are missing', () => {
    const timeline = unrelated();
    feed(timeline, [regular(0), regular(1)]);
    timeline.settle();
    expect(feed(timeline, [regular(50), regular(51)])).toEqual([50 * FRAME, 51 * FRAME]);
  });

  it('finds that a single frame is missing, a little later', () => {
    const timeline = unrelated();
    feed(timeline, [regular(0)]);
    timeline.settle();
    const places = feed(
      timeline,
      Array.from({ length: 60 }, (_, i) => regular(i < 20 ? i + 1 : i + 2)),
    );
    expect(places.at(-1)).toBe(61 * FRAME);
    expect(places.every((place, i) => i === 0 || place > (places[i - 1] as number))).toBe(true);
  });

  it('follows when the clocks of sound and video have drifted apart by 200 ms', () => {
    const timeline = unrelated();
    feed(timeline, [regular(0)]);
    timeline.settle();
    // Half a thousandth too slow: after ten minutes it would be 300 ms early.
    const places = feed(
      timeline,
      Array.from({ length: 9_400 }, (_, i) => ({
        timestamp: regular(i + 1).timestamp,
        heard: Math.round((i + 2) * FRAME * 1.0005),
      })),
    );
    const error = Math.round(9_401 * FRAME * 1.0005) - (places.at(-1) as number) - FRAME;
    expect(error).toBeLessThan(millis(210));
    expect(timeline.repaired).toBe(1);
  });

  it('leaves frames out when it would be heard before it was', () => {
    const timeline = unrelated();
    // The first frames had waited for a second.
    feed(timeline, [regular(0, 0, RATE), regular(1, 0, RATE)]);
    timeline.settle();
    const places = feed(
      timeline,
      Array.from({ length: 60 }, (_, i) => regular(i + 2)),
    );
    expect(places.at(-1)).toBeLessThanOrEqual(61 * FRAME);
    expect(places.filter((place) => place === DROPPED).length).toBeGreaterThan(10);
  });

  it('I20 stops believing timestamps that count something else', () => {
    const timeline = unrelated();
    const places = feed(
      timeline,
      Array.from({ length: 2_000 }, (_, i) => ({ timestamp: i * 512, heard: (i + 1) * FRAME })),
    );
    expect(places.filter((place) => place === DROPPED).length).toBeLessThan(15);
    const last = places.slice(-1_000);
    expect(last.every((place, i) => i === 0 || place === (last[i - 1] as number) + FRAME)).toBe(true);
  });
});

describe('sound on the clock of the video', () => {
  it('is exactly where its timestamps say, however it arrives', () => {
    const timeline = shared();
    const places = feed(
      timeline,
      Array.from({ length: 100 }, (_, i) => ({
        // Milliseconds, rounded as RTMP does.
        timestamp: Math.round(5_000 + (i * FRAME * 1_000) / RATE),
        heard: (i + 1) * FRAME + ((i * 7919) % 9_000),
        told: Math.round((Math.round((i * FRAME * 1_000) / RATE) * RATE) / 1_000) + 4_000,
      })),
    );
    expect(places).toEqual(Array.from({ length: 100 }, (_, i) => 4_000 + i * FRAME));
  });

  it('goes on over a single timestamp that makes no sense', () => {
    const timeline = shared();
    const frame = (i: number, told = i * FRAME) => ({ timestamp: i * 64, heard: (i + 1) * FRAME, told });
    const places = feed(timeline, [frame(0), frame(1), frame(2, 9e6), frame(3, Number.NaN), frame(4)]);
    expect(places).toEqual([0, 1, 2, 3, 4].map((i) => i * FRAME));
  });

  it('is not believed to share it when it is far off from the start', () => {
    const timeline = shared();
    feed(timeline, [{ timestamp: 0, heard: 5_000, told: 9e8 }]);
    expect(timeline.offset).toBe(5_000 - FRAME);
  });
});

it('never puts a frame before the end of the one before it, whatever comes', () => {
  const frames = fc.array(
    fc.record({
      timestamp: fc.oneof(fc.nat(0xffff_ffff), fc.nat(100_000)),
      heard: fc.oneof(fc.nat(200_000), fc.nat(0xffff_ffff)),
      told: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: -100_000, max: 500_000 })),
      length: fc.integer({ min: 1, max: 5_000 }),
    }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(frames, fc.boolean(), fc.nat(80), (list, sharesVideoClock, settleAt) => {
      const timeline = new SoundTimeline({ sampleRate: RATE, clockRate: 8_000, sharesVideoClock });
      let end = 0;
      for (const [i, { timestamp, heard, told, length }] of list.entries()) {
        if (i === settleAt) timeline.settle();
        const at = timeline.place(timestamp, length, heard, told);
        if (at === DROPPED) continue;
        expect(Number.isSafeInteger(at)).toBe(true);
        expect(at).toBeGreaterThanOrEqual(end);
        end = at + length;
      }
    }),
  );
});
