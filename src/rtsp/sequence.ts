/**
 * What a packet's sequence number says about it:
 * - `next`: the one expected; `gap`: newer, with `missing` packets left out before it;
 * - `late`: older and not seen before; `duplicate`: seen before, or older than the first of all;
 * - `restart`: the source counts anew from here (I8); `stray`: far off, and not believed until the next one agrees.
 */
export type SequenceVerdict = 'next' | 'gap' | 'late' | 'duplicate' | 'restart' | 'stray';

/** RFC 3550 appendix A.1: a step forward up to this is loss, beyond it another numbering. */
const MAX_DROPOUT = 3000;
/** A step back up to this is reordering; a power of two, one bit a packet. */
const MISORDER_WINDOW = 128;
/** So many old numbers in unbroken order are no reordering: the source stepped back by less than the window. */
const RESTART_AFTER_OLD = 16;
const MODULUS = 0x1_0000;

/**
 * Counts the packets of one source (RFC 3550 appendix A.1 to A.3): wraps, losses, duplicates and order. `update` runs
 * for every packet and allocates nothing.
 */
export class SequenceTracker {
  /** Packets missing just before the packet that `update` called a `gap`. */
  missing = 0;
  /** Since the tracker exists, over all restarts: lost ones that came late after all are taken off again. */
  lost = 0;
  duplicates = 0;
  late = 0;
  restarts = 0;

  /** On TCP nothing overtakes, so a far jump is true at once; on UDP one stray packet must not end a run. */
  readonly #ordered: boolean;
  readonly #seen = new Uint8Array(MISORDER_WINDOW);
  #started = false;
  #base = 0;
  #highest = 0;
  #received = 0;
  #expectedStray = -1;
  #expectedOld = -1;
  #oldInOrder = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;

  constructor(options: { readonly ordered: boolean }) {
    this.#ordered = options.ordered;
  }

  /** The highest sequence number so far with the wraps in its upper bits; 0 before the first packet. */
  get highest(): number {
    return this.#highest;
  }

  /** Packets that should have come since the last restart, less those that did: RFC 3550's cumulative loss. */
  get cumulativeLost(): number {
    return this.#expected() - this.#received;
  }

  update(sequence: number): SequenceVerdict {
    if (!this.#started) {
      this.#started = true;
      this.#begin(sequence);
      return 'next';
    }
    const step = (sequence - this.#highest) & (MODULUS - 1);
    if (step >= 1 && step < MAX_DROPOUT) return this.#forward(step);
    if (step === 0 || step > MODULUS - MISORDER_WINDOW)
      return this.#backward(sequence, (MODULUS - step) % MODULUS);
    if (this.#ordered || sequence === this.#expectedStray) return this.#restart(sequence);
    this.#expectedStray = next(sequence);
    return 'stray';
  }

  /** Another source from here on: its first packet is `next`, whatever its number. The counters go on. */
  forget(): void {
    this.#started = false;
  }

  /** Loss since the last call in 1/256 (RFC 3550 appendix A.3), for a receiver report. */
  takeFractionLost(): number {
    const expected = this.#expected() - this.#expectedBefore;
    const received = this.#received - this.#receivedBefore;
    this.#expectedBefore += expected;
    this.#receivedBefore += received;
    const lost = expected - received;
    return expected <= 0 || lost <= 0 ? 0 : Math.min(255, Math.floor((lost * 256) / expected));
  }

  #forward(step: number): SequenceVerdict {
    // What lies between has not been seen, and its places in the window still speak of older packets.
    for (let skipped = Math.min(step - 1, MISORDER_WINDOW); skipped > 0; skipped--) {
      this.#seen[(this.#highest + step - skipped) % MISORDER_WINDOW] = 0;
    }
    this.#highest += step;
    this.#seen[this.#highest % MISORDER_WINDOW] = 1;
    this.#received++;
    this.#expectedStray = -1;
    this.#expectedOld = -1;
    if (step === 1) return 'next';
    this.missing = step - 1;
    this.lost += this.missing;
    return 'gap';
  }

  #backward(sequence: number, distance: number): SequenceVerdict {
    this.#oldInOrder = sequence === this.#expectedOld ? this.#oldInOrder + 1 : 1;
    this.#expectedOld = next(sequence);
    if (this.#oldInOrder >= RESTART_AFTER_OLD) return this.#restart(sequence);

    this.#received++;
    const extended = this.#highest - distance;
    if (extended < this.#base || this.#seen[extended % MISORDER_WINDOW] === 1) {
      this.duplicates++;
      return 'duplicate';
    }
    this.#seen[extended % MISORDER_WINDOW] = 1;
    this.late++;
    this.lost--;
    return 'late';
  }

  #restart(sequence: number): SequenceVerdict {
    this.#begin(sequence);
    this.restarts++;
    return 'restart';
  }

  #begin(sequence: number): void {
    this.#base = sequence;
    this.#highest = sequence;
    this.#received = 1;
    this.#seen.fill(0);
    this.#seen[sequence % MISORDER_WINDOW] = 1;
    this.#expectedStray = -1;
    this.#expectedOld = -1;
    this.#oldInOrder = 0;
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
  }

  #expected(): number {
    return this.#started ? this.#highest - this.#base + 1 : 0;
  }
}

const next = (sequence: number): number => (sequence + 1) & (MODULUS - 1);
