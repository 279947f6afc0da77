import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/components.ts';
import { temporaryFolder } from '../support/vigie.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const UNIT = readFileSync(join(ROOT, 'config/vigie.service'), 'utf8');

describeWith(['systemd-analyze'], 'the systemd unit', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let path: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    await mkdir(join(folder.path, 'unit'));
    path = join(folder.path, 'unit', 'vigie.service');
    // As if it were installed from here.
    await writeFile(path, UNIT.replaceAll('/opt/vigie/', ROOT));
  });

  afterAll(() => folder?.remove());

  it('is right in every word, and names programs that are there', () => {
    const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', path], {
      encoding: 'utf8',
    });
    const complaints = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('vigie.service'));
    expect([status, complaints]).toEqual([0, []]);
  });

  it('leaves it few rights', () => {
    const args = ['security', '--offline=true', '--no-pager', path];
    const words = execFileSync('systemd-analyze', args, { encoding: 'utf8' });
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(words)?.[1]);
    // 9.6 for a unit that says nothing.
    expect(exposure).toBeLessThan(2.5);
  });

  it('gives it time to finish, files enough, and another try for ever', () => {
    const value = (key: string): string | undefined => new RegExp(`^${key}=(.*)$`, 'm').exec(UNIT)?.[1];
    expect(value('User')).toBe('vigie');
    expect(value('Restart')).toBe('always');
    expect(value('StartLimitIntervalSec')).toBe('0');
    // The server gives up by itself after 20 s.
    expect(Number(value('TimeoutStopSec'))).toBeGreaterThan(20);
    expect(Number(value('LimitNOFILE'))).toBeGreaterThanOrEqual(65_536);
    expect(value('StateDirectory')).toBe('vigie');
  });
});
