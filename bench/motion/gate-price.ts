import { follow, quiet } from '../../src/motion/activity.ts';
import { createDetector, detect } from '../../src/motion/detect.ts';
import { simdKernel } from '../../src/motion/kernel/simd-kernel.ts';
import { createState } from '../../src/motion/layout.ts';
import { createWorkspace, workspaceBytes } from '../../src/motion/workspace.ts';
import { MEDIA_TICKS_PER_SECOND, MICROS_PER_SECOND, monoMicros } from '../../src/time/units.ts';
import { DEFAULT_GATE, type GateReason, MotionGate } from '../../src/watch/gate.ts';
import { encode, GROUP_SECONDS, RATE_CONTROLS, type RateControl } from './coded.ts';
import type { Span } from './event-score.ts';
import type { Footage } from './footage.ts';
import { repeat } from './run.ts';

/** What it costs to decode only those key frames that the gate lets through, against decoding all of them. */
export interface GatePrice {
  readonly name: string;
  readonly control: RateControl;
  /** Key frames after probation, and those of them that were not decoded. */
  readonly keyFrames: number;
  readonly passed: number;
  /** Events that are found when every key frame is decoded, and those of them that the gate costs. */
  readonly events: number;
  readonly lost: number;
  /** How much later the others are known, seconds. */
  readonly delays: readonly number[];
  readonly reasons: Readonly<Partial<Record<GateReason, number>>>;
}

interface Film {
  readonly name: string;
  readonly footage: Footage;
  readonly frames: readonly Uint8Array[];
  /** Where somebody is in it; `undefined`: every event that is found counts. */
  readonly visits: readonly Span[] | undefined;
}

/** Probation is over, and the gate has been believed for a while. */
const BEFORE_SECONDS = DEFAULT_GATE.probationMicros / MICROS_PER_SECOND + 20;
const QUIET_SECONDS = 600;
const BUSY_SECONDS = 120;
/** From when somebody comes into view, until the film goes on without anybody: `Infinity` is all that there is. */
const VISIT_SECONDS = [4, 6, 8, 12, 20, Number.POSITIVE_INFINITY] as const;
/** How long nobody is there between visits. Not a multiple of the distance of key frames, so each begins elsewhere. */
const PAUSE_SECONDS = 40.36;
const ROUNDS = 2;
const LEAD_SECONDS = 1;

/** A scene in which nobody moves, over and over. */
export function quietFilm(footage: Footage, name: string): Film {
  const count = (BEFORE_SECONDS + QUIET_SECONDS) * footage.framesPerSecond;
  return { name, footage, frames: [...repeat(footage.frames, 1, count)], visits: [] };
}

/** A scene in which something moves all the time: what is found when every key frame is decoded has to be found. */
export function busyFilm(footage: Footage): Film {
  const count = (BEFORE_SECONDS + BUSY_SECONDS) * footage.framesPerSecond;
  return { name: footage.name, footage, frames: [...repeat(footage.frames, 1, count)], visits: undefined };
}

/**
 * A scene in which nobody moves until the gate is believed, then visits of several lengths.
 * @param still frames at the beginning of the footage in which nobody is there
 * @param visit when somebody is, seconds of the footage
 */
export function visitedFilm(footage: Footage, still: number, visit: Span): Film {
  const { framesPerSecond } = footage;
  const empty = footage.frames.slice(0, still);
  const visits: Span[] = [];
  const frames = [...repeat(empty, 1, BEFORE_SECONDS * framesPerSecond)];
  for (let round = 0; round < ROUNDS; round++) {
    for (const seconds of VISIT_SECONDS) {
      const until = Math.min(visit.to, visit.from + seconds);
      const from = Math.floor((visit.from - LEAD_SECONDS) * framesPerSecond);
      const start = frames.length / framesPerSecond + LEAD_SECONDS;
      visits.push({ from: start, to: start + until - visit.from });
      frames.push(...footage.frames.slice(from, Math.ceil(until * framesPerSecond)));
      frames.push(...repeat(empty, 1, Math.round(PAUSE_SECONDS * framesPerSecond)));
    }
  }
  return { name: `${footage.name}, visited`, footage, frames, visits };
}

/** Both ways, for both kinds of encoders. */
export async function gatePrices({ name, footage, frames, visits }: Film): Promise<GatePrice[]> {
  const prices: GatePrice[] = [];
  for (const control of Object.keys(RATE_CONTROLS) as RateControl[]) {
    const coded = await encode({ ...footage, name }, frames, control);
    const all = watch(footage, coded, undefined);
    const some = watch(footage, coded, new MotionGate());
    const wanted = visits
      ? visits.filter((visit) => all.events.some((event) => overlap(event, visit)))
      : all.events;
    const found = wanted.map((span) => ({
      before: all.events.find((event) => overlap(event, span)),
      after: some.events.find((event) => overlap(event, span)),
    }));
    prices.push({
      ...{ name, control },
      ...{ keyFrames: some.keyFrames, passed: some.passed, reasons: some.reasons },
      events: wanted.length,
      lost: found.filter(({ after }) => after === undefined).length,
      delays: found.flatMap(({ before, after }) => (before && after ? [after.from - before.from] : [])),
    });
  }
  return prices;
}

interface Watched {
  readonly events: readonly Span[];
  readonly keyFrames: number;
  readonly passed: number;
  readonly reasons: Partial<Record<GateReason, number>>;
}

/** As a camera is watched: what lies between key frames goes to the gate, what it lets through to the detector. */
function watch(
  { width, height, framesPerSecond }: Footage,
  { pictures, keyFrames }: Awaited<ReturnType<typeof encode>>,
  gate: MotionGate | undefined,
): Watched {
  const work = createWorkspace(simdKernel(workspaceBytes(width, height)), width, height);
  const [detector, state, activity] = [createDetector(work), createState(width, height), quiet()];
  const events: Span[] = [];
  const reasons: Watched['reasons'] = {};
  let [key, from, last, counted, passed, looked] = [0, 0, 0, 0, 0, 0];
  const look = (frame: Uint8Array, at: number): void => {
    const elapsed = (looked++ === 0 ? 0 : at - last) * MEDIA_TICKS_PER_SECOND;
    last = at;
    const { evidence } = detect(detector, state, frame, elapsed);
    const change = follow(activity, evidence, at * MEDIA_TICKS_PER_SECOND, elapsed);
    if (change === 'began') from = at;
    if (change === 'ended') events.push({ from, to: activity.lastSeen / MEDIA_TICKS_PER_SECOND });
  };
  /** The key frame that was passed over last, and is kept until the next. */
  let kept: { readonly frame: Uint8Array; readonly at: number } | undefined;
  for (const [index, { key: isKey, bytes, qp }] of pictures.entries()) {
    if (!isKey) {
      gate?.picture(bytes, qp);
      continue;
    }
    const at = index / framesPerSecond;
    const now = monoMicros(at * MICROS_PER_SECOND);
    const frame = keyFrames[key++] as Uint8Array;
    const reason = gate?.keyFrame(now, bytes, qp) ?? 'learning';
    if (at >= BEFORE_SECONDS) {
      counted++;
      if (reason === 'quiet') passed++;
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
    if (reason === 'quiet') {
      kept = { frame, at };
      continue;
    }
    if (reason === 'busy' && kept) {
      look(kept.frame, kept.at);
      if (kept.at >= BEFORE_SECONDS) passed--;
    }
    kept = undefined;
    look(frame, at);
    gate?.seen((activity.recent & 1) === 1, now);
  }
  if (activity.active) events.push({ from, to: last });
  return { events, keyFrames: counted, passed, reasons };
}

/** What is known of somebody up to a group of pictures after that they have left is still of them. */
const overlap = (event: Span, span: Span): boolean =>
  event.from <= span.to + 2 * GROUP_SECONDS && event.to >= span.from;
