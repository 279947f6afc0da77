/** Packets that a missing one is waited for, at most; what overtakes by more is no reordering but loss. */
const CAPACITY = 128;
/** A missing packet is waited for so long. A recording can afford it; who watches live hardly notices. */
const PATIENCE_MICROS = 200_000;
/** Memory for packets that wait: none until one has to, then doubled as needed. A packet has up to 65,507 bytes (I5). */
const FIRST_BYTES = 32 * 1024;
const MOST_BYTES = 512 * 1024;
const SEQUENCES = 0x1_0000;
const EMPTY = -1;
const NOTHING = Buffer.alloc(0);

/**
 * Takes a packet in its turn. The bytes are only valid during the call.
 * @param lost packets are missing right before this one, and will not come
 */
export type DeliverPacket = (buffer: Buffer, start: number, end: number, lost: boolean) => void;

/**
 * Puts the packets of one source into the order of their sequence numbers (I4). A packet in its turn is handed on where
 * it lies; only one that has overtaken another is copied, to wait for it: for 128 packets, 200 ms or 512 KiB, whichever
 * comes first. Then the missing ones are lost, and what has waited goes on.
 *
 * Pure: time is handed in, in microseconds of a clock that never steps. Allocates nothing per packet.
 */
export class ReorderBuffer {
  /** Given up, whether or not they came after that. */
  lost = 0;
  /** Came before one that was sent earlier, and waited. */
  reordered = 0;
  /** Came when it had been given up: lost all the same. */
  late = 0;
  /** Came when it had been handed on, or was waiting, already. */
  duplicates = 0;

  readonly #deliver: DeliverPacket;
  #started = false;
  #next = 0;
  #held = 0;
  #lostBefore = false;
  #memory = NOTHING;
  #used = 0;
  /** Of each sequence number modulo the capacity: where its packet lies, how long it is, when it came. */
  readonly #offsets = new Int32Array(CAPACITY).fill(EMPTY);
  readonly #lengths = new Int32Array(CAPACITY);
  readonly #arrivals = new Float64Array(CAPACITY);
  /** Sequence numbers, modulo twice the capacity, that were given up not long ago. */
  readonly #missed = new Uint8Array(2 * CAPACITY);

  constructor(deliver: DeliverPacket) {
    this.#deliver = deliver;
  }

  /** Packets that wait. */
  get held(): number {
    return this.#held;
  }

  /** Takes the packet in `buffer[start, end)`, which came at `now`. */
  push(sequence: number, buffer: Buffer, start: number, end: number, now: number): void {
    if (!this.#started) {
      this.#started = true;
      this.#next = sequence;
    }
    if (this.#held > 0) this.expire(now);
    let ahead = (sequence - this.#next) & (SEQUENCES - 1);
    if (ahead >= SEQUENCES / 2) {
      this.#old(sequence);
      return;
    }
    if (ahead >= CAPACITY) {
      this.#giveUp(ahead - CAPACITY + 1);
      this.#drain();
      ahead = (sequence - this.#next) & (SEQUENCES - 1);
    }
    if (ahead > 0 && this.#hold(sequence, buffer, start, end, now)) return;
    // It is its turn, or there is no room for it to wait.
    this.#giveUp((sequence - this.#next) & (SEQUENCES - 1));
    this.#hand(buffer, start, end);
    this.#drain();
  }

  /** To be called now and then, too, when nothing comes: hands on what has waited long enough. */
  expire(now: number): void {
    while (this.#held > 0) {
      const ahead = this.#firstHeld();
      const slot = (this.#next + ahead) % CAPACITY;
      if (now - (this.#arrivals[slot] as number) < PATIENCE_MICROS) return;
      this.#giveUp(ahead);
      this.#drain();
    }
  }

  /** The source counts anew: hands on what waits; the next packet is the first of a new numbering, after a loss. */
  restart(): void {
    while (this.#held > 0) {
      this.#giveUp(this.#firstHeld());
      this.#drain();
    }
    if (this.#started) this.#lostBefore = true;
    this.#started = false;
    this.#missed.fill(0);
  }

  #old(sequence: number): void {
    const place = sequence % (2 * CAPACITY);
    const behind = (this.#next - sequence) & (SEQUENCES - 1);
    if (behind <= CAPACITY && this.#missed[place] === 1) {
      this.#missed[place] = 0;
      this.late++;
    } else {
      this.duplicates++;
    }
  }

  /** False: there is no room, not even when it has been asked for. */
  #hold(sequence: number, buffer: Buffer, start: number, end: number, now: number): boolean {
    const slot = sequence % CAPACITY;
    if (this.#offsets[slot] !== EMPTY) {
      this.duplicates++;
      return true;
    }
    const length = end - start;
    if (!this.#reserve(length)) return false;
    buffer.copy(this.#memory, this.#used, start, end);
    this.#offsets[slot] = this.#used;
    this.#lengths[slot] = length;
    this.#arrivals[slot] = now;
    this.#used += length;
    this.#held++;
    this.reordered++;
    return true;
  }

  #reserve(length: number): boolean {
    const needed = this.#used + length;
    if (needed <= this.#memory.length) return true;
    if (needed > MOST_BYTES) return false;
    let size = Math.max(FIRST_BYTES, this.#memory.length);
    while (size < needed) size *= 2;
    const grown = Buffer.allocUnsafeSlow(size);
    this.#memory.copy(grown, 0, 0, this.#used);
    this.#memory = grown;
    return true;
  }

  #firstHeld(): number {
    let ahead = 0;
    while (this.#offsets[(this.#next + ahead) % CAPACITY] === EMPTY) ahead++;
    return ahead;
  }

  /** Goes on by `count` sequence numbers: hands on what of them is here, the others are lost. */
  #giveUp(count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.#handHeld()) continue;
      this.#missed[this.#next % (2 * CAPACITY)] = 1;
      this.#next = (this.#next + 1) & (SEQUENCES - 1);
      this.#lostBefore = true;
      this.lost++;
    }
  }

  #drain(): void {
    while (this.#held > 0 && this.#handHeld());
    if (this.#held === 0) this.#used = 0;
  }

  #handHeld(): boolean {
    const slot = this.#next % CAPACITY;
    const offset = this.#offsets[slot] as number;
    if (offset === EMPTY) return false;
    this.#offsets[slot] = EMPTY;
    this.#held--;
    this.#hand(this.#memory, offset, offset + (this.#lengths[slot] as number));
    return true;
  }

  #hand(buffer: Buffer, start: number, end: number): void {
    const lost = this.#lostBefore;
    this.#lostBefore = false;
    this.#missed[this.#next % (2 * CAPACITY)] = 0;
    this.#next = (this.#next + 1) & (SEQUENCES - 1);
    this.#deliver(buffer, start, end, lost);
  }
}
