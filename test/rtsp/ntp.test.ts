import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { microsToNtpShort, middleNtp, ntpToWallMicros, wallMicrosToNtp } from '../../src/rtsp/ntp.ts';
import { parseIso } from '../../src/time/iso.ts';
import { wallMicros } from '../../src/time/units.ts';

describe('NTP time', () => {
  it.each([
    [2_208_988_800, 0, '1970-01-01T00:00:00Z'],
    [3_155_673_600, 0x8000_0000, '2000-01-01T00:00:00.5Z'],
    [0xffff_ffff, 0, '2036-02-07T06:28:15Z'],
    [0, 1 << 30, '2036-02-07T06:28:16.25Z'],
    [1, 0, '2036-02-07T06:28:17Z'],
    [0x8000_0000, 0, '1968-01-20T03:14:08Z'],
    [0x7fff_ffff, 0, '2104-02-26T09:42:23Z'],
  ])('I12 %i and %i/2^32 seconds are %s, across the wrap of 2036', (seconds, fraction, iso) => {
    expect(ntpToWallMicros(seconds, fraction)).toBe(parseIso(iso));
  });

  it('I12 zero is no time', () => {
    expect(ntpToWallMicros(0, 0)).toBeUndefined();
  });

  it('rounds the fraction up into the next second', () => {
    expect(ntpToWallMicros(2_208_988_800, 0xffff_ffff)).toBe(1_000_000);
  });

  it('goes there and back to the microsecond', () => {
    const from = parseIso('1970-01-01T00:00:00Z') ?? expect.fail();
    const to = parseIso('2100-01-01T00:00:00Z') ?? expect.fail();
    fc.assert(
      fc.property(fc.integer({ min: from, max: to }), (micros) => {
        const { seconds, fraction } = wallMicrosToNtp(wallMicros(micros));
        expect(ntpToWallMicros(seconds, fraction)).toBe(micros);
      }),
    );
  });

  it('is shortened for receiver reports', () => {
    expect(middleNtp(0xb44d_b705, 0x2000_0000)).toBe(0xb705_2000);
    expect(microsToNtpShort(5_250_000)).toBe(0x0005_4000);
    expect(microsToNtpShort(-1)).toBe(0);
    expect(microsToNtpShort(1e12)).toBe(0xffff_ffff);
  });
});
