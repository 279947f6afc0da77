import { fragmentHead } from '../../src/media/mp4/fragment-writer.ts';
import { buildInitSegment } from '../../src/media/mp4/init-segment.ts';
import { walkSegment } from '../../src/media/mp4/segment-walk.ts';
import { mediaTicks, ticksToMicros, wallMicros } from '../../src/time/units.ts';
import type { Case } from './harness.ts';
import { FRAME_TICKS, PICTURES, realConfig } from './material.ts';

const FRAGMENTS = 30;
const SAMPLE_BYTES = 200;
const START = 1_795_525_200_000_000;

/** What recovery does with each file that was open. */
export const walkBoxes: Case = {
  name: 'box walk',
  does: 'a segment of 30 fragments and 1500 samples is walked',
  reference: 'compute',
  async prepare() {
    const pieces: Uint8Array[] = [buildInitSegment(await realConfig())];
    const samples = {
      count: PICTURES,
      sizes: new Uint32Array(PICTURES).fill(SAMPLE_BYTES),
      durations: new Uint32Array(PICTURES).fill(FRAME_TICKS),
      compositionOffsets: new Int32Array(PICTURES),
      keys: Uint8Array.from({ length: PICTURES }, (_, i) => (i === 0 ? 1 : 0)),
    };
    const payload = Buffer.alloc(PICTURES * SAMPLE_BYTES, 0x5a);
    for (let i = 0; i < FRAGMENTS; i++) {
      const ticks = i * PICTURES * FRAME_TICKS;
      const head = fragmentHead({
        ...{
          sequence: i + 1,
          mediaStart: mediaTicks(ticks),
          wallStart: wallMicros(START + ticksToMicros(ticks)),
        },
        ...{ samples, payloadBytes: payload.length },
      });
      pieces.push(head, payload);
    }
    const file = Buffer.concat(pieces);
    const readAt = (offset: number, length: number): Promise<Uint8Array> =>
      Promise.resolve(file.subarray(offset, offset + length));
    return {
      async run() {
        const { fragments, problem } = await walkSegment(readAt, file.length);
        if (problem !== undefined || fragments.length !== FRAGMENTS) throw new Error(problem ?? 'too few');
      },
      close: () => undefined,
    };
  },
};
