/**
 * Integer time. Two kinds of clock meet in a recorder and must never be mixed up, so each has its own type.
 * Both stay below 2^53 for centuries, so a plain number holds them exactly.
 */

/** Ticks of the 90 kHz media clock (RFC 3550, RFC 6184), counted from the start of a run. */
export type MediaTicks = number & { readonly __unit: 'media-ticks' };

/** Microseconds of UTC since 1970-01-01, as the machine's clock tells them: it may step. */
export type WallMicros = number & { readonly __unit: 'wall-micros' };

/** Microseconds of a clock that never steps, from an arbitrary zero: for time-outs and rates. */
export type MonoMicros = number & { readonly __unit: 'mono-micros' };

export const MEDIA_TICKS_PER_SECOND = 90_000;
export const MICROS_PER_SECOND = 1_000_000;

export const mediaTicks = (value: number): MediaTicks => value as MediaTicks;
export const wallMicros = (value: number): WallMicros => value as WallMicros;
export const monoMicros = (value: number): MonoMicros => value as MonoMicros;

/** A span of media ticks in microseconds, rounded to the nearest: 100/9 µs a tick. */
export const ticksToMicros = (ticks: number): number => Math.round((ticks * 100) / 9);

/** A span of microseconds in media ticks, rounded to the nearest. */
export const microsToTicks = (micros: number): number => Math.round((micros * 9) / 100);
