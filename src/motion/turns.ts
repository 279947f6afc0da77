import { ALL_TURNS, NO_TURN } from './kernel/learn.ts';
import type { LearnPass } from './kernel/pixel-kernel.ts';
import { Field } from './layout.ts';
import { LONGEST_INTERVAL_TICKS, OBJECT_TURN_TICKS, SAMPLES, TURN_TICKS, TURNS } from './settings.ts';

export interface Turns {
  /** Turns of learning before this frame. */
  readonly learnt: number;
  readonly pass: Pick<
    LearnPass,
    | 'turn'
    | 'objectTurn'
    | 'slot'
    | 'quickSlot'
    | 'objectSlot'
    | 'meanShift'
    | 'quickShift'
    | 'calm'
    | 'parity'
  >;
  /** The samples that may be written. */
  readonly slots: ReadonlySet<number>;
}

/** Counters stay far from where integers end; a multiple of everything that is counted by them. */
const COUNTER_END = 3 << 28;
const MOST_MEAN_SHIFT = 4;
const MEAN_SHIFT = 2;

/** Restlessness up to which a threshold falls in this frame: the restless ones in every second, fourth, … only. */
const CALM = [255, 10, 26, 10, 58, 10, 26, 10, 122, 10, 26, 10, 58, 10, 26, 10] as const;

/**
 * Whose turn it is to be learnt. Time decides, not the count of frames: at 25 frames a second most frames are nobody's
 * turn, at one a second each is somebody's. The first turns are everybody's, so that the samples fill at once.
 */
export function nextTurns(header: Int32Array, elapsedTicks: number): Turns {
  const elapsed = Math.max(0, Math.min(LONGEST_INTERVAL_TICKS, Math.round(elapsedTicks)));
  const frames = advance(header, Field.frames);
  const learnt = header[Field.turns] as number;
  const due = isDue(header, Field.sinceTurn, elapsed, TURN_TICKS);
  const objectDue = isDue(header, Field.sinceObjectTurn, elapsed, OBJECT_TURN_TICKS);
  if (due) advance(header, Field.turns);
  const warm = learnt < SAMPLES;
  const slot = warm ? learnt % SAMPLES : Math.floor(learnt / TURNS) % SAMPLES;
  const quickSlot = learnt % SAMPLES;
  const objectTurns = objectDue ? advance(header, Field.objectTurns) - 1 : 0;
  const objectSlot = Math.floor(objectTurns / TURNS) % SAMPLES;
  const meanShift = Math.min(MOST_MEAN_SHIFT, Math.floor(Math.log2(learnt + 1)));
  return {
    learnt,
    pass: {
      turn: !due ? NO_TURN : warm ? ALL_TURNS : learnt % TURNS,
      objectTurn: objectDue ? objectTurns % TURNS : NO_TURN,
      ...{ slot, quickSlot, objectSlot },
      meanShift: Math.min(MEAN_SHIFT, meanShift),
      quickShift: meanShift + 1,
      calm: CALM[frames % CALM.length] as number,
      parity: frames & 1,
    },
    slots: new Set([slot, quickSlot, objectSlot]),
  };
}

function isDue(header: Int32Array, field: number, elapsed: number, period: number): boolean {
  const since = (header[field] as number) + elapsed;
  header[field] = since % period;
  return since >= period;
}

function advance(header: Int32Array, field: number): number {
  const next = (header[field] as number) + 1;
  // Back to where it counts as settled.
  const kept = next >= COUNTER_END ? COUNTER_END / 2 : next;
  header[field] = kept;
  return kept;
}
