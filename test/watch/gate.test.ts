import { describe, expect, it } from 'vitest';
import { type GateReason, MotionGate } from '../../src/watch/gate.ts';
import { monoMicros } from '../../src/time/units.ts';
import { seededRandom } from '../support/random.ts';

const GROUP_MICROS = 2_000_000;
const random = seededRandom(7);

/** A camera that sends groups of fifty pictures, and a detector that is always right. */
class Camera {
  /** Bytes at QP 26 of its key frames. */
  readonly #keyBytes: number;

  constructor(keyBytes = 30_000) {
    this.#keyBytes = keyBytes;
  }

  readonly gate = new MotionGate();
  readonly reasons: GateReason[] = [];
  /** Of what the groups of `watch` were decided. */
  now = 0;
  decodes = 0;

  /** @param rate the encoder keeps the rate, so that what moves is in the quantiser */
  group(options: { bytes?: number; noise?: number; moving?: boolean; rate?: boolean }): GateReason {
    const { bytes = 1_000, noise = 0.05, moving = false, rate = false } = options;
    const factor = moving ? 2.5 : 1;
    for (let i = 0; i < 49; i++) {
      const size = bytes * factor * (1 + noise * (random() - 0.5) * 2);
      if (rate) this.gate.picture(Math.round(4_000 + 200 * random()), 26 + 6 * Math.log2(size / 4_000));
      else this.gate.picture(Math.round(size), 26);
    }
    this.now += GROUP_MICROS;
    const reason = this.gate.keyFrame(monoMicros(this.now), this.#keyBytes, 26);
    this.reasons.push(reason);
    if (reason !== 'quiet') {
      this.decodes++;
      this.gate.seen(moving, monoMicros(this.now));
    }
    return reason;
  }

  groups(count: number, options: Parameters<Camera['group']>[0]): GateReason[] {
    return Array.from({ length: count }, () => this.group(options));
  }
}

const count = (reasons: readonly GateReason[], wanted: GateReason): number =>
  reasons.filter((reason) => reason === wanted).length;

describe('the motion gate', () => {
  it.each([false, true])('decodes one picture in six of a scene that rests (constant rate: %s)', (rate) => {
    const camera = new Camera();
    camera.groups(150, { rate });
    expect(camera.reasons).not.toContain('quiet');
    const later = camera.groups(300, { rate });
    expect(count(later, 'floor')).toBeGreaterThan(45);
    expect(count(later, 'quiet') / later.length).toBeGreaterThan(0.8);
  });

  it.each([false, true])(
    'wants every picture of what moves, and of ten seconds more (constant rate: %s)',
    (rate) => {
      const camera = new Camera();
      camera.groups(160, { rate });
      expect(camera.groups(5, { moving: true, rate })).not.toContain('quiet');
      // Whoever stands still costs nothing: it is followed for a while.
      expect(camera.groups(4, { rate })).toEqual(['following', 'following', 'following', 'following']);
      expect(camera.groups(20, { rate })).toContain('quiet');
    },
  );

  it('finds out that it knows nothing where what moves has no part in what is coded', () => {
    // Its key frames are so dear that anybody should stand out.
    const camera = new Camera(1_000_000);
    // Half of the groups are four times as large, and it has nothing to do with what moves.
    const noisy = (moving: boolean): GateReason =>
      camera.group({ bytes: (random() < 0.5 ? 1_000 : 4_000) / (moving ? 2.5 : 1), moving });
    for (let i = 0; i < 150; i++) noisy(random() < 0.05);
    let missed = 0;
    let moved = 0;
    for (let i = 0; i < 2_000; i++) {
      const moving = random() < 0.05;
      const reason = noisy(moving);
      if (!moving) continue;
      moved++;
      if (reason === 'quiet') missed++;
    }
    expect(count(camera.reasons, 'mistrust')).toBeGreaterThan(200);
    // Once it is mistrusted nearly all of them are looked at.
    expect(missed / moved).toBeLessThan(0.1);
  });

  it('knows before anybody has come that nobody would stand out in noise', () => {
    // A fiftieth of a key frame more in each picture, or a tenth of it: usual for both, and only the first one is less
    // than what somebody costs.
    const levels = (spread: number): Camera => {
      const camera = new Camera(10_000);
      for (let i = 0; i < 400; i++) camera.group({ bytes: 1_000 + spread * (random() - 0.5), noise: 0.01 });
      return camera;
    };
    const [calm, noisy] = [levels(100), levels(800)];
    expect(count(calm.reasons, 'quiet')).toBeGreaterThan(150);
    expect(count(noisy.reasons, 'quiet')).toBe(0);
    expect(count(noisy.reasons, 'noise')).toBeGreaterThan(150);
  });

  it("decodes everything in an encoder's noise that is as dear as its key frames", () => {
    const camera = new Camera(1_100);
    camera.groups(400, {});
    expect(count(camera.reasons, 'quiet')).toBe(0);
  });

  it('follows a level that rises for good, as at nightfall', () => {
    const camera = new Camera();
    camera.groups(160, {});
    const nightfall = camera.groups(60, { bytes: 3_000, noise: 0.1 });
    expect(nightfall[0]).toBe('busy');
    expect(count(camera.groups(60, { bytes: 3_000, noise: 0.1 }), 'quiet')).toBeGreaterThan(40);
  });

  it('decodes everything of a camera without pictures between its key frames', () => {
    const gate = new MotionGate();
    for (let i = 1; i < 100; i++) {
      expect(gate.keyFrame(monoMicros(i * GROUP_MICROS), 30_000, 26)).toBe('learning');
      gate.seen(false, monoMicros(i * GROUP_MICROS));
    }
  });

  it('takes any size and any quantiser', () => {
    const gate = new MotionGate();
    for (const bytes of [0, 1, 2 ** 31]) gate.picture(bytes, -40);
    gate.picture(100, undefined);
    expect(gate.keyFrame(monoMicros(1), 0, undefined)).toBe('learning');
  });
});
