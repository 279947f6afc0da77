import { describe, expect, it } from 'vitest';
import { Backoff } from '../../src/ingest/backoff.ts';

const waits = (random: number, causes: readonly string[]): number[] => {
  const backoff = new Backoff(() => random);
  return causes.map((cause) => backoff.after(cause) / 1_000_000);
};

describe('back-off', () => {
  it('doubles from one and a half seconds until a camera that comes back is recorded within half a minute', () => {
    expect(waits(0, Array<string>(7).fill('offline'))).toEqual([1.5, 3, 6, 12, 24, 25, 25]);
  });

  it('goes up to a minute where the camera answers, and not with video', () => {
    expect(waits(0, Array<string>(8).fill('not-found'))).toEqual([1.5, 3, 6, 12, 24, 48, 60, 60]);
    expect(waits(0, [...Array<string>(7).fill('protocol'), 'offline'])).toEqual([
      1.5, 3, 6, 12, 24, 48, 60, 25,
    ]);
  });

  it('is cut at random, most of all at first, so that cameras do not come all at once', () => {
    expect(waits(1, ['offline', 'offline'])).toEqual([0.3, 1.5]);
  });

  it('C9 is long after a wrong password, which cameras count', () => {
    expect(waits(0, ['offline', 'credentials', 'offline'])).toEqual([1.5, 300, 3]);
    expect(waits(1, ['credentials'])).toEqual([150]);
  });

  it('begins anew after a success', () => {
    const backoff = new Backoff(() => 0);
    for (let i = 0; i < 5; i++) backoff.after('offline');
    backoff.reset();
    expect(backoff.after('offline')).toBe(1_500_000);
  });
});
