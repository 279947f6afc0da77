import { describe, expect, it } from 'vitest';
import { SenderClock } from '../../src/time/sender-clock.ts';
import { monoMicros, wallMicros } from '../../src/time/units.ts';
import { seededRandom } from '../support/random.ts';

const START = 1_795_453_200_000_000;
const SECOND = 1_000_000;
const HOUR = 3_600;
const DAY = 24 * HOUR;

/**
 * A camera that reports its clock every five seconds, through a network that delays each report by 2 to 12 ms, one in
 * fifty by up to 400 ms, and during ten minutes of each hour by 20 to 200 ms. Its answers take 4 to 30 ms.
 */
class World {
  readonly clock = new SenderClock();
  seconds = 0;
  /** Camera clock minus ours, in microseconds, but for the drift. */
  base: number;
  /** What somebody set our own clock by. */
  ourStep = 0;
  readonly #ppm: number;
  readonly #random: () => number;

  constructor(options: { readonly base?: number; readonly ppm?: number; readonly seed?: number } = {}) {
    this.base = options.base ?? 1_234_567;
    this.#ppm = options.ppm ?? 0;
    this.#random = seededRandom(options.seed ?? 5);
  }

  get offset(): number {
    return this.base - this.ourStep + this.seconds * this.#ppm;
  }

  get mono() {
    return monoMicros(this.seconds * SECOND);
  }

  get reading() {
    return this.clock.reading(this.mono, wallMicros(START + this.mono + this.ourStep));
  }

  /** How far the reading is from the truth, in its own error. */
  get misjudged(): number {
    const { reading } = this;
    if (!reading) throw new Error('nothing is known');
    return Math.abs(reading.offsetMicros - this.offset) / reading.offsetErrorMicros;
  }

  /** One report, sent now. */
  report(changes: { readonly delay?: number; readonly told?: number } = {}): void {
    const { delay = this.#delay(), told = 0 } = changes;
    const cameraShows = START + this.mono + this.offset + this.ourStep + told;
    this.clock.report(wallMicros(Math.round(cameraShows)), monoMicros(this.mono + Math.round(delay)));
  }

  /** Time passes, with reports. */
  pass(seconds: number, every: () => void = () => undefined): void {
    for (const end = this.seconds + seconds; this.seconds < end; this.seconds += 5) {
      this.report();
      if (this.seconds % 30 === 0) this.clock.roundTrip(4_000 + Math.round(this.#random() * 26_000));
      every();
    }
  }

  #delay(): number {
    if (this.seconds % HOUR < 600 && this.seconds > HOUR) return 20_000 + this.#random() * 180_000;
    return 2_000 + this.#random() * 10_000 + (this.#random() < 0.02 ? this.#random() * 400_000 : 0);
  }
}

describe('clock of a camera', () => {
  it.each([-500, -20, 0, 20, 500])(
    'I19 thirty days at %i ppm: offset and drift are within their errors, which are small',
    (ppm) => {
      const world = new World({ ppm, seed: 11 + ppm });
      let looks = 0;
      let wrong = 0;
      let worstOffsetError = 0;
      let worstRateError = 0;
      world.pass(30 * DAY, () => {
        if (world.seconds % 60 !== 0 || world.seconds < 2 * HOUR) return;
        looks++;
        const { rate } = world.clock;
        if (!rate) throw new Error('no rate');
        if (world.misjudged > 1 || Math.abs(rate.ppm - ppm) > rate.errorPpm) wrong++;
        worstOffsetError = Math.max(worstOffsetError, world.reading?.offsetErrorMicros ?? 0);
        worstRateError = Math.max(worstRateError, rate.errorPpm);
      });
      expect(looks).toBeGreaterThan(40_000);
      expect(wrong / looks).toBeLessThan(0.001);
      expect(worstOffsetError).toBeLessThan(30_000);
      expect(worstRateError).toBeLessThan(3);
      expect(world.clock.steps).toBe(0);
    },
    60_000,
  );

  it('I11 knows nothing without a report, little after one, and the drift after eight minutes', () => {
    const world = new World({ ppm: 50 });
    expect(world.reading).toBeNull();
    world.report();
    expect(world.misjudged).toBeLessThan(1);
    expect(world.reading?.offsetErrorMicros).toBeGreaterThanOrEqual(250_000);
    world.pass(7 * 60);
    expect(world.clock.rate).toBeNull();
    expect(world.misjudged).toBeLessThan(1);
    world.pass(3 * 60);
    expect(world.clock.rate?.ppm).toBeDefined();
    expect(Math.abs((world.clock.rate?.ppm ?? 0) - 50)).toBeLessThan(world.clock.rate?.errorPpm ?? 0);
    expect(world.reading?.offsetErrorMicros).toBeLessThan(60_000);
  });

  it('I11 a silent hour: the error grows meanwhile, and what is known goes on', () => {
    const world = new World({ ppm: -35 });
    world.pass(2 * HOUR);
    const before = world.reading?.offsetErrorMicros ?? 0;
    world.seconds += HOUR;
    expect(world.reading?.offsetErrorMicros).toBeGreaterThan(before);
    expect(world.misjudged).toBeLessThan(1);
    world.pass(HOUR);
    expect(world.misjudged).toBeLessThan(1);
    expect(Math.abs((world.clock.rate?.ppm ?? 0) + 35)).toBeLessThan(world.clock.rate?.errorPpm ?? 0);
    expect(world.clock.steps).toBe(0);
  });

  it.each([
    ['ahead', 3_600 * SECOND],
    ['back', -3_600 * SECOND],
    ['ahead by a second', SECOND],
    ['back by a second', -SECOND],
  ])('I12 an NTP step %s is followed within two minutes, and the drift stays known', (_, step) => {
    const world = new World({ ppm: 20 });
    world.pass(2 * HOUR + 700);
    const { rate } = world.clock;
    world.base += step;
    world.pass(120);
    expect(world.clock.steps).toBe(1);
    expect(world.misjudged).toBeLessThan(1);
    expect(world.clock.rate).toEqual(rate);
    world.pass(HOUR);
    expect(world.misjudged).toBeLessThan(1);
    expect(world.clock.steps).toBe(1);
  });

  it('I12 a camera in 1970 that gets its time is right at once', () => {
    const world = new World({ base: -START });
    world.pass(HOUR);
    expect(world.reading?.offsetMicros).toBeLessThan(-56 * 365 * DAY * SECOND);
    expect(world.misjudged).toBeLessThan(1);
    world.base = 3_000;
    world.pass(60);
    expect(world.misjudged).toBeLessThan(1);
  });

  it('I12 lone outliers of any size change nothing', () => {
    const world = new World({ ppm: 20 });
    world.pass(HOUR);
    for (const told of [HOUR * SECOND, -HOUR * SECOND, 2 * SECOND, -2 * SECOND, 3e15, -1e15]) {
      world.report({ told });
      world.seconds += 5;
      world.report({ told: told / 2 });
      world.pass(60);
      expect(world.misjudged).toBeLessThan(1);
    }
    expect(world.clock.steps).toBe(0);
  });

  it('a clock that stands still is not believed', () => {
    const world = new World();
    world.pass(HOUR);
    for (let i = 0; i < 100; i++, world.seconds += 5) world.report({ told: -i * 5 * SECOND });
    expect(world.clock.steps).toBe(0);
    expect(world.misjudged).toBeLessThan(1);
  });

  it('I17 a burst of old reports at the beginning, or after a stall, makes no clock late', () => {
    const world = new World();
    for (let i = 0; i < 4; i++, world.seconds += 1) world.report({ delay: (8 - 2 * i) * SECOND });
    world.pass(60);
    expect(world.misjudged).toBeLessThan(1);
    world.pass(HOUR);
    const arrival = 20 * SECOND;
    const { steps } = world.clock;
    for (let i = 0; i < 4; i++, world.seconds += 5) world.report({ delay: arrival - i * 5 * SECOND });
    world.pass(30);
    expect(world.clock.steps).toBe(steps);
    expect(world.misjudged).toBeLessThan(1);
  });

  it('our own clock being set changes the offset by as much, at once', () => {
    const world = new World();
    world.pass(HOUR);
    world.ourStep = 30 * SECOND;
    expect(world.misjudged).toBeLessThan(1);
    world.pass(60);
    expect(world.clock.steps).toBe(0);
    expect(world.misjudged).toBeLessThan(1);
  });

  it('takes time that is told in whole seconds, and says how little it is worth', () => {
    const world = new World({ base: 400_000, ppm: 20 });
    const coarse = (): void => {
      const shows = START + world.mono + world.offset;
      world.report({ told: Math.floor(shows / SECOND) * SECOND - shows });
      world.seconds += 7.3;
    };
    for (let i = 0; i < 2_000; i++) coarse();
    expect(world.misjudged).toBeLessThan(1);
    expect(world.clock.rate).not.toBeNull();
    expect(Math.abs((world.clock.rate?.ppm ?? 0) - 20)).toBeLessThan(world.clock.rate?.errorPpm ?? 0);
  });
});
