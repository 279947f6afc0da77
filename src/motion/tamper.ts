import { MEDIA_TICKS_PER_SECOND } from '../time/units.ts';
import type { Shift } from './shift.ts';
import { compareWithReference, type TamperFeatures } from './tamper-features.ts';
import type { WholeChange } from './whole-picture.ts';

/** What was done to a camera, or its failing. */
export type Tampering = 'covered' | 'blinded' | 'defocused' | 'moved' | 'frozen';

/** What is kept of one camera to tell: a reference at half size and the last picture, 0.75 bytes a pixel. */
export interface TamperState {
  readonly shared: SharedArrayBuffer;
  readonly width: number;
  readonly height: number;
  /** 8.8 means; all zero before the first picture. */
  readonly reference: Uint16Array;
  readonly last: Uint8Array;
  /** Media ticks: since the last look, looked at in all, of the same picture, of suspicion in all and of each kind; `told` is 1 while it is reported. */
  readonly clock: Float64Array;
}

const Clock = {
  sinceLook: 0,
  looked: 1,
  calm: 2,
  same: 3,
  noisy: 4,
  bad: 5,
  told: 6,
  firstSuspicion: 7,
} as const;
const SUSPICIONS: readonly Tampering[] = ['covered', 'blinded', 'defocused', 'moved'];

const SECOND = MEDIA_TICKS_PER_SECOND;
/** Two looks a second are enough, and all that this may cost. */
const LOOK_TICKS = 0.45 * SECOND;
/** Longer than a hand that wipes the lens. */
export const TAMPER_HOLD_TICKS = 2 * SECOND;
const REFERENCE_TICKS = 60 * SECOND;
/** Before, the reference says little. */
const LEAST_LOOKED = 8 * SECOND;
/** After a switch of light the picture finds its exposure and focus. */
const CALM_TICKS = 10 * SECOND;
/** Then what it shows is what it shows: a preset that someone chose. */
const ACCEPT_TICKS = 300 * SECOND;
/** A picture that had noise has not the same bytes for so long. */
export const FROZEN_TICKS = 30 * SECOND;
/** Looks with noise in them that prove that there was some. */
const NOISY_LOOKS = 20;

const CLOCK_FIELDS = 16;
const CLOCK_BYTES = CLOCK_FIELDS * 8;

const tamperBytes = (width: number, height: number): number => CLOCK_BYTES + 3 * (width >> 1) * (height >> 1);

export const createTamperState = (width: number, height: number): TamperState =>
  viewTamperState(new SharedArrayBuffer(tamperBytes(width, height)), width, height);

/** The buffer of a camera as it came from another thread or from a file; `undefined` when it is not one. */
export function openTamperState(
  shared: SharedArrayBuffer,
  width: number,
  height: number,
): TamperState | undefined {
  if (shared.byteLength !== tamperBytes(width, height)) return undefined;
  const state = viewTamperState(shared, width, height);
  return state.clock.every((ticks) => ticks >= 0 && ticks < Number.MAX_SAFE_INTEGER) ? state : undefined;
}

function viewTamperState(shared: SharedArrayBuffer, width: number, height: number): TamperState {
  const pixels = (width >> 1) * (height >> 1);
  return {
    ...{ shared, width, height },
    clock: new Float64Array(shared, 0, CLOCK_FIELDS),
    reference: new Uint16Array(shared, CLOCK_BYTES, pixels),
    last: new Uint8Array(shared, CLOCK_BYTES + 2 * pixels, pixels),
  };
}

/**
 * Looks at one frame, about twice a second however often it is called; says what is wrong while it is.
 * @param shift where the camera shook to and `change` what happened to the whole picture, as `detect` found them.
 */
export function inspect(
  state: TamperState,
  frame: Uint8Array,
  elapsedTicks: number,
  shift: Shift,
  change: WholeChange,
): Tampering | undefined {
  const { clock, reference, last } = state;
  (clock[Clock.sinceLook] as number) += Math.max(0, elapsedTicks);
  if (change === 'light') clock[Clock.calm] = CALM_TICKS;
  const elapsed = clock[Clock.sinceLook] as number;
  if (elapsed < LOOK_TICKS && (clock[Clock.looked] as number) > 0) return current(clock);
  clock[Clock.sinceLook] = 0;
  const picture = halved(frame, state.width, state.height);
  const same = Buffer.compare(picture, last) === 0;
  clock[Clock.same] = same ? (clock[Clock.same] as number) + elapsed : 0;
  if (!same) clock[Clock.noisy] = Math.min(NOISY_LOOKS, (clock[Clock.noisy] as number) + 1);
  last.set(picture);
  if (clock[Clock.looked] === 0) for (const [p, value] of picture.entries()) reference[p] = value << 8;
  clock[Clock.looked] = Math.min(REFERENCE_TICKS, (clock[Clock.looked] as number) + Math.max(1, elapsed));
  clock[Clock.calm] = Math.max(0, (clock[Clock.calm] as number) - elapsed);
  const suspicion =
    (clock[Clock.looked] as number) < LEAST_LOOKED ? undefined : suspect(state, picture, shift);
  account(clock, isCredible(clock, suspicion) ? suspicion : undefined, Math.min(elapsed, TAMPER_HOLD_TICKS));
  // A suspicious picture is not learnt, or the hand over the lens would become the reference.
  if (suspicion === undefined) learnReference(clock, reference, picture, elapsed);
  return current(clock);
}

function suspect(
  { width, height, reference }: TamperState,
  picture: Uint8Array,
  shift: Shift,
): Tampering | undefined {
  // A loop: "Uint8Array.from" with a function takes longer than all that follows.
  const levels = new Uint8Array(reference.length);
  for (let p = 0; p < levels.length; p++) levels[p] = (reference[p] as number) >> 8;
  const half = { x: Math.round(shift.x / 2), y: Math.round(shift.y / 2) };
  return judgeFeatures(compareWithReference(picture, levels, width >> 1, height >> 1, half));
}

/** Each sign has to be seen together with another: fog takes detail, a lorry takes edges. */
function judgeFeatures(features: TamperFeatures): Tampering | undefined {
  const { edgesKept, detail, contrast, likeness, flat, glaring } = features;
  if (edgesKept < 0.3 && glaring > 0.4) return 'blinded';
  if (edgesKept < 0.3 && (flat > 0.45 || detail < -1.5)) return 'covered';
  if (detail < -1 && detail < contrast - 0.35 && likeness > 0.75) return 'defocused';
  if (edgesKept < 0.3 && likeness < 0.88) return 'moved';
  return undefined;
}

/** A switch to infrared takes focus and edges for some seconds; a hand over the lens changes the light as well. */
const isCredible = (clock: Float64Array, suspicion: Tampering | undefined): boolean =>
  clock[Clock.calm] === 0 || suspicion === 'covered' || suspicion === 'blinded';

/** Suspicion grows while it lasts, whichever it is, and fades half as fast, so that a flicker does not end it. */
function account(clock: Float64Array, suspicion: Tampering | undefined, elapsed: number): void {
  const follow = (at: number, grows: boolean): number => {
    const before = clock[at] as number;
    const after = grows
      ? before + elapsed
      : Math.max(0, Math.min(before, 2 * TAMPER_HOLD_TICKS) - elapsed / 2);
    clock[at] = after;
    return after;
  };
  follow(Clock.bad, suspicion !== undefined);
  for (const [index, kind] of SUSPICIONS.entries()) {
    const held = follow(Clock.firstSuspicion + index, kind === suspicion);
    if (held > ACCEPT_TICKS && kind !== 'covered') {
      clock.fill(0);
      return;
    }
  }
}

function current(clock: Float64Array): Tampering | undefined {
  const bad = clock[Clock.bad] as number;
  // Reported until the last doubt is gone, or each good look in between would end one event and begin another.
  clock[Clock.told] = bad >= TAMPER_HOLD_TICKS || (bad > 0 && clock[Clock.told] === 1) ? 1 : 0;
  if (clock[Clock.told] === 1) {
    const held = SUSPICIONS.map((_, index) => clock[Clock.firstSuspicion + index] as number);
    return SUSPICIONS[held.indexOf(Math.max(...held))];
  }
  const proven = (clock[Clock.noisy] as number) >= NOISY_LOOKS;
  return proven && (clock[Clock.same] as number) >= FROZEN_TICKS ? 'frozen' : undefined;
}

function learnReference(
  clock: Float64Array,
  reference: Uint16Array,
  picture: Uint8Array,
  elapsed: number,
): void {
  const share = Math.min(1, elapsed / Math.max(elapsed, clock[Clock.looked] as number));
  for (let p = 0; p < picture.length; p++) {
    const before = reference[p] as number;
    reference[p] = Math.round(before + share * ((picture[p] as number) * 256 - before));
  }
}

function halved(frame: Uint8Array, width: number, height: number): Uint8Array {
  const [w, h] = [width >> 1, height >> 1];
  const picture = new Uint8Array(w * h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const p = 2 * y * width + 2 * x;
      const upper = (frame[p] as number) + (frame[p + 1] as number);
      picture[y * w + x] = (upper + (frame[p + width] as number) + (frame[p + width + 1] as number) + 2) >> 2;
    }
  }
  return picture;
}
