import { describe, expect, it } from 'vitest';
import {
  createState,
  Field,
  openState,
  restoreState,
  saveState,
  sizeProblem,
  stateBytes,
} from '../../src/motion/layout.ts';

describe('the state of a camera', () => {
  it('takes at most 40 bytes a pixel', () => {
    expect(stateBytes(320, 180) / (320 * 180)).toBeLessThan(40);
  });

  it('is opened by whoever gets its buffer', () => {
    const state = createState(320, 180);
    state.planes[1_000] = 77;
    const opened = openState(state.shared);
    expect(opened).toMatchObject({ width: 320, height: 180 });
    expect(opened?.planes[1_000]).toBe(77);
  });

  it('comes back from its bytes, and from no others', () => {
    const state = createState(64, 64);
    state.planes.fill(9);
    const bytes = saveState(state);
    expect(saveState(restoreState(bytes) as typeof state)).toEqual(bytes);
    expect(restoreState(new Uint8Array(0))).toBeUndefined();
    expect(restoreState(bytes.subarray(0, 300))).toBeUndefined();
    expect(restoreState(bytes.subarray(0, bytes.length - 1))).toBeUndefined();
    expect(restoreState(new Uint8Array(200 * 1024 * 1024))).toBeUndefined();
    for (const field of [Field.magic, Field.version, Field.width, Field.height, Field.turns]) {
      const broken = bytes.slice();
      new Int32Array(broken.buffer)[field] = -3;
      expect(restoreState(broken)).toBeUndefined();
    }
  });

  it('says which sizes it cannot be of', () => {
    expect(sizeProblem(320, 180)).toBeUndefined();
    expect(sizeProblem(321, 180)).toContain('321');
    expect(sizeProblem(320, 20)).toContain('20');
    expect(sizeProblem(4_096, 4_096)).toContain('4096x4096');
    expect(sizeProblem(Number.NaN, 180)).toBeDefined();
  });
});
