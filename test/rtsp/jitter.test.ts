import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JitterEstimator } from '../../src/rtsp/jitter.ts';

const RATE = 90_000;
const FRAME_TICKS = 3600;
const FRAME_MICROS = 40_000;

/** Frames at 25 a second, each `delay(index)` microseconds late. */
function run(
  estimator: JitterEstimator,
  count: number,
  start: { timestamp: number; micros: number },
  delay: (index: number) => number,
): void {
  for (let index = 0; index < count; index++) {
    estimator.update(
      (start.timestamp + index * FRAME_TICKS) >>> 0,
      start.micros + index * FRAME_MICROS + delay(index),
    );
  }
}

describe('jitter', () => {
  it('is zero for packets that come evenly, however late and wherever the clocks stand', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 0xffff_ffff }),
        fc.integer({ min: 0, max: 1_000_000_000 }),
        (timestamp, tenMillis) => {
          const estimator = new JitterEstimator(RATE);
          run(estimator, 50, { timestamp, micros: tenMillis * 10_000 }, () => 0);
          expect(estimator.ticks).toBe(0);
        },
      ),
    );
  });

  it('nears the mean difference between neighbours', () => {
    const estimator = new JitterEstimator(RATE);
    run(estimator, 400, { timestamp: 0, micros: 0 }, (index) => (index % 2) * 10_000);
    expect(Math.abs(estimator.ticks - 900)).toBeLessThanOrEqual(1);
  });

  it('agrees with RFC 3550 in floating point', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 200 }), { minLength: 2, maxLength: 200 }), (millis) => {
        const estimator = new JitterEstimator(RATE);
        run(
          estimator,
          millis.length,
          { timestamp: 0xffff_0000, micros: 5e9 },
          (index) => (millis[index] ?? 0) * 1000,
        );
        let jitter = 0;
        for (let index = 1; index < millis.length; index++) {
          const difference = Math.abs((millis[index] ?? 0) - (millis[index - 1] ?? 0)) * 90;
          jitter += (difference - jitter) / 16;
        }
        expect(Math.abs(estimator.ticks - jitter)).toBeLessThanOrEqual(2);
      }),
    );
  });

  it('I13 does not notice the wrap of timestamps', () => {
    const estimator = new JitterEstimator(RATE);
    run(estimator, 100, { timestamp: 0xffff_ffff - 50 * FRAME_TICKS, micros: 7e12 }, () => 0);
    expect(estimator.ticks).toBe(0);
  });

  it('I14 an outlier and I15 a jump of the timestamps are not jitter', () => {
    const estimator = new JitterEstimator(RATE);
    run(estimator, 10, { timestamp: 0, micros: 0 }, () => 0);
    estimator.update(3 * 3600 * RATE, 10 * FRAME_MICROS);
    run(estimator, 10, { timestamp: 11 * FRAME_TICKS, micros: 11 * FRAME_MICROS }, () => 0);
    run(estimator, 10, { timestamp: 0x9000_0000, micros: 21 * FRAME_MICROS }, () => 0);
    expect(estimator.ticks).toBe(0);
  });
});
