import type { MessagePort } from 'node:worker_threads';
import { SlabPool } from '../media/slab-pool.ts';
import { RtmpInbox } from '../rtmp/rtmp-inbox.ts';
import { systemClock } from '../time/clock.ts';
import { type ThreadLoad, ThreadMeter } from '../time/thread-load.ts';
import type { MonoMicros } from '../time/units.ts';
import { PictureTap } from '../watch/picture-tap.ts';
import { WatchOutbox } from '../watch/watch-outbox.ts';
import type { WatchedFrames } from '../watch/watched-picture.ts';
import type { SourceTools } from './camera-source.ts';
import type { ReceivingSetup, WatchCommand, WatchNews } from './receiving-messages.ts';

const READ_BUFFER_BYTES = 64 * 1024;
/** For connecting and for each answer of a camera. */
const ANSWER_MILLIS = 10_000;
const TICK_MILLIS = 250;
const WATCH_MILLIS = 100;
const STATUS_MICROS = 1_000_000;
/**
 * Of the memory for what was received. 217 cameras take a quarter of the least that is allowed, or half where their key
 * frames come together: beyond, the disk does not keep up, and what looks for motion leaves it the processor.
 */
const PRESSED_SHARE = 3 / 4;
/** First connections are this far apart, and all within a few seconds. */
const START_STEP_MICROS = 25_000;
const LONGEST_START_MICROS = 5_000_000;

/** What every thread that receives from cameras has, whatever it does with what they send. */
export class ReceivingThread {
  readonly clock = systemClock;
  readonly pool: SlabPool;
  readonly tools: SourceTools;

  readonly #outbox: WatchOutbox;
  readonly #taps = new Map<number, PictureTap>();
  readonly #meter = new ThreadMeter();
  readonly #began = systemClock.mono();
  readonly #firstStream = systemClock.wall();
  #timers: NodeJS.Timeout[] = [];

  /** @param slabBytes memory is taken in pieces of this size, and each stream keeps one */
  constructor(port: MessagePort, setup: ReceivingSetup, slabBytes: number) {
    this.pool = new SlabPool({ slabBytes, budgetBytes: setup.bufferBytes });
    this.tools = {
      readBuffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
      rtmp: new RtmpInbox(),
      timeoutMillis: ANSWER_MILLIS,
      udpPorts: setup.udpPorts,
    };
    this.#outbox = new WatchOutbox({
      budgetBytes: setup.watchBytes,
      isPressed: () => this.pool.takenBytes > PRESSED_SHARE * this.pool.budgetBytes,
      send: (report, shed, transfer) =>
        port.postMessage({ kind: 'watch', report, shed } satisfies WatchNews, transfer),
    });
  }

  /** When to connect for the first time to one camera of so many. */
  firstConnect(index: number, cameras: number): MonoMicros {
    const step = Math.min(START_STEP_MICROS, LONGEST_START_MICROS / Math.max(1, cameras));
    return (this.#began + index * step) as MonoMicros;
  }

  /** For what the main thread is to see of a camera. */
  tap(cameraNo: number, frames: WatchedFrames): PictureTap {
    const tap = new PictureTap({ cameraNo, frames, outbox: this.#outbox, firstStream: this.#firstStream });
    this.#taps.set(cameraNo, tap);
    return tap;
  }

  /**
   * @param tick called now and a few times a second from now on
   * @param status called now and once a second, after `tick`
   */
  run(tick: (now: MonoMicros) => void, status: (load: ThreadLoad) => void): void {
    let statusAt = 0;
    const turn = (): void => {
      const now = this.clock.mono();
      tick(now);
      if (now < statusAt) return;
      statusAt = now + STATUS_MICROS;
      this.pool.trim();
      status(this.#meter.take());
    };
    this.#timers = [setInterval(turn, TICK_MILLIS), setInterval(() => this.#outbox.flush(), WATCH_MILLIS)];
    turn();
  }

  obey(command: WatchCommand): void {
    switch (command.kind) {
      case 'watch-taken':
        this.#outbox.taken();
        return;
      case 'seen':
        for (const { cameraNo, moving } of command.sightings)
          this.#taps.get(cameraNo)?.seen(moving, this.clock.mono());
        return;
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#meter.stop();
  }
}
