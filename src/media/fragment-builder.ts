import type { CodedUnit } from './coded-unit.ts';
import type { SampleTable } from './mp4/sample-table.ts';
import type { Slab, SlabPool } from './slab-pool.ts';
import type { SoundRun } from './sound-collector.ts';

/** No picture of a camera is larger (4K all-intra is about 4 MB); beyond it is garbage. */
const MAX_ACCESS_UNIT_BYTES = 16 * 1024 * 1024;
/** A fragment is cut here at the latest, so that its index and its `moof` stay small. */
export const MAX_FRAGMENT_SAMPLES = 1_000;

/** The samples of one fragment and the memory that holds them, in file order. `release` gives the memory back. */
export interface FragmentData {
  readonly slices: readonly Buffer[];
  readonly payloadBytes: number;
  readonly samples: SampleTable;
  /** Decoding time of the first sample and the end of the last one, in ticks of the run. */
  readonly startTicks: number;
  readonly endTicks: number;
  /** What is heard meanwhile; `undefined` where nothing is, or none is recorded. */
  readonly sound: SoundRun | undefined;
  release(): void;
}

/**
 * Collects the access units of one camera, as length-prefixed NAL units (ISO/IEC 14496-15), in slabs: payload
 * bytes are copied once, from the socket's read buffer to where the disk write takes them from. Whether a
 * picture is a key frame is known when it is whole, so `cut` ends the fragment *before* the access unit that was
 * just collected: the slab in which one ends and the other begins is shared.
 *
 * Called for every packet: allocates nothing but slabs.
 */
export class FragmentBuilder implements CodedUnit {
  readonly #pool: SlabPool;
  #slabs: Slab[] = [];
  /** Bytes used in the last slab, and where in the first slab the fragment begins. */
  #position = 0;
  #headOffset = 0;
  #payloadBytes = 0;

  /** The access unit that is being collected. */
  #unitSlab = 0;
  #unitPosition = 0;
  #unitBytes = 0;
  #refused = false;
  #nalSlab = -1;
  #nalPosition = 0;
  #nalBytes = 0;

  #count = 0;
  readonly #sizes = new Uint32Array(MAX_FRAGMENT_SAMPLES);
  readonly #ticks = new Float64Array(MAX_FRAGMENT_SAMPLES);
  readonly #keys = new Uint8Array(MAX_FRAGMENT_SAMPLES);
  #latest = 0;
  #reordered = false;
  #startTicks = 0;
  #frameTicks = 3_600;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** Samples in the fragment, without the access unit being collected. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of those samples. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  get startTicks(): number {
    return this.#startTicks;
  }

  /** The latest presentation time in the fragment. */
  get latestTicks(): number {
    return this.#latest;
  }

  /** Bytes collected for the access unit so far. */
  get unitBytes(): number {
    return this.#unitBytes;
  }

  /** The access unit did not fit the budget or the largest allowed size: it can only be dropped. */
  get refused(): boolean {
    return this.#refused;
  }

  beginNal(): void {
    if (this.#nalSlab >= 0) this.endNal();
    if (this.#refused || !this.#reserve()) return;
    this.#nalSlab = this.#slabs.length - 1;
    this.#nalPosition = this.#position;
    this.#nalBytes = 0;
    for (let i = 0; i < 4; i++) this.#put(0);
  }

  /** One byte of a NAL header that was taken apart for fragmentation. */
  writeByte(value: number): void {
    if (this.#nalSlab < 0) return;
    this.#nalBytes++;
    this.#put(value);
  }

  write(source: Buffer, start: number, end: number): void {
    if (this.#nalSlab < 0) return;
    let from = start;
    while (from < end) {
      if (!this.#reserve()) return;
      const slab = this.#slabs[this.#slabs.length - 1] as Slab;
      const length = Math.min(end - from, this.#pool.slabBytes - this.#position);
      source.copy(slab.bytes, this.#position, from, from + length);
      this.#position += length;
      this.#unitBytes += length;
      this.#nalBytes += length;
      from += length;
    }
    if (this.#unitBytes > MAX_ACCESS_UNIT_BYTES) this.#refuse();
  }

  /** Patches the length in front of the NAL. */
  endNal(): void {
    if (this.#nalSlab < 0) return;
    let slab = this.#nalSlab;
    let at = this.#nalPosition;
    for (let shift = 24; shift >= 0; shift -= 8) {
      // The four bytes may lie across two slabs.
      if (at === this.#pool.slabBytes) {
        slab++;
        at = 0;
      }
      (this.#slabs[slab] as Slab).bytes[at++] = (this.#nalBytes >>> shift) & 0xff;
    }
    this.#nalSlab = -1;
  }

  /** Looks at the collected access unit, whose last NAL unit has ended. */
  peek(offset: number, target: Uint8Array): number {
    const { slabBytes } = this.#pool;
    const length = Math.max(0, Math.min(target.length, this.#unitBytes - offset));
    for (let copied = 0; copied < length; ) {
      const at = this.#unitPosition + offset + copied;
      const slab = this.#slabs[this.#unitSlab + Math.floor(at / slabBytes)] as Slab;
      const from = at % slabBytes;
      copied += slab.bytes.copy(target, copied, from, from + length - copied);
    }
    return length;
  }

  /**
   * Makes the collected access unit the fragment's next sample.
   * @param ticks presentation time in the run
   * @returns false when there was nothing, or no room for it: then it is dropped
   */
  commit(ticks: number, key: boolean): boolean {
    this.endNal();
    if (this.#refused || this.#unitBytes === 0 || this.#count === MAX_FRAGMENT_SAMPLES) {
      this.discard();
      return false;
    }
    if (this.#count === 0) {
      this.#latest = ticks;
      this.#reordered = false;
    } else if (ticks < this.#latest) {
      this.#reordered = true;
    } else {
      this.#frameTicks = ticks - this.#latest;
      this.#latest = ticks;
    }
    this.#sizes[this.#count] = this.#unitBytes;
    this.#ticks[this.#count] = ticks;
    this.#keys[this.#count] = key ? 1 : 0;
    this.#count++;
    this.#payloadBytes += this.#unitBytes;
    this.#beginUnit();
    return true;
  }

  /** Forgets the access unit that is being collected. */
  discard(): void {
    while (this.#slabs.length > this.#unitSlab + 1) this.#pool.release(this.#slabs.pop() as Slab);
    this.#position = this.#unitPosition;
    this.#refused = false;
    this.#nalSlab = -1;
    this.#unitBytes = 0;
    this.#nalBytes = 0;
  }

  /** Decoding starts at `ticks` with the next fragment: for the first one of a run. */
  startAt(ticks: number): void {
    this.#startTicks = ticks;
  }

  /**
   * Ends the fragment before the access unit that is being collected; that one begins the next fragment.
   * @param nextTicks presentation time of the collected access unit, `undefined` at the end of a run
   */
  cut(nextTicks: number | undefined): FragmentData {
    this.endNal();
    const data = this.#take(nextTicks);
    const tail = this.#slabs.slice(this.#unitSlab);
    const first = tail[0];
    if (first && this.#unitPosition === this.#pool.slabBytes) {
      tail.shift();
      this.#headOffset = 0;
    } else if (first) {
      first.references++;
      this.#headOffset = this.#unitPosition;
    }
    this.#slabs = tail;
    this.#unitSlab = 0;
    this.#unitPosition = this.#headOffset;
    if (tail.length === 0) this.#reset();
    this.#count = 0;
    this.#payloadBytes = 0;
    this.#startTicks = data.endTicks;
    return data;
  }

  /** Drops everything and gives all memory back. */
  clear(): void {
    for (const slab of this.#slabs) this.#pool.release(slab);
    this.#slabs = [];
    this.#reset();
    this.#count = 0;
    this.#payloadBytes = 0;
  }

  #reset(): void {
    this.#position = 0;
    this.#headOffset = 0;
    this.#unitSlab = 0;
    this.#unitPosition = 0;
    this.#unitBytes = 0;
    this.#refused = false;
    this.#nalSlab = -1;
  }

  #beginUnit(): void {
    this.#unitSlab = Math.max(0, this.#slabs.length - 1);
    this.#unitPosition = this.#position;
    this.#unitBytes = 0;
    this.#refused = false;
  }

  #put(value: number): void {
    if (!this.#reserve()) return;
    (this.#slabs[this.#slabs.length - 1] as Slab).bytes[this.#position++] = value;
    this.#unitBytes++;
  }

  /** Makes room for at least one byte; false when the budget is used up. */
  #reserve(): boolean {
    if (this.#refused) return false;
    if (this.#slabs.length > 0 && this.#position < this.#pool.slabBytes) return true;
    const slab = this.#pool.take();
    if (!slab) {
      this.#refuse();
      return false;
    }
    this.#slabs.push(slab);
    this.#position = 0;
    return true;
  }

  #refuse(): void {
    this.discard();
    this.#refused = true;
  }

  /** The committed samples, with their decoding times. */
  #take(nextTicks: number | undefined): FragmentData {
    const count = this.#count;
    const ticks = this.#ticks.subarray(0, count);
    const durations = new Uint32Array(count);
    const compositionOffsets = new Int32Array(count);
    // With B-frames the camera sends presentation times in decoding order. Sorted, the same times are decoding
    // times: each picture is decoded no later than something is shown, and offsets may be negative (trun
    // version 1). Without B-frames sorting changes nothing.
    const order = this.#reordered ? ticks.toSorted() : ticks;
    // Where B-frames of the next group may still come before its key frame, that one's time is no end.
    const frameTicks =
      this.#reordered && count > 1
        ? (order[count - 1] as number) - (order[count - 2] as number)
        : this.#frameTicks;
    const end =
      this.#reordered || nextTicks === undefined || nextTicks <= this.#latest
        ? this.#latest + frameTicks
        : nextTicks;
    let decode = this.#startTicks;
    for (let i = 0; i < count; i++) {
      compositionOffsets[i] = (ticks[i] as number) - decode;
      const next = i + 1 < count ? (order[i + 1] as number) : end;
      const duration = Math.max(1, next - decode);
      durations[i] = duration;
      decode += duration;
    }
    const slices: Buffer[] = [];
    const held: Slab[] = [];
    const slabBytes = this.#pool.slabBytes;
    for (let i = 0; i <= this.#unitSlab && i < this.#slabs.length; i++) {
      const slab = this.#slabs[i] as Slab;
      const from = i === 0 ? this.#headOffset : 0;
      const to = i === this.#unitSlab ? this.#unitPosition : slabBytes;
      held.push(slab);
      if (to > from) slices.push(slab.bytes.subarray(from, to));
    }
    const pool = this.#pool;
    return {
      slices,
      payloadBytes: this.#payloadBytes,
      samples: {
        count,
        sizes: this.#sizes.slice(0, count),
        durations,
        compositionOffsets,
        keys: this.#keys.slice(0, count),
      },
      startTicks: this.#startTicks,
      endTicks: decode,
      sound: undefined,
      release: () => {
        for (const slab of held.splice(0)) pool.release(slab);
      },
    };
  }
}
