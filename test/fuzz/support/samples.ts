import { FragmentBuilder, type FragmentData } from '../../../src/media/fragment-builder.ts';
import type { AccessUnitSink } from '../../../src/media/access-unit-sink.ts';
import { SlabPool } from '../../../src/media/slab-pool.ts';
import { hold } from '../target.ts';

/** So small that lengths lie across slabs, and the budget runs out. */
const SLAB_BYTES = 96;
const BUDGET_BYTES = 24 * SLAB_BYTES;
const UNITS_PER_FRAGMENT = 3;
const FRAME_TICKS = 3_600;

/** That a fragment is what its table says: whole NAL units with their lengths in front, in the memory it names. */
export function checkFragment(data: FragmentData): void {
  const bytes = Buffer.concat(data.slices);
  const { count, sizes, durations } = data.samples;
  hold(count > 0, 'a fragment has samples');
  hold(bytes.length === data.payloadBytes, `${bytes.length} bytes are no ${data.payloadBytes}`);
  hold(sizes.length === count && durations.length === count, 'the table has a row a sample');
  let at = 0;
  let ticks = data.startTicks;
  for (let i = 0; i < count; i++) {
    const end = at + (sizes[i] as number);
    hold(end > at && end <= bytes.length, 'a sample lies in the payload');
    while (at < end) {
      hold(at + 4 <= end, 'a NAL unit has room for its length');
      at += 4 + bytes.readUInt32BE(at);
    }
    hold(at === end, 'the NAL units of a sample add up to it');
    ticks += durations[i] as number;
  }
  hold(at === bytes.length, 'the samples add up to the payload');
  hold(ticks === data.endTicks && ticks > data.startTicks, 'the durations add up to the end');
}

/** Takes what a depacketizer unpacks, holds it to the rules of its interface, and makes fragments of it. */
export class StrictSink implements AccessUnitSink {
  /** Where the bytes that are being unpacked lie; a depacketizer may also put some together in memory of its own. */
  input: Buffer | undefined;
  start = 0;
  end = 0;
  units = 0;

  readonly #pool = new SlabPool({ slabBytes: SLAB_BYTES, budgetBytes: BUDGET_BYTES });
  readonly #builder = new FragmentBuilder(this.#pool);
  readonly #kept: FragmentData[] = [];
  #inNal = false;
  #written = 0;

  beginNal(): void {
    hold(!this.#inNal, 'a NAL unit ends before the next one begins');
    this.#inNal = true;
    this.#builder.beginNal();
  }

  writeByte(value: number): void {
    hold(this.#inNal && value >= 0 && value <= 255, 'a byte is written into a NAL unit');
    this.#written++;
    this.#builder.writeByte(value);
  }

  write(source: Buffer, start: number, end: number): void {
    hold(this.#inNal, 'bytes are written into a NAL unit');
    this.#hasRange(source, start, end);
    this.#written += end - start;
    this.#builder.write(source, start, end);
  }

  endNal(): void {
    hold(this.#inNal, 'only a NAL unit that has begun ends');
    this.#inNal = false;
    this.#builder.endNal();
  }

  parameterSet(source: Buffer, start: number, end: number): void {
    this.#hasRange(source, start, end);
  }

  endAccessUnit(timestamp: number, key: boolean): void {
    hold(!this.#inNal, 'a picture does not end within a NAL unit');
    hold(timestamp >= 0 && timestamp <= 0xffff_ffff, 'a timestamp has 32 bits');
    const ticks = this.units++ * FRAME_TICKS;
    if (this.#builder.count >= UNITS_PER_FRAGMENT) this.#cut(ticks);
    this.#builder.commit(ticks, key);
  }

  abandonAccessUnit(): void {
    this.#inNal = false;
    this.#builder.discard();
  }

  /** Gives everything back. @param mostBytes all that the input could have been unpacked to */
  finish(mostBytes: number): void {
    hold(this.#written <= mostBytes, `${this.#written} bytes were unpacked from ${mostBytes}`);
    this.#builder.discard();
    if (this.#builder.count > 0) this.#cut(undefined);
    this.#builder.clear();
    this.#release();
    hold(this.#pool.takenBytes === 0, `${this.#pool.takenBytes} bytes of memory were not given back`);
  }

  #cut(ticks: number | undefined): void {
    // A collected unit that was refused holds no memory of its own.
    const data = this.#builder.cut(ticks);
    checkFragment(data);
    hold(this.#pool.takenBytes <= BUDGET_BYTES, 'the budget holds');
    this.#kept.push(data);
    if (this.#kept.length > 1) this.#release();
  }

  #release(): void {
    for (const data of this.#kept.splice(0)) data.release();
  }

  #hasRange(source: Buffer, start: number, end: number): void {
    const [least, most] = source === this.input ? [this.start, this.end] : [0, source.length];
    hold(start >= least && end <= most && start <= end, `[${start}, ${end}) lies in the packet`);
  }
}
