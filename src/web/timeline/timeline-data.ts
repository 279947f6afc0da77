import type { TimelineCause } from '../../playback/timeline.ts';
import type { Millis } from '../moments.ts';
import type { EventMark, MotionLine } from './motion-data.ts';

/** [from, to). */
export interface Span {
  readonly from: Millis;
  readonly to: Millis;
}

export interface Gap extends Span {
  readonly cause: string;
}

export interface TimelineData {
  readonly recorded: readonly Span[];
  readonly gaps: readonly Gap[];
  readonly motion: MotionLine;
  readonly events: readonly EventMark[];
}

/** Where playing can start when `at` was asked for: there, or where recording goes on after it. */
export function playableFrom(recorded: readonly Span[], at: Millis): Millis | undefined {
  for (const span of recorded) if (at < span.to) return Math.max(at, span.from);
  return undefined;
}

/** Where playing starts to be as near to now as recorded footage goes. */
export function latestPlayable(recorded: readonly Span[], behindMillis: number): Millis | undefined {
  const last = recorded.at(-1);
  return last && Math.max(last.from, last.to - behindMillis);
}

export function gapAt(gaps: readonly Gap[], at: Millis): Gap | undefined {
  return gaps.find((gap) => at >= gap.from && at < gap.to);
}

/** Whether somebody looked at a moment, and how much moved then; `undefined`: nothing is recorded there. */
export function seenAt({ recorded, motion }: TimelineData, at: Millis): number | null | undefined {
  if (!recorded.some((span) => at >= span.from && at < span.to)) return undefined;
  return motion.density[Math.floor((at - motion.from) / motion.step)] ?? null;
}

const CAUSES: Readonly<Record<TimelineCause, string>> = {
  connecting: 'not connected yet',
  offline: 'camera offline',
  credentials: 'password refused',
  'not-found': 'no such stream on the camera',
  protocol: 'what the camera sends cannot be recorded',
  'no-video': 'camera sends no video',
  'no-keyframe': 'camera sends no key frame',
  'disk-full': 'disk full',
  'io-error': 'disk error',
  overload: 'server overloaded',
  'clock-step': "the server's clock was set",
  disabled: 'recording switched off',
  shutdown: 'server stopped',
  crash: 'server ended without warning',
  lost: 'recorded, and lost since',
  expired: 'destroyed: its time was over',
  evicted: 'deleted early: the disk was full',
};

/** A gap's cause for a person; a newer server may know more causes than this page. */
export const causeText = (cause: string): string => (CAUSES as Record<string, string>)[cause] ?? cause;
