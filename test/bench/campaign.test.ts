import { describe, expect, it } from 'vitest';
import { type Campaign, carryOut } from '../../bench/load/campaign.ts';
import { parseConditions } from '../../bench/load/condition.ts';

/** How many cameras each carries; in the order of the runs, which were done. */
async function done(
  campaign: Omit<Campaign, 'conditions'> & { readonly each: string },
  carries: Readonly<Record<string, number>>,
  most = Number.POSITIVE_INFINITY,
): Promise<{ readonly runs: readonly string[]; readonly note: string | undefined }> {
  const conditions = parseConditions(campaign.each);
  if (typeof conditions === 'string') throw new Error(conditions);
  const runs: string[] = [];
  const note = await carryOut(
    { ...campaign, conditions },
    async (who, condition, cameras) => {
      const name = who === 'vigie' ? condition.name : who;
      runs.push(`${name} ${cameras}`);
      if (runs.length > 200) throw new Error('It does not end.');
      return cameras <= (carries[name] ?? 0);
    },
    () => runs.length >= most,
  );
  return { runs, note };
}

const largest = (runs: readonly string[], name: string, carries: number): number =>
  Math.max(
    ...runs
      .filter((run) => run.startsWith(`${name} `))
      .map((run) => Number(run.split(' ')[1]))
      .filter((cameras) => cameras <= carries),
  );

describe('the runs of a bench', () => {
  it('are each count under each condition, and then the baselines', async () => {
    const { runs, note } = await done(
      { counts: [10, 50], each: 'plain,motion', baselines: ['ffmpeg', 'mediamtx'], search: false },
      { plain: 99, motion: 99, ffmpeg: 99, mediamtx: 99 },
    );
    expect(runs).toEqual([
      ...['plain 10', 'motion 10', 'ffmpeg 10', 'mediamtx 10'],
      ...['plain 50', 'motion 50', 'ffmpeg 50', 'mediamtx 50'],
    ]);
    expect(note).toBeUndefined();
  });

  it('spare a baseline what is more than it did not carry, and show how our server fails', async () => {
    const { runs } = await done(
      { counts: [50, 100, 10], each: 'plain', baselines: ['ffmpeg'], search: false },
      { plain: 10, ffmpeg: 10 },
    );
    expect(runs).toEqual(['plain 50', 'ffmpeg 50', 'plain 100', 'plain 10', 'ffmpeg 10']);
  });

  it('end when the time is over, which is asked before each', async () => {
    const campaign = { counts: [10, 50], each: 'plain,motion', baselines: ['ffmpeg'], search: true } as const;
    const carries = { plain: 99, motion: 99, ffmpeg: 99 };
    const notes: (string | undefined)[] = [];
    for (const most of [3, 4, 5, 6, 7, 8]) {
      const { runs, note } = await done(campaign, carries, most);
      expect(runs).toHaveLength(most);
      notes.push(note);
    }
    expect(notes).toEqual([
      'The time was over before 50 cameras: --budget gives more.',
      'The time was over before 50 cameras with motion: --budget gives more.',
      'The time was over before 50 cameras of ffmpeg: --budget gives more.',
      'The time was over before the largest count was found: --budget gives more.',
      'The time was over before the largest count with motion was found: --budget gives more.',
      'The time was over before the largest count of ffmpeg was found: --budget gives more.',
    ]);
  });
});

describe('the largest counts', () => {
  const carries = { plain: 333, motion: 70, 'motion+s3': 4, ffmpeg: 130 };

  it('are searched for each condition and baseline, from what the counts have shown', async () => {
    const counts = [10, 50, 100, 217];
    const { runs, note } = await done(
      { counts, each: 'plain,motion', baselines: ['ffmpeg'], search: true },
      carries,
    );
    expect(note).toBeUndefined();
    // Nothing is tried twice, and nothing that is known already.
    expect(new Set(runs).size).toBe(runs.length);
    const searched = runs.slice(12);
    expect(searched.slice(0, 6)).toEqual([
      ...['plain 434', 'motion 75', 'ffmpeg 158'],
      ...['plain 325', 'motion 62', 'ffmpeg 129'],
    ]);
    for (const name of ['plain', 'motion', 'ffmpeg'] as const) {
      const found = largest(runs, name, carries[name]);
      expect(found).toBeGreaterThanOrEqual(Math.floor(carries[name] / 1.06) - 1);
    }
  });

  it('are found below all counts, too, and where nothing holds the search ends', async () => {
    const { runs } = await done(
      { counts: [10], each: 'motion+s3,s3', baselines: [], search: true },
      { ...carries, s3: 0 },
    );
    expect(largest(runs, 'motion+s3', 4)).toBe(4);
    expect(runs.filter((run) => run.startsWith('s3 '))).toEqual(['s3 10', 's3 5', 's3 2', 's3 1']);
  });
});
