import type { SampleTable } from '../../media/mp4/sample-table.ts';

/** The samples of a clip in the columns of a progressive MP4's sample table: run lengths where the format has them. */
export interface SampleColumns {
  readonly count: number;
  readonly sizes: Uint32Array;
  /** What all of them are; 0 where they differ. */
  readonly sameSize: number;
  /** (count, ticks) pairs, `stts`. */
  readonly durations: readonly number[];
  /** (count, ticks) pairs, `ctts`; empty when presentation follows decoding everywhere. */
  readonly offsets: readonly number[];
  /** One-based numbers of the key samples, `stss`; `undefined`: every one is a key. */
  readonly keys: readonly number[] | undefined;
  /** (first chunk, samples a chunk, sample description) triples, one-based, `stsc`. */
  readonly chunkRuns: readonly number[];
  /** Where in the payload each chunk begins, one a fragment. */
  readonly chunkAt: readonly number[];
  /** Ticks of all samples. */
  readonly ticks: number;
}

export interface SampleColumnsBuilder {
  /** Appends samples [from, end) of a fragment as one chunk that is at `at` in the payload; returns its bytes. */
  add(samples: SampleTable, from: number, end: number, description: number, at: number): number;
  /** Leaves the last sample on screen for so much longer. */
  hold(ticks: number): void;
  ticks(): number;
  build(): SampleColumns;
}

/** Players read a sample's duration as a signed number: 6.6 h at 90 kHz. */
const MAX_SAMPLE_TICKS = 0x7fff_ffff;

/** @param everyKey each sample can be decoded by itself, as those of sound: then nothing is kept of that */
export function sampleColumns(expectedSamples: number, everyKey = false): SampleColumnsBuilder {
  let sizes = new Uint32Array(Math.max(16, expectedSamples));
  let count = 0;
  let ticks = 0;
  let reordered = false;
  const durations: number[] = [];
  const offsets: number[] = [];
  const keys: number[] = [];
  const chunkRuns: number[] = [];
  const chunkAt: number[] = [];
  let sameSize = -1;

  return {
    add(samples, from, end, description, at) {
      const take = end - from;
      if (count + take > sizes.length) {
        const larger = new Uint32Array(Math.max(sizes.length * 2, count + take));
        larger.set(sizes);
        sizes = larger;
      }
      let bytes = 0;
      for (let i = from; i < end; i++) {
        const size = samples.sizes[i] as number;
        const duration = samples.durations[i] as number;
        const offset = samples.compositionOffsets[i] as number;
        sizes[count++] = size;
        bytes += size;
        if (size !== sameSize) sameSize = sameSize < 0 ? size : 0;
        ticks += duration;
        reordered ||= offset !== 0;
        extend(durations, duration);
        extend(offsets, offset);
        if (!everyKey && samples.keys[i] === 1) keys.push(count);
      }
      const last = chunkRuns.length - 3;
      if (last < 0 || chunkRuns[last + 1] !== take || chunkRuns[last + 2] !== description) {
        chunkRuns.push(chunkAt.length + 1, take, description);
      }
      chunkAt.push(at);
      return bytes;
    },
    hold(longer) {
      const last = durations.length - 2;
      if (last < 0 || longer <= 0) return;
      const duration = durations[last + 1] as number;
      const held = Math.min(duration + longer, MAX_SAMPLE_TICKS);
      ticks += held - duration;
      if (durations[last] === 1) durations.length = last;
      else (durations[last] as number)--;
      extend(durations, held);
    },
    ticks: () => ticks,
    build: () => ({
      count,
      sizes: sizes.subarray(0, count),
      sameSize: Math.max(0, sameSize),
      durations,
      offsets: reordered ? offsets : [],
      keys: everyKey || keys.length === count ? undefined : keys,
      chunkRuns,
      chunkAt,
      ticks,
    }),
  };
}

/** Appends one value to (count, value) pairs. */
function extend(pairs: number[], value: number): void {
  const last = pairs.length - 2;
  if (last >= 0 && pairs[last + 1] === value) (pairs[last] as number)++;
  else pairs.push(1, value);
}
