import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkClock } from '../../src/doctor/clock.ts';
import { checkFfmpeg } from '../../src/doctor/ffmpeg.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { checkMachine, checkNode, checkReceiveBuffer } from '../../src/doctor/machine.ts';
import { checkOpenFiles, handlesForRecording } from '../../src/doctor/open-files.ts';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { subjectOf, told } from '../support/doctor.ts';
import { temporaryFolder } from '../support/vigie.ts';

const OPEN_FILES = fileURLToPath(new URL('../../src/doctor/open-files.ts', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => folder?.remove());

const city = (cameras: number, more = ''): string[] => [
  'cameras:',
  ...Array.from({ length: cameras }, (_, i) => `  - { id: c${i}, source: "rtsp://10.0.0.1/${i}"${more} }`),
];

async function program(name: string, script: string): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('the clock', () => {
  const machine = async (name: string, processes: Readonly<Record<string, string>>) => {
    const root = join(folder.path, name);
    const proc = join(root, 'proc');
    for (const [pid, comm] of Object.entries(processes)) {
      await mkdir(join(proc, pid), { recursive: true });
      await writeFile(join(proc, pid, 'comm'), `${comm}\n`);
    }
    return { root, timedatectl: join(folder.path, 'not-there') };
  };

  it('is kept right by chronyd, or by systemd-timesyncd once it has succeeded', async () => {
    const chrony = await machine('chrony', { 1: 'systemd', 812: 'chronyd' });
    expect(told(await checkClock(chrony))).toBe('good: chronyd runs.');
    const timesync = await machine('timesync', { 1: 'systemd' });
    await mkdir(join(timesync.root, 'run/systemd/timesync'), { recursive: true });
    await writeFile(join(timesync.root, 'run/systemd/timesync/synchronized'), '');
    expect(told(await checkClock(timesync))).toMatch(/^good: systemd-timesyncd/);
  });

  it('is kept by nobody: bad on a machine, to be looked up on the host in a container', async () => {
    expect(told(await checkClock(await machine('bare', { 1: 'systemd', 2: 'kthreadd' })))).toMatch(
      /^bad: Nothing keeps the clock right/,
    );
    expect(told(await checkClock(await machine('box', { 1: 'node' })))).toMatch(
      /^warning: In this container/,
    );
  });

  it('is believed to be what the kernel says it is', async () => {
    const system = await machine('kernel', { 1: 'systemd', 9: 'systemd-timesyn' });
    const no = { ...system, timedatectl: await program('timedatectl-no', 'echo no') };
    expect(told(await checkClock(no))).toMatch(/^bad: systemd-timesyncd runs, and has not set the clock/);
    const yes = { ...system, timedatectl: await program('timedatectl-yes', 'echo yes') };
    expect(told(await checkClock(yes))).toMatch(/^good/);
    const dumb = { ...system, timedatectl: await program('timedatectl-dumb', 'exit 1') };
    expect(told(await checkClock(dumb))).toBe('good: systemd-timesyncd runs.');
  });

  it('that says 1970 is wrong whoever runs', async () => {
    const chrony = await machine('early', { 1: 'systemd', 812: 'chronyd' });
    expect(told(await checkClock(chrony, 5_000))).toMatch(/^bad: The clock says 1970-01-01T00:00 UTC/);
  });
});

describe('open files', () => {
  const limited = async (limit: number, cameras: number): Promise<Finding> => {
    const script = `import { checkOpenFiles } from ${JSON.stringify(OPEN_FILES)};
      const cameras = Array.from({ length: ${cameras} }, () => ({ enabled: true, source: 'rtsp://10.0.0.1/', rtsp: {}, detect: {} }));
      const config = { cameras, storage: {} };
      process.stdout.write(JSON.stringify(await checkOpenFiles({ config, cameras: ${cameras} })));`;
    const command = `ulimit -n ${limit} && exec "$0" --input-type=module -e "$1"`;
    const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, script]);
    return JSON.parse(stdout) as Finding;
  };

  it('are too few to record a city: bad, with the number that is needed', async () => {
    const finding = await limited(512, 217);
    expect(told(finding)).toBe('bad: 512 files may be open, and recording 217 cameras takes 801.');
    expect(finding.remedy).toMatch(/LimitNOFILE.*1377 are needed/);
  });

  it('are enough to record, and few for viewers: a warning', async () => {
    expect(told(await limited(1_024, 217))).toMatch(/^warning: 1024 files may be open: enough to record/);
  });

  it('are enough', async () => {
    expect(told(await limited(4_096, 217))).toMatch(/^good/);
    expect(told(await checkOpenFiles(subjectOf(city(1))))).toMatch(/^good/);
  });

  it('are counted by what each camera needs', () => {
    const one = handlesForRecording(subjectOf(city(1)));
    expect(handlesForRecording(subjectOf(city(217))) - one).toBe(216 * 3);
    expect(handlesForRecording(subjectOf(city(1, ', transport: udp'))) - one).toBe(2);
    expect(handlesForRecording(subjectOf(city(1, ', transport: udp, audio: true'))) - one).toBe(4);
    const smaller = ', detect: { source: "rtsp://127.0.0.1/small" }';
    expect(handlesForRecording(subjectOf(city(1, smaller))) - one).toBe(1);
    expect(handlesForRecording(subjectOf(city(1, `${smaller}, transport: udp, audio: true`))) - one).toBe(7);
    expect(handlesForRecording(subjectOf(city(1), { cameras: 11 })) - one).toBe(30);
    const store = 'storage: { s3: { bucket: city, accessKeyId: a, secretAccessKey: b } }';
    expect(handlesForRecording(subjectOf([store, ...city(1)])) - one).toBe(8);
  });
});

describe('ffmpeg', () => {
  const asked = async (path: string, more: readonly string[] = []): Promise<string> =>
    told(await checkFfmpeg(subjectOf([`ffmpeg: { path: ${JSON.stringify(path)} }`, ...more]), bundledFfmpeg));

  it('comes along, and has what is needed', async () => {
    expect(told(await checkFfmpeg(subjectOf([]), bundledFfmpeg))).toMatch(
      /^good: ffmpeg \S+ has what is needed/,
    );
  });

  it('is not there, is no program, is another program, does not run', async () => {
    expect(await asked(join(folder.path, 'nowhere'))).toMatch(/^bad: .*there is no such file/);
    const text = join(folder.path, 'text');
    await writeFile(text, 'hello');
    expect(await asked(text)).toMatch(/^bad: .*it is no program, or may not be run/);
    expect(await asked(await program('other', 'echo other'))).toMatch(/^bad: .*is a program, and no ffmpeg/);
    expect(await asked(await program('broken', 'echo "ffmpeg version 6"; exit 3'))).toMatch(/ended with 3/);
  });

  it('lacks a decoder, or the encoder of a camera that needs it', async () => {
    const few = (codecs: string) => `echo "ffmpeg version 9"; printf '${codecs}'`;
    const all = ' V....D h264 x\\n V....D hevc x\\n V....D mjpeg x\\n';
    const poor = await program('poor', few(all.replace('hevc', 'vp8')));
    expect(await asked(poor)).toMatch(/^bad: ffmpeg 9 .* lacks the decoder hevc\.$/);
    const plain = await program('plain', few(all));
    expect(await asked(plain)).toMatch(/^good/);
    const camera = 'cameras: [{ id: a, source: "ffmpeg:http://10.0.0.1/x", ffmpeg: { transcode: h264 } }]';
    expect(await asked(plain, [camera])).toMatch(/^bad: .* lacks the encoder libx264\.$/);
  });
});

describe('the machine', () => {
  const bench = { cameras: 217, bitrateBps: 4_000_000, cpu: 0.25, residentBytes: 400e6 };
  const has = (memoryBytes: number, cores: number, cameras = 217) =>
    checkMachine(subjectOf([], { cameras }), bench, { memoryBytes, cores }).map(told);

  it('has memory and cores for so many cameras, or not', () => {
    expect(has(4e9, 2)).toEqual([
      expect.stringMatching(/^good: 4.0 GB of memory; recording 217 cameras takes about 400 MB/),
      expect.stringMatching(
        /^good: 2 cores; recording 217 cameras takes about 25 % of one \(as measured here\)/,
      ),
    ]);
    expect(has(1e9, 2)[0]).toMatch(/^warning: 1.0 GB of memory/);
    expect(has(300e6, 2)[0]).toMatch(/^bad: 300 MB of memory/);
    expect(has(64e9, 1, 800)[1]).toMatch(/^warning: 1 core; /);
    expect(has(64e9, 1, 1_000)[1]).toMatch(/^bad: 1 core; /);
  });

  it('is asked for real', () => {
    expect(checkMachine(subjectOf([], { cameras: 1 }), undefined).map(({ about }) => about)).toEqual([
      'memory',
      'processor',
    ]);
    expect(told(checkNode(24))).toBe(`good: Node ${process.versions.node}.`);
    expect(told(checkNode(24, '20.19.1'))).toBe('bad: Node 20.19.1 is too old: 24 is needed.');
  });

  it('lets a socket hold a key frame, which matters to cameras that send by UDP', async () => {
    const file = join(folder.path, 'rmem_max');
    await writeFile(file, '212992\n');
    expect(await checkReceiveBuffer(subjectOf(city(2)), file)).toBeUndefined();
    const udp = subjectOf(city(2, ', transport: udp'));
    expect(told(await checkReceiveBuffer(udp, file))).toMatch(
      /^warning: 2 cameras send by UDP, and a socket may hold 213 kB/,
    );
    await writeFile(file, '4194304\n');
    expect(told(await checkReceiveBuffer(udp, file))).toMatch(/^good/);
  });
});
