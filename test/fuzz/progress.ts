/** What a fuzzing thread is at, in memory that whoever watches it shares: it cannot be asked while it hangs. */
export class Progress {
  static readonly MAX_INPUT_BYTES = 256 * 1024;

  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #input: Buffer;

  constructor(memory = new SharedArrayBuffer(8 + Progress.MAX_INPUT_BYTES)) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory, 0, 2);
    this.#input = Buffer.from(memory, 8);
  }

  /** Inputs that were begun. */
  get executions(): number {
    return Atomics.load(this.#numbers, 0);
  }

  begin(input: Buffer): void {
    Atomics.store(this.#numbers, 1, input.copy(this.#input));
    Atomics.add(this.#numbers, 0, 1);
  }

  /** A copy of the input that was begun last. */
  lastInput(): Buffer {
    return Buffer.from(this.#input.subarray(0, Atomics.load(this.#numbers, 1)));
  }
}
