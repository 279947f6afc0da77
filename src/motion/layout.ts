import { SAMPLES } from './settings.ts';

/**
 * What is kept of one camera between frames, in one buffer that any thread can take over:
 *
 *     header (64 integers) | samples (12 planes) | mean (16 bit, 8.8) | factor | blink | raw | object
 *
 * 18 bytes a pixel. One frame of a camera is looked at at a time, so nothing in it is atomic.
 */
export interface MotionState {
  readonly shared: SharedArrayBuffer;
  readonly width: number;
  readonly height: number;
  readonly header: Int32Array;
  /** Everything after the header. */
  readonly planes: Uint8Array;
}

/** Places in the header. */
export const Field = {
  magic: 0,
  version: 1,
  width: 2,
  height: 3,
  /** Frames seen since the model began, at most 2^30. */
  frames: 4,
  /** Turns of learning since the model began, or began anew. */
  turns: 5,
  objectTurns: 6,
  /** Media ticks since the last turn. */
  sinceTurn: 7,
  sinceObjectTurn: 8,
  /** Where the camera looked last against the model, pixels, and for how long, media ticks. */
  shiftX: 9,
  shiftY: 10,
  sinceShift: 11,
} as const;

const MAGIC = 0x564d_6f31;
/** Goes up with each change of what the bytes mean: an older model is forgotten, not misread. */
const VERSION = 1;
const HEADER_FIELDS = 64;
const HEADER_BYTES = HEADER_FIELDS * 4;

/** Offsets of the planes behind the header, in pixels. */
export const Plane = {
  samples: 0,
  mean: SAMPLES,
  factor: SAMPLES + 2,
  blink: SAMPLES + 3,
  raw: SAMPLES + 4,
  object: SAMPLES + 5,
  count: SAMPLES + 6,
} as const;

const LEAST_SIDE = 64;
const MOST_SIDE = 4_096;
const MOST_PIXELS = 1 << 20;

/** What is wrong with a size, in plain words; `undefined` when pictures of it can be looked at. */
export function sizeProblem(width: number, height: number): string | undefined {
  if (!Number.isInteger(width) || width < LEAST_SIDE || width > MOST_SIDE || width % 16 !== 0)
    return `Pictures for motion are 64 to 4096 pixels wide, a multiple of 16. Got ${width}.`;
  if (!Number.isInteger(height) || height < LEAST_SIDE || height > MOST_SIDE || height % 2 !== 0)
    return `Pictures for motion are 64 to 4096 pixels high, an even number. Got ${height}.`;
  if (width * height > MOST_PIXELS)
    return `Pictures for motion have at most ${MOST_PIXELS} pixels. Got ${width}x${height}.`;
  return undefined;
}

export const stateBytes = (width: number, height: number): number =>
  HEADER_BYTES + Plane.count * width * height;

/** A model that has seen nothing. The size is checked before, see `sizeProblem`. */
export function createState(width: number, height: number): MotionState {
  const state = viewState(new SharedArrayBuffer(stateBytes(width, height)), width, height);
  state.header[Field.magic] = MAGIC;
  state.header[Field.version] = VERSION;
  state.header[Field.width] = width;
  state.header[Field.height] = height;
  return state;
}

/** The buffer of a camera as it came from another thread; `undefined` when it is not one. */
export function openState(shared: SharedArrayBuffer): MotionState | undefined {
  if (shared.byteLength < HEADER_BYTES) return undefined;
  const header = new Int32Array(shared, 0, HEADER_FIELDS);
  const [width, height] = [header[Field.width] as number, header[Field.height] as number];
  if (header[Field.magic] !== MAGIC || header[Field.version] !== VERSION) return undefined;
  if (sizeProblem(width, height) !== undefined || shared.byteLength !== stateBytes(width, height))
    return undefined;
  return viewState(shared, width, height);
}

/** A copy of everything, to be kept across restarts. */
export const saveState = ({ shared }: MotionState): Uint8Array => new Uint8Array(shared).slice();

/** What was saved; `undefined` when the bytes are of another version, cut short or something else. */
export function restoreState(bytes: Uint8Array): MotionState | undefined {
  if (bytes.length > HEADER_BYTES + Plane.count * MOST_PIXELS) return undefined;
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  const state = openState(shared);
  // Counters index planes: what is out of their range was not written by this program.
  return state?.header.every((value, at) => at === Field.shiftX || at === Field.shiftY || value >= 0)
    ? state
    : undefined;
}

function viewState(shared: SharedArrayBuffer, width: number, height: number): MotionState {
  return {
    ...{ shared, width, height },
    header: new Int32Array(shared, 0, HEADER_FIELDS),
    planes: new Uint8Array(shared, HEADER_BYTES),
  };
}
