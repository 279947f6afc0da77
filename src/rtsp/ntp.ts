import { MICROS_PER_SECOND, type WallMicros, wallMicros } from '../time/units.ts';

/**
 * NTP time as RTCP carries it (RFC 3550 section 4): 32 bits of seconds and 32 bits of fraction. The seconds wrap on
 * 2036-02-07, so what they are counted from follows from their top bit (RFC 4330 section 3): set means 1900, clear means
 * 2036. That covers 1968 to 2104, and a camera whose clock was never set lands in 1970, where it can be told (I12).
 */
const UNIX_EPOCH_IN_NTP = 2_208_988_800;
const ERA_SECONDS = 2 ** 32;
const FIRST_HALF = 2 ** 31;

/** `undefined` for 0.0, with which a sender says that it has no clock (RFC 3550 section 6.4.1). */
export function ntpToWallMicros(seconds: number, fraction: number): WallMicros | undefined {
  if (seconds === 0 && fraction === 0) return undefined;
  const since1900 = seconds >= FIRST_HALF ? seconds : seconds + ERA_SECONDS;
  // Below 2^52, so exact.
  const micros = Math.round((fraction * MICROS_PER_SECOND) / ERA_SECONDS);
  return wallMicros((since1900 - UNIX_EPOCH_IN_NTP) * MICROS_PER_SECOND + micros);
}

/** The inverse, for senders. Moments outside 1968 to 2104 come back in another era. */
export function wallMicrosToNtp(at: WallMicros): { readonly seconds: number; readonly fraction: number } {
  const whole = Math.floor(at / MICROS_PER_SECOND);
  const micros = at - whole * MICROS_PER_SECOND;
  return {
    seconds: (whole + UNIX_EPOCH_IN_NTP) % ERA_SECONDS,
    fraction: Math.floor((micros * ERA_SECONDS) / MICROS_PER_SECOND),
  };
}

/** The middle 32 bits, in 1/65536 s: `lsr` of a receiver report names the last sender report by them. */
export function middleNtp(seconds: number, fraction: number): number {
  return (((seconds & 0xffff) << 16) | (fraction >>> 16)) >>> 0;
}

/** A span in 1/65536 s for `dlsr`, at most what 32 bits hold (18 hours). */
export function microsToNtpShort(micros: number): number {
  return Math.min(0xffff_ffff, Math.max(0, Math.round((micros * 65_536) / MICROS_PER_SECOND)));
}
