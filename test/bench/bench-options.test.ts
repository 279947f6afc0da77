import { describe, expect, it } from 'vitest';
import { BENCH_HELP } from '../../bench/help.ts';
import { loadUnder } from '../../bench/load/condition.ts';
import { BENCH_OPTION_NAMES, type BenchOptions, parseBenchOptions } from '../../bench/options.ts';

const STORE = 'http://key:topsecret@127.0.0.1:7480/bucket';

function parsed(words: string): BenchOptions {
  const options = parseBenchOptions(words.split(' ').filter((word) => word !== ''));
  if (typeof options !== 'object') throw new Error(options);
  return options;
}

const namesOf = (words: string): readonly string[] => parsed(words).conditions.map(({ name }) => name);

describe('the command line of the bench', () => {
  it('has a load for whoever says nothing', () => {
    const options = parsed('');
    expect(options).toMatchObject({
      ...{ counts: [10, 50, 100, 217], search: false, baselines: [], budgetSeconds: 80 },
      ...{ conditions: [{ name: 'plain' }], json: undefined, html: undefined, markdown: undefined },
    });
    expect(options).toMatchObject({
      load: {
        seconds: 8,
        transport: 'tcp',
        motion: 'off',
        fleet: { encoding: { bitrateBps: 4e6, gopFrames: 50 } },
      },
    });
  });

  it.each([
    ['--cameras 0', /--cameras 0 is not understood/],
    ['--cameras x', /whole numbers from 1/],
    ['--profile fog', /Allowed: city, day/],
    ['--faults flood', /Allowed: loss:1%/],
    ['--transport rtmp --faults loss:1%', /RTMP is one connection/],
    ['--transport rtmp --baseline ffmpeg', /cameras push/],
    ['--baseline vlc', /Allowed: ffmpeg, mediamtx/],
    ['--bitrate 4', /a rate from 50k/],
    ['--size 10x10', /multiples of four/],
    ['--seconds 1', /a number from 2/],
    ['--settle 3601', /--settle 3601 is not understood. Allowed: a number from 0 to 3600/],
    ['--budget soon', /--budget soon is not understood. Allowed: a duration/],
    ['--nothing', /Unknown option/],
    ['more', /"more" is too much/],
    [
      '--each fast',
      /^--each fast is not understood. Allowed: plain, motion, sub-streams, s3, and several as/,
    ],
    ['--each plain,,motion', /^--each {2}is not understood/],
    ['--each plain+motion', /^--each plain\+motion: plain is recording with nothing beside it\.$/],
    ['--each motion+sub-streams', /looks at key frames or at a second stream, not at both\.$/],
    ['--each plain,motion+s3', /^--each motion\+s3: --s3 URL has to say where\.$/],
    ['--each plain --motion', /leave --motion out, and name it there, as in --each plain,motion\.$/],
    ['--each plain --sub-streams', /leave --sub-streams out, and name it there/],
    [`--each plain,s3 --motion --s3 ${STORE}`, /leave --motion out/],
  ])('says what is wrong with %s', (words, problem) => {
    expect(parseBenchOptions(words.split(' '))).toMatch(problem);
  });

  it('does not repeat a secret', () => {
    const said = parseBenchOptions(['--s3', 'http://key:topsecret@host']);
    expect(said).toMatch(/^--s3 is as in/);
    expect(said).not.toMatch(/topsecret/);
  });

  it('makes one condition of its flags', () => {
    expect(namesOf('--motion')).toEqual(['motion']);
    expect(namesOf('--sub-streams')).toEqual(['sub-streams']);
    expect(namesOf(`--s3 ${STORE}`)).toEqual(['s3']);
    expect(namesOf(`--motion --s3 ${STORE}`)).toEqual(['motion+s3']);
  });

  it('has each condition once, however it is written', () => {
    const each = `--each plain,motion,s3+motion,motion+s3,sub-streams --s3 ${STORE}`;
    expect(namesOf(each)).toEqual(['plain', 'motion', 'motion+s3', 'sub-streams']);
    expect(parsed('--each plain,motion').budgetSeconds).toBe(1_200);
    expect(parsed('--baseline ffmpeg,mediamtx,ffmpeg').baselines).toEqual(['ffmpeg', 'mediamtx']);
  });

  it('gives a run what its condition says, and nothing else', () => {
    const { conditions, load } = parsed(`--each plain,motion,s3,sub-streams+s3 --s3 ${STORE}`);
    const runs = conditions.map((condition) => loadUnder(load, condition));
    expect(runs.map(({ motion }) => motion)).toEqual(['off', 'key-frames', 'off', 'sub-stream']);
    expect(runs.map(({ store }) => store?.bucket)).toEqual([undefined, undefined, 'bucket', 'bucket']);
  });

  it('settles for as long as motion detection learns', () => {
    expect(parsed('--settle 400').load.settleSeconds).toBe(400);
    expect(BENCH_HELP).toMatch(/--motion .*\n? .*--settle 330/);
  });

  it.each(BENCH_OPTION_NAMES)('explains --%s', (name) => {
    expect(BENCH_HELP).toMatch(new RegExp(`^  --${name} `, 'm'));
  });
});
