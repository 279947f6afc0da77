import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReorderBuffer } from '../../src/rtsp/reorder-buffer.ts';

const MILLI = 1_000;

/** What comes out, as `7` or, after a loss, `!7`; every packet's bytes are checked. */
function create() {
  const out: string[] = [];
  const buffer = new ReorderBuffer((bytes, start, end, lost) => {
    const sequence = bytes.readUInt16BE(start);
    expect(bytes.subarray(start + 2, end).every((byte) => byte === (sequence & 0xff))).toBe(true);
    out.push(`${lost ? '!' : ''}${sequence}`);
  });
  // One buffer for all datagrams, as a socket has.
  const shared = Buffer.alloc(70_000);
  let now = 0;
  return {
    buffer,
    out,
    push: (sequence: number, options: { at?: number; bytes?: number } = {}): void => {
      now = options.at ?? now;
      const end = 10 + (options.bytes ?? 20);
      shared.fill(sequence & 0xff, 12, end);
      shared.writeUInt16BE(sequence & 0xffff, 10);
      buffer.push(sequence & 0xffff, shared, 10, end, now);
      shared.fill(0xee);
    },
  };
}

describe('reorder buffer', () => {
  it('I4 hands on in order what comes in order, and keeps nothing', () => {
    const { buffer, out, push } = create();
    for (let i = 65_530; i < 65_550; i++) push(i);
    expect(out).toEqual(Array.from({ length: 20 }, (_, i) => `${(65_530 + i) & 0xffff}`));
    expect(buffer).toMatchObject({ held: 0, reordered: 0, lost: 0, duplicates: 0, late: 0 });
  });

  it('I4 puts what was overtaken into its place, across the wrap', () => {
    const { buffer, out, push } = create();
    for (const sequence of [65_534, 0, 2, 1, 65_535, 3]) push(sequence);
    expect(out).toEqual(['65534', '65535', '0', '1', '2', '3']);
    expect(buffer).toMatchObject({ held: 0, reordered: 3, lost: 0 });
  });

  it('I4 drops what comes twice, waiting or handed on', () => {
    const { buffer, out, push } = create();
    for (const sequence of [1, 1, 3, 3, 2, 2, 3, 4]) push(sequence);
    expect(out).toEqual(['1', '2', '3', '4']);
    expect(buffer).toMatchObject({ duplicates: 4, lost: 0, late: 0 });
  });

  it('I4 waits 200 ms for a packet, even when nothing else comes', () => {
    const { buffer, out, push } = create();
    push(1, { at: 0 });
    push(3, { at: 50 * MILLI });
    push(4, { at: 60 * MILLI });
    buffer.expire(249 * MILLI);
    expect(out).toEqual(['1']);
    buffer.expire(250 * MILLI);
    expect(out).toEqual(['1', '!3', '4']);
    push(2, { at: 260 * MILLI });
    expect(out).toEqual(['1', '!3', '4']);
    expect(buffer).toMatchObject({ lost: 1, late: 1, held: 0 });
  });

  it('I4 waits for each missing packet by itself', () => {
    const { buffer, out, push } = create();
    push(1, { at: 0 });
    push(3, { at: 0 });
    push(5, { at: 150 * MILLI });
    push(6, { at: 200 * MILLI });
    expect(out).toEqual(['1', '!3']);
    expect(buffer.held).toBe(2);
    push(4, { at: 300 * MILLI });
    expect(out).toEqual(['1', '!3', '4', '5', '6']);
  });

  it('I4 is bounded by count: what is 128 packets behind is lost', () => {
    const { buffer, out, push } = create();
    push(10);
    for (let i = 12; i < 11 + 128; i++) push(i);
    expect(out).toEqual(['10']);
    push(11 + 128);
    expect(out.slice(0, 3)).toEqual(['10', '!12', '13']);
    expect(out).toHaveLength(129);
    expect(buffer).toMatchObject({ lost: 1, held: 0 });
  });

  it('I4 is bounded by bytes', () => {
    const { buffer, out, push } = create();
    push(0);
    for (let i = 2; i < 12; i++) push(i, { bytes: 60_000 });
    expect(out.slice(0, 2)).toEqual(['0', '!2']);
    expect(buffer.held).toBe(0);
    push(12);
    push(14, { bytes: 60_000 });
    expect(buffer.held).toBe(1);
  });

  it('I5 takes datagrams of any size, also out of order', () => {
    const { out, push } = create();
    push(1, { bytes: 10_000 });
    push(3, { bytes: 65_507 });
    push(2, { bytes: 10_000 });
    expect(out).toEqual(['1', '2', '3']);
  });

  it('hands on what waits when the source counts anew, and says that something is missing', () => {
    const { buffer, out, push } = create();
    for (const sequence of [100, 102]) push(sequence);
    buffer.restart();
    for (const sequence of [7, 8]) push(sequence);
    expect(out).toEqual(['100', '!102', '!7', '8']);
  });

  it('loses nothing that comes within its bounds, keeps order always, and marks every hole', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        fc.array(fc.record({ delay: fc.nat(40), drop: fc.nat(20), twice: fc.nat(10) }), { maxLength: 400 }),
        (first, packets) => {
          const { buffer, out, push } = create();
          const sent = packets
            .map(({ delay, drop, twice }, index) => ({
              at: index === 0 ? -1 : index + delay,
              index,
              drop,
              twice,
            }))
            .filter(({ drop, index }) => drop > 0 || index === 0)
            .toSorted((a, b) => a.at - b.at);
          for (const { at, index, twice } of sent) {
            push(first + index, { at: at * MILLI });
            if (twice === 0) push(first + index);
          }
          buffer.expire(1e9);
          const numbers = out.map((text) => (Number(text.replace('!', '')) - first) & 0xffff);
          expect(numbers).toEqual(sent.map(({ index }) => index).toSorted((a, b) => a - b));
          for (const [i, text] of out.entries()) {
            expect(text.startsWith('!')).toBe(i > 0 && numbers[i] !== (numbers[i - 1] ?? 0) + 1);
          }
          expect(buffer.held).toBe(0);
        },
      ),
    );
  });
});
