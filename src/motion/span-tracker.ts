import { type Box, type EventKind, PIECE_MICROS } from '../catalog/motion.ts';
import { microsToTicks, ticksToMicros, type WallMicros, wallMicros } from '../time/units.ts';
import { type Activity, follow, forget, LEAST_EVIDENCE, moves, quiet } from './activity.ts';
import type { Look } from './look.ts';
import type { EventKeeper } from './motion-observer.ts';
import { FROZEN_TICKS, TAMPER_HOLD_TICKS } from './tamper.ts';

/** What led up to it and what followed belong to an event. */
export const PRE_ROLL_MICROS = 3_000_000;
export const POST_ROLL_MICROS = 3_000_000;
/** Spans whose rolls would touch are one. */
const JOIN_MICROS = PRE_ROLL_MICROS + POST_ROLL_MICROS;
/** Twice as rare as the rarest pictures that are looked at: after that, nobody looked. */
export const SILENCE_MICROS = 30_000_000;

interface OpenSpan {
  readonly from: WallMicros;
  readonly continues: boolean;
  /** The last sign of it. */
  lastSeen: WallMicros;
  score: number;
  box: Box | null;
  readonly zones: Set<string>;
}

/**
 * From what was seen in single pictures of a camera to events. That something moves is `follow`'s to say, which wants
 * to see it more than once; what was done to the camera is `inspect`'s, which is as careful. So nothing is too short to
 * be told, and with its rolls no event is shorter than six seconds.
 */
export class SpanTracker {
  readonly #cameraNo: number;
  readonly #keeper: EventKeeper;
  readonly #activity: Activity = quiet();
  readonly #open = new Map<EventKind, OpenSpan>();
  /** Where the last one ended: the next does not begin before. */
  readonly #ended = new Map<EventKind, WallMicros>();
  #lastLook = wallMicros(0);

  constructor(cameraNo: number, keeper: EventKeeper) {
    this.#cameraNo = cameraNo;
    this.#keeper = keeper;
  }

  /**
   * What was seen in the next picture.
   * @param elapsedTicks since the picture before, by the camera's clock
   * @returns whether something moves in it
   */
  take(at: WallMicros, elapsedTicks: number, look: Look): boolean {
    // A clock that was set back, or a hole: what came before has nothing to do with what comes now.
    if (at < this.#lastLook || at - this.#lastLook > SILENCE_MICROS) this.fallSilent();
    this.#lastLook = at;
    follow(this.#activity, look.evidence, microsToTicks(at), elapsedTicks);
    const moving = moves(this.#activity);
    if (this.#activity.active && moving)
      this.#sign('motion', at, ticksToMicros(this.#activity.began), look.score, look);
    if (look.tampering !== undefined) {
      const held = look.tampering === 'frozen' ? FROZEN_TICKS : TAMPER_HOLD_TICKS;
      this.#sign(look.tampering, at, at - ticksToMicros(held), 1, undefined);
    }
    this.#settle(at);
    return moving;
  }

  /** Another stream, or none for a while: what is open ends where it was seen last. */
  fallSilent(): void {
    forget(this.#activity);
    for (const [kind, span] of this.#open) this.#end(kind, span, this.#endOf(span));
  }

  /** To be called now and then. @param now by the clock that pictures are timed by */
  checkSilence(now: WallMicros): void {
    if (this.#open.size > 0 && now - this.#lastLook > SILENCE_MICROS) this.fallSilent();
  }

  #sign(kind: EventKind, at: WallMicros, since: number, score: number, look: Look | undefined): void {
    let span = this.#open.get(kind);
    if (!span) {
      const earliest = Math.max(since - PRE_ROLL_MICROS, this.#ended.get(kind) ?? 0);
      span = this.#begin(kind, wallMicros(Math.min(at, earliest)), false);
    } else if (at - span.from >= PIECE_MICROS) {
      const border = wallMicros(span.from + PIECE_MICROS);
      this.#end(kind, span, border);
      span = this.#begin(kind, border, true);
    }
    span.lastSeen = at;
    span.score = Math.max(span.score, score);
    // Specks elsewhere in the picture are no part of it.
    for (const box of look?.boxes ?? []) if (box.moving >= LEAST_EVIDENCE) span.box = around(span.box, box);
    for (const zone of look?.zones ?? []) span.zones.add(zone);
  }

  #begin(kind: EventKind, from: WallMicros, continues: boolean): OpenSpan {
    const span = { ...{ from, continues, lastSeen: from, score: 0, box: null }, zones: new Set<string>() };
    this.#open.set(kind, span);
    this.#keeper.began({ cameraNo: this.#cameraNo, kind, from, continues });
    return span;
  }

  #settle(at: WallMicros): void {
    for (const [kind, span] of this.#open) {
      const goesOn = kind === 'motion' && this.#activity.active;
      if (!goesOn && at - span.lastSeen >= JOIN_MICROS) this.#end(kind, span, this.#endOf(span));
    }
  }

  #endOf = ({ lastSeen }: OpenSpan): WallMicros => wallMicros(lastSeen + POST_ROLL_MICROS);

  #end(kind: EventKind, { from, continues, score, box, zones }: OpenSpan, to: WallMicros): void {
    this.#open.delete(kind);
    this.#ended.set(kind, to);
    const begin = { cameraNo: this.#cameraNo, kind, from, continues };
    this.#keeper.ended({ ...begin, to, score, box, zones: [...zones] });
  }
}

function around(box: Box | null, other: Box): Box {
  if (!box) return { x: other.x, y: other.y, width: other.width, height: other.height };
  const [x, y] = [Math.min(box.x, other.x), Math.min(box.y, other.y)];
  return {
    ...{ x, y },
    width: Math.max(box.x + box.width, other.x + other.width) - x,
    height: Math.max(box.y + box.height, other.y + other.height) - y,
  };
}
