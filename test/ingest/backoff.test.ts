import { describe, expect, it } from 'vitest';
import { Backoff } from '../../src/ingest/backoff.ts';

const waits = (random: number, causes: readonly string[]): number[] => {
  const backoff = new Backoff(() => random);
  return causes.map((cause) => backoff.after(cause) / 1_000_000);
};

describe('back-off', () => {
  it('doubles from one second to a minute', () => {
    expect(waits(0, Array<string>(9).fill('offline'))).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('is cut by up to a half at random, so that cameras do not come all at once', () => {
    expect(waits(1, ['offline', 'offline'])).toEqual([0.5, 1]);
  });

  it('is long after a wrong password, which cameras count', () => {
    expect(waits(0, ['offline', 'credentials', 'offline'])).toEqual([1, 300, 2]);
  });

  it('begins anew after a success', () => {
    const backoff = new Backoff(() => 0);
    for (let i = 0; i < 5; i++) backoff.after('offline');
    backoff.reset();
    expect(backoff.after('offline')).toBe(1_000_000);
  });
});
