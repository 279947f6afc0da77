import { describe, expect, it } from 'vitest';
import { MediaTimeline } from '../../src/time/media-timeline.ts';
import { MEDIA_TICKS_PER_SECOND, mediaTicks, monoMicros, wallMicros } from '../../src/time/units.ts';
import { MAX_SLEW_PPM, WallModel } from '../../src/time/wall-model.ts';
import { seededRandom } from '../support/random.ts';

const START = wallMicros(1_795_453_200_000_000);
const DAY = 86_400;

interface Placed {
  readonly ticks: number;
  readonly wall: number;
  /** When the picture really was taken, by our clock. */
  readonly taken: number;
}

/**
 * A camera of one picture a `frameSeconds` whose clock is `ppm` fast, seen through a network that delays each
 * picture by 2 to 12 ms, and one in fifty by up to 400 ms.
 */
function* watch(options: {
  days: number;
  ppm: number;
  frameSeconds: number;
  seed: number;
}): Generator<Placed> {
  const random = seededRandom(options.seed);
  const timeline = new MediaTimeline();
  let model: WallModel | undefined;
  let settled = 0;
  let arrivalBefore = 0;
  const frames = Math.floor((options.days * DAY) / options.frameSeconds);
  const first = Math.floor(random() * 2 ** 32);
  for (let frame = 0; frame < frames; frame++) {
    const takenMicros = Math.round(frame * options.frameSeconds * 1e6);
    const delay =
      2_000 + Math.round(random() * 10_000) + (random() < 0.02 ? Math.round(random() * 400_000) : 0);
    // TCP: what is sent later never arrives earlier.
    const arrival = Math.max(arrivalBefore, takenMicros + delay);
    arrivalBefore = arrival;
    const cameraTicks = Math.round((takenMicros * (1 + options.ppm / 1e6) * 9) / 100);
    const ticks = timeline.place((first + cameraTicks) % 2 ** 32, monoMicros(arrival));
    model ??= new WallModel(wallMicros(START + arrival));
    model.observe(ticks, wallMicros(START + arrival));
    if (settled++ === 5) model.settle();
    yield { ticks, wall: model.wallAt(ticks), taken: START + takenMicros };
  }
  expect(timeline.repaired).toBe(0);
}

describe('wall time of recorded media', () => {
  for (const ppm of [-20, 0, 20]) {
    it(`I19 stays true for thirty days with a camera clock that is ${ppm} ppm fast`, () => {
      let before: Placed | undefined;
      let frames = 0;
      let worst = 0;
      let broken = 0;
      for (const now of watch({ days: 30, ppm, frameSeconds: 0.4, seed: 7 + ppm })) {
        frames++;
        if (before) {
          const media = now.ticks - before.ticks;
          const mediaMicros = (media * 100) / 9;
          // No overlap, no gap, no step: it goes forward as media does, but for the slew.
          const slewed = Math.abs(now.wall - before.wall - mediaMicros);
          if (media <= 0 || slewed > (mediaMicros * MAX_SLEW_PPM) / 1e6 + 3) broken++;
        }
        // After the first minute it knows the least delay of the network (2 ms).
        if (now.taken - START > 60_000_000) worst = Math.max(worst, Math.abs(now.wall - now.taken));
        before = now;
      }
      expect(frames).toBe(30 * DAY * 2.5);
      expect(broken).toBe(0);
      // The least delay, and the drift of two windows at 20 ppm.
      expect(worst).toBeLessThan(2_000 + 5_000);
    }, 120_000);
  }

  it('I19 measures how fast the camera clock runs', () => {
    for (const ppm of [-80, 20, 300]) {
      const model = new WallModel(START);
      for (let second = 0; second <= 3_600; second++) {
        const ticks = mediaTicks(Math.round(second * (1 + ppm / 1e6) * MEDIA_TICKS_PER_SECOND));
        model.observe(ticks, wallMicros(START + second * 1_000_000 + 2_000));
        if (second === 10) model.settle();
        if (second === 300) expect(model.rate).toBeNull();
      }
      expect(model.rate?.ppm).toBeCloseTo(ppm, 0);
      expect(Math.abs((model.rate?.ppm ?? 0) - ppm)).toBeLessThan(model.rate?.errorPpm ?? 0);
    }
  });

  it('I12 follows a clock that was set by slewing at 500 ppm, without a step', () => {
    const model = new WallModel(START);
    let before = 0;
    let jump = 0;
    for (let second = 0; second < 7_200; second++) {
      if (second === 600) jump = -300_000;
      const ticks = mediaTicks(second * MEDIA_TICKS_PER_SECOND);
      model.observe(ticks, wallMicros(START + second * 1_000_000 + jump));
      if (second === 1) model.settle();
      const wall = model.wallAt(ticks);
      if (second > 1) {
        expect(wall - before).toBeGreaterThanOrEqual(1_000_000 - MAX_SLEW_PPM - 1);
        expect(wall - before).toBeLessThanOrEqual(1_000_000 + MAX_SLEW_PPM + 1);
      }
      before = wall;
    }
    // 300 ms at 500 ppm take ten minutes.
    expect(Math.abs(model.errorMicros)).toBeLessThan(10);
  });

  it('I17 takes the least delayed of the first frames for the truth', () => {
    // A camera that begins with two seconds of stored video: what it sends first is the oldest.
    const model = new WallModel(wallMicros(START + 2_000_000));
    for (let frame = 0; frame <= 50; frame++) {
      const taken = frame * 40_000;
      model.observe(mediaTicks(frame * 3_600), wallMicros(START + Math.max(2_000_000, taken)));
    }
    model.settle();
    expect(model.wallAt(mediaTicks(0))).toBe(START);
  });
});
