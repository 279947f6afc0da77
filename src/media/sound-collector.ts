import type { AudioConfig } from './audio-config.ts';
import type { SoundSamples } from './mp4/sound-samples.ts';
import type { Slab, SlabPool } from './slab-pool.ts';

/** The sound of one fragment and the memory that holds it. `release` gives the memory back. */
export interface SoundRun {
  readonly config: AudioConfig;
  readonly slices: readonly Buffer[];
  readonly payloadBytes: number;
  readonly samples: SoundSamples;
  /** When the first frame is heard, in samples of the run. */
  readonly startSample: number;
  release(): void;
}

/** Ten seconds of the shortest packets; a fragment has two, and what comes beyond waits for none. */
const MAX_FRAMES = 2_048;

/**
 * Collects frames of sound, each with its place, in slabs of the pool that the video uses too, until a fragment takes
 * those that belong to it. Called for every frame: allocates nothing but slabs.
 */
export class SoundCollector {
  readonly #pool: SlabPool;
  readonly #slabs: Slab[] = [];
  /** Where in the first slab the oldest frame begins, and bytes used in the last slab. */
  #head = 0;
  #position = 0;
  #count = 0;
  readonly #sizes = new Uint32Array(MAX_FRAMES);
  readonly #starts = new Float64Array(MAX_FRAMES);
  readonly #lengths = new Uint32Array(MAX_FRAMES);

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * @param at its first sample, not before the one before it ends
   * @param samples its length
   * @returns false when there is no room for it: then it is left out
   */
  add(source: Buffer, start: number, end: number, at: number, samples: number): boolean {
    if (this.#count === MAX_FRAMES) return false;
    const slabs = this.#slabs.length;
    const position = this.#position;
    for (let from = start; from < end; ) {
      const slab = this.#slab();
      if (!slab) {
        while (this.#slabs.length > slabs) this.#pool.release(this.#slabs.pop() as Slab);
        this.#position = position;
        return false;
      }
      const length = Math.min(end - from, this.#pool.slabBytes - this.#position);
      source.copy(slab.bytes, this.#position, from, from + length);
      this.#position += length;
      from += length;
    }
    this.#sizes[this.#count] = end - start;
    this.#starts[this.#count] = at;
    this.#lengths[this.#count] = samples;
    this.#count++;
    return true;
  }

  /** How many frames begin before `at`. */
  countBefore(at: number): number {
    let count = this.#count;
    while (count > 0 && (this.#starts[count - 1] as number) >= at) count--;
    return count;
  }

  /**
   * Takes the oldest frames out.
   * @param offset what is added to their places
   * @param until where the last one ends at the least: until there it is all that there is to be heard
   */
  take(config: AudioConfig, count: number, offset: number, until = 0): SoundRun {
    const sizes = this.#sizes.slice(0, count);
    const durations = new Uint32Array(count);
    let payloadBytes = 0;
    for (let i = 0; i < count; i++) {
      const start = this.#starts[i] as number;
      const end = start + (this.#lengths[i] as number);
      durations[i] = (i + 1 < count ? (this.#starts[i + 1] as number) : Math.max(end, until)) - start;
      payloadBytes += sizes[i] as number;
    }
    const startSample = (this.#starts[0] ?? 0) + offset;
    const { slices, held } = this.#takeBytes(payloadBytes);
    this.#sizes.copyWithin(0, count, this.#count);
    this.#starts.copyWithin(0, count, this.#count);
    this.#lengths.copyWithin(0, count, this.#count);
    this.#count -= count;
    const pool = this.#pool;
    return {
      config,
      slices,
      payloadBytes,
      samples: { count, sizes, durations },
      startSample,
      release: () => {
        for (const slab of held.splice(0)) pool.release(slab);
      },
    };
  }

  /** Drops everything and gives all memory back. */
  clear(): void {
    for (const slab of this.#slabs.splice(0)) this.#pool.release(slab);
    this.#head = 0;
    this.#position = 0;
    this.#count = 0;
  }

  /** The slab in which frames end and others begin is held by both. */
  #takeBytes(bytes: number): { readonly slices: Buffer[]; readonly held: Slab[] } {
    const slices: Buffer[] = [];
    const held: Slab[] = [];
    for (let rest = bytes; rest > 0; ) {
      const slab = this.#slabs[0] as Slab;
      const to = Math.min(this.#pool.slabBytes, this.#head + rest);
      slices.push(slab.bytes.subarray(this.#head, to));
      held.push(slab);
      rest -= to - this.#head;
      this.#head = to;
      if (to < this.#pool.slabBytes) {
        slab.references++;
      } else {
        this.#slabs.shift();
        this.#head = 0;
      }
    }
    return { slices, held };
  }

  /** One with room for at least a byte; `undefined` when the budget is used up. */
  #slab(): Slab | undefined {
    const last = this.#slabs.at(-1);
    if (last && this.#position < this.#pool.slabBytes) return last;
    const slab = this.#pool.take();
    if (slab) {
      this.#slabs.push(slab);
      this.#position = 0;
    }
    return slab;
  }
}
