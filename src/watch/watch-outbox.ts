import type { PassedPicture, WatchedPicture, WatchReport } from './watched-picture.ts';

/** Of what is so small that it is counted and not weighed. */
const MAX_PASSED = 10_000;

/** @param shed pictures that should be in the report, and were dropped as there was no room for them */
type WatchSend = (report: WatchReport, shed: number, transfer: ArrayBuffer[]) => void;

/**
 * What the taps of one thread have for the main thread. One report is on its way at a time, so that a main thread which
 * takes none costs no more than the budget: what comes then is dropped and counted.
 */
export class WatchOutbox {
  readonly #budgetBytes: number;
  readonly #isPressed: () => boolean;
  readonly #send: WatchSend;
  #pictures: WatchedPicture[] = [];
  #passed: PassedPicture[] = [];
  #shed = 0;
  /** Bytes of copies that were made and not taken yet, and those of them that are on their way. */
  #bytes = 0;
  #sentBytes = 0;
  #onItsWay = false;

  constructor(options: {
    readonly budgetBytes: number;
    /** Whoever records beside it has hardly any room left: then nothing is copied. */
    readonly isPressed?: () => boolean;
    /** Each sample is memory of its own, which may be moved. */
    readonly send: WatchSend;
  }) {
    this.#budgetBytes = options.budgetBytes;
    this.#isPressed = options.isPressed ?? (() => false);
    this.#send = options.send;
  }

  /** Bytes of pictures that the main thread has not taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Memory for a copy, which `add` has to follow; `undefined`: there is none, and the picture counts as dropped. */
  reserve(bytes: number): Uint8Array<ArrayBuffer> | undefined {
    if (this.#bytes + bytes <= this.#budgetBytes && !this.#isPressed()) {
      try {
        const copy = Buffer.allocUnsafeSlow(bytes);
        this.#bytes += bytes;
        return copy;
      } catch {
        // No address space is left (`ulimit -v`): recording has what it needs, and this can wait.
      }
    }
    this.drop();
    return undefined;
  }

  add(picture: WatchedPicture): void {
    this.#pictures.push(picture);
  }

  pass(picture: PassedPicture): void {
    if (this.#passed.length < MAX_PASSED) this.#passed.push(picture);
    else this.drop();
  }

  /** Counts one that is not handed over, and should be. */
  drop(): void {
    this.#shed++;
  }

  /** To be called a few times a second. */
  flush(): void {
    if (this.#onItsWay || this.#pictures.length + this.#passed.length + this.#shed === 0) return;
    const report = { pictures: this.#pictures, passed: this.#passed };
    const shed = this.#shed;
    this.#sentBytes = 0;
    for (const { sample } of report.pictures) this.#sentBytes += sample.length;
    this.#pictures = [];
    this.#passed = [];
    this.#shed = 0;
    this.#onItsWay = true;
    this.#send(
      report,
      shed,
      report.pictures.map(({ sample }) => sample.buffer as ArrayBuffer),
    );
  }

  /** The main thread has the last report. */
  taken(): void {
    if (!this.#onItsWay) return;
    this.#onItsWay = false;
    this.#bytes -= this.#sentBytes;
  }
}
