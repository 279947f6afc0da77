import {
  type EventKind,
  type EventState,
  LONGEST_EVENT_MICROS,
  type LookedMinute,
  type MotionCatalog,
  type MotionWrite,
  PIECE_MICROS,
  type RefusedWrite,
} from '../catalog/motion.ts';
import type { Clock } from '../time/clock.ts';
import { type WallMicros, wallMicros } from '../time/units.ts';

/** Writes are committed together at most this often: one transaction for all cameras. */
const COMMIT_MILLIS = 200;
const FIRST_RETRY_MILLIS = 1_000;
const LONGEST_RETRY_MILLIS = 30_000;
/** In one transaction: more would keep the recorder's own rows waiting. */
const BATCH = 500;
/** Writes that may wait for a catalog that takes nothing: half an hour and more of 217 busy cameras. */
const MAX_WAITING = 20_000;
const MINUTE_MICROS = 60_000_000;
/** Into which one event is cut: a day of it. */
const MOST_PIECES = 144;

/** An event of which only the beginning is known. */
export type BegunEvent = Pick<EventState, 'cameraNo' | 'kind' | 'from' | 'continues'>;
/** An event that is over. */
export type EndedEvent = EventState & { readonly to: WallMicros };

/** A webhook, as far as the book needs to know it: which events are entered into its outbox. */
export interface Subscription {
  readonly hook: string;
  /** `undefined`: of every kind, of every camera. */
  readonly kinds: ReadonlySet<EventKind> | undefined;
  readonly cameraNos: ReadonlySet<number> | undefined;
}

/** Who logs and counts. */
export interface EventBookObserver {
  /** The catalog takes nothing, and is asked again. */
  failed(error: unknown): void;
  recovered(): void;
  /** Too much was waiting: the oldest of it is lost. */
  dropped(writes: number): void;
  refused(refused: RefusedWrite): void;
}

export interface EventBookOptions {
  readonly catalog: MotionCatalog;
  readonly clock: Clock;
  readonly subscriptions: readonly Subscription[];
  readonly observer: EventBookObserver;
}

/**
 * Enters what motion analysis tells into the catalog, in group commits, and with each event what webhooks are owed of
 * it: either both are there after a crash, or neither. Nothing is told to anybody before it is in the catalog.
 *
 * A catalog that refuses (its disk is full, too) is asked again until it takes everything; meanwhile so much is kept.
 */
export class EventBook {
  /** Why the catalog takes nothing, for a person; `undefined` when it does. */
  problem: string | undefined;

  readonly #options: EventBookOptions;
  readonly #listeners = new Set<() => void>();
  #waiting: MotionWrite[] = [];
  #retryMillis = FIRST_RETRY_MILLIS;
  #timer: NodeJS.Timeout | undefined;
  #committing: Promise<void> | undefined;

  constructor(options: EventBookOptions) {
    this.#options = options;
  }

  /**
   * Ends what a crash has left open, when its camera was last looked at: to be called before anything begins.
   * @returns how many events it were
   */
  async settle(): Promise<number> {
    const { catalog, clock } = this.#options;
    const now = clock.wall();
    const open = await catalog.openEvents();
    for (const event of open) {
      const looked = (await catalog.lastLooked(event.cameraNo)) ?? event.from;
      const seen = Math.min(looked + MINUTE_MICROS, event.from + PIECE_MICROS, now);
      this.ended({ ...event, to: wallMicros(Math.max(seen, event.from + 1)) });
    }
    await this.flush();
    return open.length;
  }

  began(event: BegunEvent): void {
    const { cameraNo, kind, from, continues } = event;
    this.#enter({ cameraNo, kind, from, continues, to: null, score: 0, box: null, zones: [] });
  }

  /** Enters all of it, whether it was entered when it began or not. What is longer than an event may be is cut. */
  ended(event: EndedEvent): void {
    let { from, continues } = event;
    for (let pieces = 0; event.to - from > LONGEST_EVENT_MICROS && pieces < MOST_PIECES; pieces++) {
      const border = wallMicros(from + PIECE_MICROS);
      this.#enter({ ...event, from, continues, to: border });
      from = border;
      continues = true;
    }
    this.#enter({ ...event, from, continues });
  }

  looked(minutes: readonly LookedMinute[]): void {
    for (const looked of minutes) this.#push({ kind: 'looked', looked });
  }

  /** Called when events have changed in the catalog. Returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when everything told so far is committed, or has failed once: then it is tried again by itself. */
  async flush(): Promise<void> {
    while (this.#committing) await this.#committing;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#committing = this.#commit();
    await this.#committing;
    this.#committing = undefined;
  }

  /** What is open is ended by whoever began it, before. */
  async stop(): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #enter(event: EventState): void {
    const tell = this.#options.subscriptions
      .filter(({ kinds }) => kinds?.has(event.kind) ?? true)
      .filter(({ cameraNos }) => cameraNos?.has(event.cameraNo) ?? true)
      .map(({ hook }) => hook);
    this.#push({ kind: 'event', event, tell });
  }

  #push(write: MotionWrite): void {
    this.#waiting.push(write);
    this.#bound();
    this.#timer ??= setTimeout(() => void this.flush(), COMMIT_MILLIS);
  }

  #bound(): void {
    const excess = this.#waiting.length - MAX_WAITING;
    if (excess <= 0) return;
    this.#waiting.splice(0, excess);
    this.#options.observer.dropped(excess);
  }

  async #commit(): Promise<void> {
    const { catalog, clock, observer } = this.#options;
    let changed = false;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        const refused = await catalog.apply(batch, clock.wall());
        for (const one of refused) observer.refused(one);
        changed ||= batch.some(({ kind }) => kind === 'event');
      } catch (error) {
        this.#waiting = [...batch, ...this.#waiting];
        this.#bound();
        this.#failed(error);
        break;
      }
      if (this.problem !== undefined) observer.recovered();
      this.problem = undefined;
      this.#retryMillis = FIRST_RETRY_MILLIS;
    }
    if (changed) for (const listener of this.#listeners) listener();
  }

  #failed(error: unknown): void {
    if (this.problem === undefined) this.#options.observer.failed(error);
    this.problem = `The catalog takes no events: ${(error as Error).message}`;
    this.#timer ??= setTimeout(() => void this.flush(), this.#retryMillis);
    this.#retryMillis = Math.min(LONGEST_RETRY_MILLIS, this.#retryMillis * 2);
  }
}
