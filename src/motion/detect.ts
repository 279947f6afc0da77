import { Blob, judgeBlobs } from './blobs.ts';
import { type Components, createComponents, findComponents } from './components.ts';
import { Verdict } from './kernel/pixel-kernel.ts';
import { Field, type MotionState } from './layout.ts';
import { levelLight } from './light.ts';
import { nextTurns } from './turns.ts';
import { type Box, summarise } from './regions.ts';
import { FACTOR_ONE, HEAT_COLUMNS, HEAT_ROWS, SAMPLES } from './settings.ts';
import { findShift, NO_SHIFT, type Shift } from './shift.ts';
import { resettle, shiftFrame } from './resettle.ts';
import { type WholeChange, wholeChange } from './whole-picture.ts';
import { putBack, takeIn, type Workspace } from './workspace.ts';
import { createZoneRaster, type ZoneRaster } from './zones/zone-raster.ts';

/** What one frame showed. Score, evidence, boxes and heat are of what counts in a zone. */
export interface MotionResult {
  /** The share of the picture that moves, 0 to 1. */
  readonly score: number;
  /**
   * The share that the largest thing that moves covers: what events are made from, since rain is many small ones.
   * Less of it, a quarter at first, while the model is young and cannot tell leaves and rain from people; more or less
   * of it by the sensitivity of the zone, so that one threshold does for all of them.
   */
  readonly evidence: number;
  readonly boxes: readonly Box[];
  readonly heat: Uint8Array;
  /** Names of the zones that something moves in. */
  readonly zones: readonly string[];
  readonly change: WholeChange;
  /** How far the camera shook. */
  readonly shift: Shift;
  /** The model is young: what it says is weak evidence. */
  readonly learning: boolean;
}

/** Everything `detect` needs beside the camera's state: made once for a thread and a size. */
export interface Detector {
  readonly work: Workspace;
  readonly found: Components;
  /** For cameras without zones. */
  readonly everywhere: ZoneRaster;
}

export const createDetector = (work: Workspace): Detector => ({
  work,
  found: createComponents(work.width, work.height),
  everywhere: createZoneRaster([], work.width, work.height),
});

const ALL_SLOTS: ReadonlySet<number> = new Set(Array.from({ length: SAMPLES }, (_, slot) => slot));
/** More changed pixels than this, and the picture as a whole is asked. */
const WHOLE_LEAST = 0.4;

/**
 * Looks at one frame: a plane of grey, `width * height` bytes. Synchronous; changes only the state and the desk.
 * @param elapsedTicks since the frame before, media ticks; whatever it is, learning goes by time and not by frames.
 * @param raster where motion counts. The model learns from all of the picture, or a zone that is drawn later would
 *   begin with an empty one, and neither a shake nor a lamp could be told by what lies outside.
 */
export function detect(
  { work, found, everywhere }: Detector,
  state: MotionState,
  frame: Uint8Array,
  elapsedTicks: number,
  raster: ZoneRaster = everywhere,
): MotionResult {
  const { kernel, memory, width, height, pixels, at } = work;
  const { header } = state;
  if (frame.length !== pixels || state.width !== width || state.height !== height)
    throw new TypeError(
      `A frame and a model of ${width}x${height} are wanted. Got ${frame.length} bytes, ${state.width}x${state.height}.`,
    );
  if (raster.width !== width || raster.height !== height)
    throw new TypeError(`Zones of ${width}x${height} are wanted. Got ${raster.width}x${raster.height}.`);
  takeIn(work, state);
  memory.set(frame, at.input);
  if (header[Field.frames] === 0) return begin(work, state, 'none');
  kernel.levels(at.mean, at.level, pixels);
  kernel.smooth(at.input, at.frame, width, height);
  const shift = findShift(work);
  if (shift !== NO_SHIFT) shiftFrame(work, shift);
  levelLight(work);
  kernel.consensus({ ...at, pixels });
  kernel.majority(at.raw, at.between, width, height);
  kernel.close(at.between, at.novel, at.mask, width, height);
  findComponents(work, at.mask, found);
  let changed = 0;
  for (let run = 0; run < found.runs; run++)
    changed += (found.end[run] as number) - (found.start[run] as number);
  if (changed > WHOLE_LEAST * pixels) {
    const change = wholeChange(work);
    if (change !== 'none') return begin(work, state, change);
  }
  const turns = nextTurns(header, elapsedTicks);
  const settled = turns.learnt >= SAMPLES;
  if (settled && found.runs > 0) {
    const [from, to] = [found.row[0] as number, (found.row[found.runs - 1] as number) + 1];
    kernel.novelty({ ...at, target: at.novel, width, height, from, to });
  }
  const verdicts = new Uint8Array(found.blobs);
  judgeBlobs(work, found, settled, verdicts);
  paintVerdicts(work, found, verdicts);
  kernel.learn({ ...at, width, height, ...turns.pass });
  memory.copyWithin(at.object, at.verdict, at.verdict + pixels);
  const moved = resettle(work, header, shift, elapsedTicks);
  putBack(work, state, moved ? ALL_SLOTS : turns.slots);
  const { boxes, heat, zones, area, largest } = summarise(found, verdicts, shift, raster);
  const evidence = largest / doubt(turns.learnt);
  return { score: area / pixels, evidence, boxes, heat, zones, change: 'none', shift, learning: !settled };
}

/** From 4 to 1, from a model that knows nothing to one that has seen twice what its samples hold. */
function doubt(turns: number): number {
  const known = Math.max(0, turns - SAMPLES) / SAMPLES;
  return 4 - 3 * Math.min(1, known);
}

/** The byte that each blob's pixels get for learning. What is only light is an object there: it must not be learnt. */
function paintVerdicts(
  { memory, width, pixels, at }: Workspace,
  { row, start, end, blob, runs }: Components,
  verdicts: Uint8Array,
): void {
  memory.fill(Verdict.background, at.verdict, at.verdict + pixels);
  memory.fill(0, at.moving, at.moving + pixels);
  for (let run = 0; run < runs; run++) {
    const found = verdicts[blob[run] as number];
    if (found === Blob.dropped) continue;
    const line = (row[run] as number) * width;
    const [from, to] = [line + (start[run] as number), line + (end[run] as number)];
    memory.fill(found === Blob.ghost ? Verdict.ghost : Verdict.object, at.verdict + from, at.verdict + to);
    if (found === Blob.object) memory.fill(1, at.moving + from, at.moving + to);
  }
}

/** Takes the frame for the whole of what is known. */
function begin(work: Workspace, state: MotionState, change: WholeChange): MotionResult {
  const { kernel, memory, width, height, pixels, at } = work;
  const { header } = state;
  kernel.smooth(at.input, at.frame, width, height);
  for (let s = 0; s < SAMPLES; s++) memory.copyWithin(at.samples + s * pixels, at.frame, at.frame + pixels);
  for (let p = 0; p < pixels; p++) {
    memory[at.mean + 2 * p] = 0;
    memory[at.mean + 2 * p + 1] = memory[at.frame + p] as number;
  }
  memory.fill(FACTOR_ONE, at.factor, at.factor + pixels);
  for (const plane of [at.blink, at.lastRaw, at.object, at.moving]) memory.fill(0, plane, plane + pixels);
  header.fill(0, Field.frames);
  header[Field.frames] = 1;
  putBack(work, state, ALL_SLOTS);
  const heat = new Uint8Array(HEAT_COLUMNS * HEAT_ROWS);
  return { score: 0, evidence: 0, boxes: [], heat, zones: [], change, shift: NO_SHIFT, learning: true };
}

/** What moved in the frame looked at last, pixel by pixel: 1 or 0, in the frame's own place. */
export function movingPixels({ work }: Detector, { shift, change }: MotionResult, target: Uint8Array): void {
  const { memory, width, height, at } = work;
  target.fill(0);
  if (change !== 'none') return;
  const [left, right] = [Math.max(0, -shift.x), Math.min(width, width - shift.x)];
  for (let y = Math.max(0, -shift.y); y < Math.min(height, height - shift.y); y++) {
    const line = at.moving + y * width;
    target.set(memory.subarray(line + left, line + right), (y + shift.y) * width + left + shift.x);
  }
}
