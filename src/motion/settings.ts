import { MEDIA_TICKS_PER_SECOND } from '../time/units.ts';

/**
 * What the detector is made of. Few numbers, chosen from what a picture is, not from a sequence: grey levels are of
 * 0 to 255 after smoothing, lengths are pixels of a picture about 320 wide, times are media ticks and never frames.
 */

/** Pictures kept of every pixel. Two of them that agree with it make it background. */
export const SAMPLES = 12;
/** Grey levels by which a quiet pixel may differ: five times the noise that remains of a poor sensor by day. */
export const BASE_THRESHOLD = 13;
/** A pixel's own threshold, in 64ths of the base: 1 when it never blinks, 4 at most. */
export const FACTOR_ONE = 64;
export const FACTOR_MAX = 255;
/** What one change between still and moving adds to a pixel's restlessness, which falls by one a frame. */
export const BLINK_STEP = 10;
export const BLINK_MAX = 250;

/** Pixels take turns to be learnt, so that a frame touches a part of them. */
export const TURNS = 4;
/** A turn is due after so long, or with each frame where frames are rarer: twelve samples span 7.7 s or more. */
export const TURN_TICKS = 0.16 * MEDIA_TICKS_PER_SECOND;
/** The same for what is taken for an object: parked for two samples, about three minutes, it is background. */
export const OBJECT_TURN_TICKS = 20 * MEDIA_TICKS_PER_SECOND;
/** Longer silences (an outage, a paused camera) are no time in which the scene was watched. */
export const LONGEST_INTERVAL_TICKS = 60 * MEDIA_TICKS_PER_SECOND;

/** The least pixels of something that moves: 4 by 5. */
export const LEAST_AREA = 20;
/** Half the side of the square in which background may have moved: leaves, water, what is left of a shake. */
export const REACH = 3;
/** Grey levels outside everything seen within reach that make a pixel new there. */
export const NEW_LEVELS = 4;
/** The share of new pixels that an object has, a tree in the wind has not; and the least number. */
export const NEW_SHARE = 0.15;
export const NEW_LEAST = 6;

/** The furthest that a shaking camera is followed, pixels. */
export const SHIFT_RANGE = 24;
/** A shift is believed when textured background fits this much better than without it. */
export const SHIFT_GAIN = 0.85;
/** A camera that stands this long where it was not is there to stay: the model moves with it. */
export const RESETTLE_TICKS = 10 * MEDIA_TICKS_PER_SECOND;

/** Light is followed in so many parts of the picture, each by at most so much apart from the whole, grey levels. */
export const LIGHT_COLUMNS = 4;
export const LIGHT_ROWS = 3;
export const LIGHT_APART = 6;
export const LIGHT_MOST = 40;
/** Less is left to the samples. */
export const LIGHT_LEAST = 2;

/** Of the parts of the picture, so many more than half changed are a change of the whole. */
export const WHOLE_PARTS = 9;
/** Gradients of background and frame that correlate this much show the same things, differently lit. */
export const SAME_STRUCTURE = 0.6;

/** The coarse map of where motion was. */
export const HEAT_COLUMNS = 16;
export const HEAT_ROWS = 9;
/** Side of the cells that are joined to boxes, pixels, and the most boxes of a frame. */
export const BOX_CELL = 8;
export const MAX_BOXES = 32;
