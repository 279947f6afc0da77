import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../time/clock.ts';

/** So many bytes a second, all that share it together; a second's worth may go at once. */
export class RateLimit {
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  readonly #sleep: (millis: number) => Promise<unknown>;
  /** Monotonic microseconds at which everything that was taken so far is paid for. */
  #paidAt = Number.NEGATIVE_INFINITY;

  /** @param bytesPerSecond `Infinity`: no limit */
  constructor(bytesPerSecond: number, clock: Clock, wait: (millis: number) => Promise<unknown> = sleep) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.#sleep = wait;
  }

  /** Waits until they may go. */
  async take(bytes: number): Promise<void> {
    if (this.#bytesPerSecond === Number.POSITIVE_INFINITY) return;
    const now = this.#clock.mono();
    this.#paidAt = Math.max(this.#paidAt, now - 1_000_000) + (bytes / this.#bytesPerSecond) * 1_000_000;
    const ahead = this.#paidAt - now;
    if (ahead > 0) await this.#sleep(Math.ceil(ahead / 1_000));
  }
}
