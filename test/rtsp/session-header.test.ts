import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSession } from '../../src/rtsp/session-header.ts';

describe('the Session header', () => {
  it.each([
    ['12345678', 60],
    ['12345678;timeout=30', 30],
    ['12345678; timeout=20', 20],
    [' 12345678 ;Timeout = 15 ;', 15],
    ['12345678;x=y;timeout="45";z', 45],
    ['12345678;timeout=30.5', 30],
    ['12345678;timeout=60s', 60],
    ['12345678;timeout=0', 60],
    ['12345678;timeout=-1', 60],
    ['12345678;timeout=', 60],
    ['12345678;timeout', 60],
    ['12345678;timeout=never', 60],
    ['12345678;;', 60],
    ['12345678;timeout=99999999999', 86_400],
  ])('F7 %j lasts %i s', (text, timeoutSeconds) => {
    expect(parseSession(text)).toEqual({ id: '12345678', timeoutSeconds });
  });

  it('keeps the id as it is', () => {
    expect(parseSession('a=B+/c.$-_')?.id).toBe('a=B+/c.$-_');
  });

  it('F7 without an id is none', () => {
    expect(parseSession('')).toBeUndefined();
    expect(parseSession(';timeout=60')).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(parseSession(`${a};timeout=${b}`)?.timeoutSeconds ?? 1).toBeGreaterThan(0);
      }),
    );
  });
});
