import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchIn, PATIENT } from '../support/bench.ts';
import { temporaryFolder } from '../support/vigie.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => folder?.remove());

const WHOLE = { missing: 0, doubled: 0, outOfOrder: 0, holes: 0, unreadable: 0 };

/** Whatever cameras do: what they sent whole is on disk, once and in order. */
describe('the fleet of the bench, recorded', { timeout: 120_000 }, () => {
  it.concurrent('over TCP with loss, stalls, broken connections, other sizes, clocks that drift and are set', async () => {
    const faults = 'loss:2%,stall:1s/2s,storm@1s,resize@3s,step@1s,drift:100ppm';
    const { code, report } = await benchIn(folder.path, [
      ...PATIENT,
      '--sound',
      '--seconds',
      '5',
      '--faults',
      faults,
    ]);
    const { findings } = report.runs[0]?.measured ?? {};
    expect(findings).toMatchObject({ ...WHOLE, reconnections: 2 });
    expect(findings?.expected).toBeGreaterThan(50);
    expect(code).toBe(0);
  });

  it.concurrent('by RTMP, H.265 with sound, when all connections break', async () => {
    const args = '--transport rtmp --codec h265 --sound --faults storm@1s'.split(' ');
    const { code, report } = await benchIn(folder.path, [...PATIENT, ...args]);
    const { findings } = report.runs[0]?.measured ?? {};
    expect(findings).toMatchObject({ ...WHOLE, reconnections: 2 });
    expect(findings?.expected).toBeGreaterThan(50);
    expect(code).toBe(0);
  });

  it.concurrent('by UDP, one of them slow, beside ffmpeg, with people who watch', async () => {
    const args = '--transport udp --viewers 1 --seeks 2 --faults slow:50% --baseline ffmpeg'.split(' ');
    const { report } = await benchIn(folder.path, [...PATIENT, ...args]);
    const [ours, ffmpeg] = report.runs.map(({ measured }) => measured);
    expect(ours?.findings).toMatchObject({ ...WHOLE, reconnections: 0 });
    expect(ours?.watching?.requests).toBeGreaterThan(0);
    expect(ours?.watching?.failures).toBe(0);
    expect(ffmpeg).toMatchObject({ who: 'ffmpeg', processes: 2 });
    expect(ffmpeg?.findings.found).toBeGreaterThan(50);
  });
});
