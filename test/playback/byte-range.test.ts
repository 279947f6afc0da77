import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES } from '../../src/playback/block-pool.ts';
import { type BytePart, layoutOf, partsIn } from '../../src/playback/byte-layout.ts';
import { readByteRange } from '../../src/playback/byte-range.ts';
import { planReads } from '../../src/playback/read-plan.ts';

describe('byte range', () => {
  it.each([
    [undefined, 'whole'],
    ['bytes=0-', { start: 0, end: 100 }],
    ['bytes=0-0', { start: 0, end: 1 }],
    ['bytes=10-19', { start: 10, end: 20 }],
    ['bytes=99-200', { start: 99, end: 100 }],
    ['Bytes = 5 - 6', { start: 5, end: 7 }],
    ['bytes=-1', { start: 99, end: 100 }],
    ['bytes=-1000', { start: 0, end: 100 }],
    ['bytes=-0', 'outside'],
    ['bytes=100-', 'outside'],
    ['bytes=99999999999999999999-', 'outside'],
    ['bytes=20-10', 'whole'],
    ['bytes=0-1,5-6', 'whole'],
    ['bytes=-', 'whole'],
    ['items=0-1', 'whole'],
    ['', 'whole'],
    ['bytes=0x10-', 'whole'],
  ])('%s of 100 bytes', (header, expected) => {
    expect(readByteRange(header, 100)).toEqual(expected);
  });

  it('of an empty body', () => {
    expect(readByteRange('bytes=0-', 0)).toBe('outside');
    expect(readByteRange('bytes=-5', 0)).toBe('outside');
  });

  it('never leaves the body, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(1_000), (text, size) => {
        const range = readByteRange(`bytes=${text}`, size);
        if (typeof range === 'string') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.start).toBeLessThan(range.end);
        expect(range.end).toBeLessThanOrEqual(size);
      }),
    );
  });
});

describe('reads of a layout', () => {
  it('give exactly the bytes of any range, in reads of at most one block', () => {
    const chunk = fc.record({
      file: fc.nat(2),
      skip: fc.nat(60_000),
      length: fc.integer({ min: 1, max: 3_000_000 }),
    });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 12 }), fc.nat(), fc.nat(), (chunks, a, b) => {
        const ends = [0, 0, 0];
        const parts: BytePart[] = [{ kind: 'memory', bytes: new Uint8Array(500), offset: 0, length: 500 }];
        for (const { file, skip, length } of chunks) {
          const offset = (ends[file] as number) + skip;
          ends[file] = offset + length;
          parts.push({ kind: 'file', key: `${file}`, offset, length });
        }
        const layout = layoutOf(parts);
        const start = a % layout.size;
        const end = start + 1 + (b % (layout.size - start));
        // Every byte of the body as (file, position): stretches compared, not bytes.
        const expected: string[] = [];
        const push = (list: string[], key: string, from: number, to: number): void => {
          const last = list.at(-1)?.split(' ');
          if (last && last[0] === key && Number(last[2]) === from)
            list[list.length - 1] = `${key} ${last[1]} ${to}`;
          else list.push(`${key} ${from} ${to}`);
        };
        let position = 0;
        for (const part of parts) {
          const from = Math.max(start, position);
          const to = Math.min(end, position + part.length);
          if (from < to) {
            const path = part.kind === 'file' ? part.key : 'memory';
            push(expected, path, part.offset + from - position, part.offset + to - position);
          }
          position += part.length;
        }
        const got: string[] = [];
        for (const step of planReads(partsIn(layout, { start, end }))) {
          if (step.kind === 'memory') {
            push(got, 'memory', step.bytes.byteOffset, step.bytes.byteOffset + step.bytes.length);
            continue;
          }
          expect(step.length).toBeLessThanOrEqual(BLOCK_BYTES);
          expect(step.slices.at(-1)?.end).toBe(step.length);
          for (const slice of step.slices)
            push(got, step.key, step.offset + slice.start, step.offset + slice.end);
        }
        expect(got).toEqual(expected);
      }),
    );
  });
});
