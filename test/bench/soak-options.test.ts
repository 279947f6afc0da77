import { describe, expect, it } from 'vitest';
import { parseSoakOptions } from '../../bench/soak/soak-options.ts';

describe('options of a soak', () => {
  it.each([
    '--s3=http://a:b@127.0.0.1:1/c',
    '--baseline=ffmpeg',
    '--search',
    '--each=plain',
    '--markdown=a.md',
  ])('refuses %s, which is of a bench', (word) => {
    const [name] = word.split('=');
    expect(parseSoakOptions(['--cameras', '2', word])).toBe(
      `A soak is one run under one load: it knows no ${name}.`,
    );
  });

  it.each([
    [['--hours', '0.5'], 1_800],
    [['--hours=2'], 7_200],
    [[], 28_800],
  ] as const)('%j lasts %i s', (hours, seconds) => {
    const options = parseSoakOptions(['--cameras', '2', ...hours]);
    expect(options).toMatchObject({ counts: [2], load: { seconds } });
  });

  it.each(['0', '-1', 'long', '721'])('takes %s for no number of hours', (hours) => {
    expect(parseSoakOptions(['--cameras', '2', '--hours', hours])).toBe('--hours is a number up to 720.');
  });

  it('has faults of its own, without lost packets where there are none to lose', () => {
    const faults = (...more: readonly string[]): unknown => {
      const options = parseSoakOptions(['--cameras', '2', ...more]);
      return typeof options === 'object' ? options.load.fleet.faults : options;
    };
    expect(faults()).toContain('loss:');
    expect(faults('--transport', 'rtmp')).not.toContain('loss:');
    expect(faults('--faults', 'storm@10s')).toBe('storm@10s');
  });
});
