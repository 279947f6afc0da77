import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FragmentBuilder, type FragmentData } from '../../src/media/fragment-builder.ts';
import { SlabPool } from '../../src/media/slab-pool.ts';
import { collect } from '../support/frames.ts';

const FRAME = 3_600;
const bytesOf = (data: FragmentData): Buffer => Buffer.concat(data.slices);
const lengthPrefixed = (nals: readonly Uint8Array[]): Buffer =>
  Buffer.concat(
    nals.flatMap((nal) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(nal.length);
      return [length, Buffer.from(nal)];
    }),
  );

const unitArbitrary = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), {
  minLength: 1,
  maxLength: 4,
});

describe('fragment builder', () => {
  it('gives back what was put in, wherever slabs and fragments end', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 16, max: 200 }),
        fc.array(fc.array(unitArbitrary, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 }),
        (slabBytes, fragments) => {
          const pool = new SlabPool({ slabBytes, budgetBytes: 1 << 20 });
          const builder = new FragmentBuilder(pool);
          const done: FragmentData[] = [];
          let frame = 0;
          for (const [number, units] of fragments.entries()) {
            for (const [index, nals] of units.entries()) {
              // The first unit of a fragment is there, as a whole, when the one before is cut.
              collect(builder, nals);
              if (number > 0 && index === 0) done.push(builder.cut(frame * FRAME));
              expect(builder.commit(frame * FRAME, index === 0)).toBe(true);
              frame++;
            }
          }
          done.push(builder.cut(undefined));
          expect(done.map(bytesOf)).toEqual(fragments.map((units) => lengthPrefixed(units.flat())));
          for (const [number, data] of done.entries()) {
            expect(data.samples.count).toBe(fragments[number]?.length);
            expect(data.endTicks - data.startTicks).toBe(data.samples.count * FRAME);
            expect(data.startTicks).toBe(done[number - 1]?.endTicks ?? 0);
          }
          for (const data of done) data.release();
          builder.clear();
          expect(pool.takenBytes).toBe(0);
        },
      ),
    );
  });

  it('forgets an access unit that is abandoned, and nothing else', () => {
    const builder = new FragmentBuilder(new SlabPool({ slabBytes: 64, budgetBytes: 1 << 20 }));
    collect(builder, [Buffer.alloc(100, 1)]);
    builder.commit(0, true);
    collect(builder, [Buffer.alloc(500, 2)]);
    builder.discard();
    collect(builder, [Buffer.alloc(10, 3)]);
    builder.commit(FRAME, false);
    expect(bytesOf(builder.cut(undefined))).toEqual(
      lengthPrefixed([Buffer.alloc(100, 1), Buffer.alloc(10, 3)]),
    );
  });

  it('refuses what the budget does not hold, keeps what it has, and takes more when memory comes back', () => {
    const pool = new SlabPool({ slabBytes: 100, budgetBytes: 400 });
    const builder = new FragmentBuilder(pool);
    collect(builder, [Buffer.alloc(150, 1)]);
    builder.commit(0, true);
    collect(builder, [Buffer.alloc(1_000, 2)]);
    expect(builder.refused).toBe(true);
    expect(builder.commit(FRAME, false)).toBe(false);
    const data = builder.cut(undefined);
    expect(bytesOf(data)).toEqual(lengthPrefixed([Buffer.alloc(150, 1)]));
    data.release();
    builder.clear();
    expect(pool.takenBytes).toBe(0);
    collect(builder, [Buffer.alloc(200, 3)]);
    expect(builder.commit(0, true)).toBe(true);
  });

  it('gives decoding times to B-frames that keep order and length', () => {
    const builder = new FragmentBuilder(new SlabPool({ slabBytes: 64, budgetBytes: 1 << 20 }));
    const shown = [0, 3, 1, 2, 6, 4, 5];
    for (const at of shown) {
      collect(builder, [Buffer.alloc(5, at)]);
      builder.commit(at * FRAME, at === 0);
    }
    const { samples, startTicks, endTicks } = builder.cut(undefined);
    let decode = startTicks;
    const presented: number[] = [];
    for (let i = 0; i < samples.count; i++) {
      presented.push(decode + (samples.compositionOffsets[i] ?? 0));
      decode += samples.durations[i] ?? 0;
    }
    expect(presented).toEqual(shown.map((at) => at * FRAME));
    expect([startTicks, decode]).toEqual([0, endTicks]);
    expect(endTicks).toBe(7 * FRAME);
  });

  it('writes a length that lies across two slabs', () => {
    for (let first = 1; first < 40; first++) {
      const builder = new FragmentBuilder(new SlabPool({ slabBytes: 16, budgetBytes: 1 << 20 }));
      const nals = [Buffer.alloc(first, 7), Buffer.alloc(20, 8)];
      collect(builder, nals);
      builder.commit(0, true);
      expect(bytesOf(builder.cut(undefined))).toEqual(lengthPrefixed(nals));
    }
  });
});
