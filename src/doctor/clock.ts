import { execFile } from 'node:child_process';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Finding, findingsAbout } from './finding.ts';

/** Where Linux tells what runs. */
export interface System {
  /** The folder that holds /proc and /run. */
  readonly root: string;
  /** Says what the kernel knows (`adjtimex`), which no file does; looked for on the PATH. */
  readonly timedatectl: string;
}

export const THIS_SYSTEM: System = { root: '/', timedatectl: 'timedatectl' };

/** Programs that keep the clock right, by the name that the kernel has for them (15 letters at most). */
const KEEPERS: ReadonlySet<string> = new Set([
  'chronyd',
  'ntpd',
  'ntpd-rs',
  'ntp-daemon',
  'openntpd',
  'ptp4l',
  'phc2sys',
]);
const TIMESYNCD = 'systemd-timesyn';
/** Before this program was written. */
const IMPOSSIBLY_EARLY = Date.UTC(2025, 0, 1);
const ANSWER_MILLIS = 5_000;

const REMEDY =
  'Footage is found, and believed, by its time. Install and start chrony, or run: timedatectl set-ntp true';

const { good, warning, bad } = findingsAbout('clock');

/** Whether something sets the clock of this machine, and has succeeded. */
export async function checkClock(
  { root, timedatectl }: System = THIS_SYSTEM,
  now = Date.now(),
): Promise<Finding> {
  const shown = new Date(now).toISOString().slice(0, 16);
  if (now < IMPOSSIBLY_EARLY) return bad(`The clock says ${shown} UTC, which is long past.`, REMEDY);
  if (await exists(join(root, 'run/systemd/timesync/synchronized'))) {
    return good('systemd-timesyncd keeps the clock right.');
  }
  const keeper = await runningKeeper(join(root, 'proc'));
  const kernel = await kernelSays(timedatectl);
  if (kernel === 'yes') return good(`${keeper ?? 'Something'} keeps the clock right.`);
  if (kernel === 'no') {
    return keeper === undefined
      ? bad(`Nothing keeps the clock right; it says ${shown} UTC.`, REMEDY)
      : bad(
          `${keeper} runs, and has not set the clock yet, or has lost its servers.`,
          'See "chronyc sources", or "timedatectl timesync-status": its servers have to be reachable.',
        );
  }
  if (keeper !== undefined) return good(`${keeper} runs.`);
  if (await isContainer(root)) {
    return warning(
      `In this container nothing can be seen that keeps the clock right; it says ${shown} UTC.`,
      'It is the clock of the host: run "timedatectl" there.',
    );
  }
  return bad(`Nothing keeps the clock right; it says ${shown} UTC.`, REMEDY);
}

async function runningKeeper(proc: string): Promise<string | undefined> {
  for (const entry of await readdir(proc).catch(() => [])) {
    if (!/^\d+$/.test(entry)) continue;
    const name = (await readFile(join(proc, entry, 'comm'), 'utf8').catch(() => '')).trim();
    if (KEEPERS.has(name)) return name;
    if (name === TIMESYNCD) return 'systemd-timesyncd';
  }
  return undefined;
}

/** `undefined`: there is nobody to ask, as without systemd. */
async function kernelSays(timedatectl: string): Promise<'yes' | 'no' | undefined> {
  const args = ['show', '--property=NTPSynchronized', '--value'];
  try {
    const { stdout } = await promisify(execFile)(timedatectl, args, { timeout: ANSWER_MILLIS });
    const answer = stdout.trim();
    return answer === 'yes' || answer === 'no' ? answer : undefined;
  } catch {
    return undefined;
  }
}

async function isContainer(root: string): Promise<boolean> {
  for (const mark of ['.dockerenv', 'run/.containerenv']) if (await exists(join(root, mark))) return true;
  // Whoever began everything is no init: then somebody else did, outside.
  const first = (await readFile(join(root, 'proc/1/comm'), 'utf8').catch(() => '')).trim();
  return first !== '' && first !== 'systemd' && first !== 'init';
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
