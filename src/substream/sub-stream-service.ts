import { KeptThread } from '../time/kept-thread.ts';
import type { ReceivingCommand } from '../ingest/receiving-messages.ts';
import { WatchInbox } from '../watch/watch-inbox.ts';
import type { ThreadLoad } from '../time/thread-load.ts';
import type { Sighting, WatchReport } from '../watch/watched-picture.ts';
import type { SubStreamState, SubStreamStatus } from './sub-stream-status.ts';
import type { SubStreamOrder, SubStreamReport, SubStreamSetup } from './thread-messages.ts';

const WORKER = new URL('../../workers/watch-worker.ts', import.meta.url);
const THREAD = 'watch';
/** Pictures of 217 sub-streams that are being received take 4 MB. */
const BUFFER_BYTES = 64 * 2 ** 20;
const WATCH_BYTES = 64 * 2 ** 20;
/** It has nothing to finish. */
const STOP_MILLIS = 3_000;
/** Of JavaScript objects; pictures live outside of it. More than that is a leak, and ends this thread alone. */
const MAX_HEAP_MEGABYTES = 512;

export interface SubStreamOptions {
  readonly streams: readonly SubStreamOrder[];
  /** Local ports for media that come by UDP; `undefined`: any. */
  readonly udpPorts: SubStreamSetup['udpPorts'];
  /** What came, in the order of each camera. The thread sends no more before this returns. */
  readonly onReport: (report: WatchReport) => void;
  readonly observer: SubStreamObserver;
}

/** Who logs and counts. Every call is one incident, or one measurement. */
export interface SubStreamObserver {
  subStreamChanged(cameraNo: number, state: SubStreamState, reason: string): void;
  threadReported(thread: string, load: ThreadLoad): void;
  threadDied(thread: string, error: unknown, retryMillis: number): void;
  watchShed(pictures: number): void;
  watchFailed(error: unknown): void;
}

/**
 * The smaller streams that are looked at instead of those that are recorded, all received by one thread of their own:
 * whatever they send, or do not send, touches no recording.
 */
export class SubStreamService {
  readonly #options: SubStreamOptions;
  readonly #thread: KeptThread<ReceivingCommand, SubStreamReport>;
  readonly #own: ReadonlySet<number>;
  readonly #status = new Map<number, SubStreamStatus>();
  readonly #watched = new WatchInbox();

  constructor(options: SubStreamOptions) {
    const { streams, udpPorts, observer } = options;
    this.#options = options;
    this.#own = new Set(streams.map(({ cameraNo }) => cameraNo));
    const setup: SubStreamSetup = {
      ...{ streams, udpPorts, bufferBytes: BUFFER_BYTES, watchBytes: WATCH_BYTES },
    };
    this.#thread = new KeptThread<ReceivingCommand, SubStreamReport>({
      ...{ name: THREAD, worker: WORKER, setup: () => setup, stopMillis: STOP_MILLIS },
      limits: { maxOldGenerationSizeMb: MAX_HEAP_MEGABYTES },
      onReport: (report, answer) => {
        this.#take(report);
        if (report.kind === 'watch') answer({ kind: 'watch-taken' });
      },
      onDeath: (error, retryMillis) => {
        this.#status.clear();
        observer.threadDied(THREAD, error, retryMillis);
      },
    });
  }

  /** Without sub-streams there is no thread. */
  start(): void {
    if (this.#own.size > 0) this.#thread.start();
  }

  stop(): Promise<void> {
    return this.#thread.stop();
  }

  /** What was seen in key frames of reports; other cameras than those received here are passed over. */
  seen(sightings: readonly Sighting[]): void {
    const own = sightings.filter(({ cameraNo }) => this.#own.has(cameraNo));
    if (own.length > 0) this.#thread.post({ kind: 'seen', sightings: own });
  }

  /** The last report on a sub-stream; `undefined` before the first, and for a camera that has none. */
  status(cameraNo: number): SubStreamStatus | undefined {
    return this.#status.get(cameraNo);
  }

  /** Why the sub-stream of a camera cannot be looked at, as a sentence for people; empty if it can, or there is none. */
  problem(cameraNo: number): string {
    const status = this.#status.get(cameraNo);
    if (!status || status.reason === '') return '';
    return `Detection stream ${WORDS[status.state]}: ${status.reason}`;
  }

  /** What keeps all of them from being received, for people. That of a single camera is its own: see `problem`. */
  *problems(): Generator<string> {
    if (this.#own.size > 0 && this.#thread.dead)
      yield 'The thread that receives detection streams is down; recording goes on.';
  }

  #take(report: SubStreamReport): void {
    const { observer, onReport } = this.#options;
    switch (report.kind) {
      case 'watch':
        if (report.shed > 0) observer.watchShed(report.shed);
        try {
          onReport(this.#watched.take(report.report));
        } catch (error) {
          observer.watchFailed(error);
        }
        return;
      case 'status':
        for (const { cameraNo, status } of report.streams) this.#status.set(cameraNo, status);
        observer.threadReported(THREAD, report.load);
        return;
      case 'changed':
        observer.subStreamChanged(report.cameraNo, report.state, report.reason);
        return;
    }
  }
}

const WORDS: Readonly<Record<SubStreamState, string>> = {
  connecting: 'connecting',
  playing: 'playing',
  offline: 'offline',
  'no-video': 'without pictures',
  'no-keyframe': 'without a key frame',
};
