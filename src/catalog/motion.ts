import type { WallMicros } from '../time/units.ts';

/** What is told of a scene: something moves in it, or something was done to the camera. */
export const EVENT_KINDS = ['motion', 'covered', 'blinded', 'defocused', 'moved', 'frozen'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** A part of the picture, in shares of its width and height from the upper left. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What lasts longer is cut into pieces of this length, so that every event is found by when it began. */
export const PIECE_MICROS = 600_000_000;
/** No event is longer: of a piece that cannot be cut to the microsecond, too. */
export const LONGEST_EVENT_MICROS = 620_000_000;

/** From a first sign to the last one, with what led up to it and what followed. */
export interface EventRow extends EventState {
  readonly eventNo: number;
}

/** An event as it is now. There is one of a camera, a kind and a beginning. */
export interface EventState {
  readonly cameraNo: number;
  readonly kind: EventKind;
  readonly from: WallMicros;
  /** `null` while it lasts. */
  readonly to: WallMicros | null;
  /** It goes on from a piece of the same kind that ends where this begins. */
  readonly continues: boolean;
  /** The most that was seen at once, 0 to 1: for motion, the share of the picture that moved. */
  readonly score: number;
  /** Around all of it; `null` where there is no place to it. */
  readonly box: Box | null;
  /** Names of the zones that it touched. */
  readonly zones: readonly string[];
}

/** With its place among all that was ever written of events: it grows with each write of one. */
export interface ChangedEvent extends EventRow {
  readonly changed: number;
}

/** Columns and rows of the coarse map of where motion was. */
export const HEAT = { columns: 16, rows: 9 } as const;

/**
 * That a camera was looked at for a minute of UTC. Where there is no such row nobody looked, which is not the same as
 * that nothing moved.
 */
export interface LookedMinute {
  readonly cameraNo: number;
  /** A whole minute. */
  readonly minute: WallMicros;
  /** Pictures that the detector was given, and those of them in which something moved. */
  readonly pictures: number;
  readonly moving: number;
  /** Pictures that were passed over, as their coded size said that nothing moved. */
  readonly passed: number;
  /** `HEAT.columns` × `HEAT.rows`, row by row: how much moved there, 0 to 255; `null` where nothing did. */
  readonly heat: Uint8Array | null;
}

/** What was looked at in a part of a range, summed up. */
export interface MotionDensity {
  /** Where the part begins. */
  readonly from: WallMicros;
  /** Minutes of it for which there is a row: of the others nothing is known. */
  readonly minutes: number;
  readonly pictures: number;
  readonly moving: number;
  readonly passed: number;
}

export type MotionWrite =
  /** An event as it is now: begun, gone on, or ended. Those webhooks are told of it, in the same transaction. */
  | { readonly kind: 'event'; readonly event: EventState; readonly tell: readonly string[] }
  /** Adds up with what is there of the same camera and minute. */
  | { readonly kind: 'looked'; readonly looked: LookedMinute };

/** A write that breaks a rule of the catalog, and would at every other try. */
export interface RefusedWrite {
  readonly write: MotionWrite;
  readonly problem: string;
}

/** Events that overlap [from, to) and meet every other filter given. */
export interface EventQuery {
  readonly cameraNo?: number;
  readonly kind?: EventKind;
  readonly zone?: string;
  readonly from?: WallMicros;
  readonly to?: WallMicros;
  readonly limit: number;
  /** Only what stands behind this one, newest first. */
  readonly after?: Pick<EventRow, 'from' | 'eventNo'>;
}

/** Events of a camera of one kind. */
export interface EventGroup {
  /** Of the only one; `null` where there are several. */
  readonly eventNo: number | null;
  readonly kind: EventKind;
  readonly from: WallMicros;
  /** `null` while one of them lasts. */
  readonly to: WallMicros | null;
  readonly count: number;
  /** The highest. */
  readonly score: number;
  readonly zones: readonly string[];
}

/** What is to be forgotten of a camera: all that began before, except where a hold keeps the footage. */
export interface Forgetting {
  readonly cameraNo: number;
  readonly before: WallMicros;
  readonly at: WallMicros;
  /** At most so many events, and as many minutes. */
  readonly limit: number;
}

/** What happened before the cameras, and when anybody looked. */
export interface MotionCatalog {
  /**
   * Applies all writes in order in one transaction; those that break a rule are left out and returned.
   * @param at now: when somebody is told of these
   */
  apply(writes: readonly MotionWrite[], at: WallMicros): Promise<readonly RefusedWrite[]>;

  /** Those that last, of every camera. */
  openEvents(): Promise<readonly EventRow[]>;
  /** Of a camera, those that overlap [from, to), by when they began; the first `limit` of them. */
  eventsBetween(
    cameraNo: number,
    from: WallMicros,
    to: WallMicros,
    limit: number,
  ): Promise<readonly EventRow[]>;
  /**
   * The same in parts of the range of that length: those of one kind that begin in one part are one group.
   * @param resolution microseconds
   */
  eventGroups(
    cameraNo: number,
    from: WallMicros,
    to: WallMicros,
    resolution: number,
  ): Promise<readonly EventGroup[]>;
  /** Of all cameras, newest first. */
  events(query: EventQuery): Promise<readonly EventRow[]>;
  /** What was written behind that place, in order; an event that was written again since stands at its last place only. */
  changesAfter(changed: number, limit: number): Promise<readonly ChangedEvent[]>;
  /** The place of the last write; 0 before the first. */
  lastChange(): Promise<number>;

  /** Minutes of a camera that begin in [from, to), by time. */
  lookedBetween(cameraNo: number, from: WallMicros, to: WallMicros): Promise<readonly LookedMinute[]>;
  /** The last minute in which a camera was looked at. */
  lastLooked(cameraNo: number): Promise<WallMicros | undefined>;
  /**
   * The minutes that begin in [from, to) in parts of that length, without the empty ones.
   * @param resolution microseconds, a minute or more
   */
  density(
    cameraNo: number,
    from: WallMicros,
    to: WallMicros,
    resolution: number,
  ): Promise<readonly MotionDensity[]>;

  /** @returns how many events and minutes it were */
  forget(what: Forgetting): Promise<number>;
}
