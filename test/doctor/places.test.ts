import { execFile, execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCameraNames } from '../../src/doctor/camera-names.ts';
import { checkDiskSpeed, measureDisk, opensDirectly } from '../../src/doctor/disk-speed.ts';
import { checkFileSystems } from '../../src/doctor/file-system.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { checkFolders } from '../../src/doctor/folders.ts';
import { checkPorts } from '../../src/doctor/ports.ts';
import { checkRoom } from '../../src/doctor/room.ts';
import { StagingBuffers } from '../../src/record/staging-buffers.ts';
import { describeWith } from '../support/components.ts';
import { subjectOf, told } from '../support/doctor.ts';
import { SmallDisk } from '../support/tmpfs.ts';
import { temporaryFolder } from '../support/vigie.ts';

const FOLDERS = fileURLToPath(new URL('../../src/doctor/folders.ts', import.meta.url));
/** "nobody", everywhere. */
const NOBODY = 65_534;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => folder?.remove());

const lying = (path: string, more: readonly string[] = []): readonly string[] => [
  `storage: { local: { path: ${JSON.stringify(path)} } }`,
  `catalog: { sqlite: ${JSON.stringify(join(folder.path, 'catalog.db'))} }`,
  ...more,
];

describe('folders', () => {
  it('can be used, or will be made, and nothing stays in them', async () => {
    const path = join(folder.path, 'good');
    await mkdir(path, { mode: 0o750 });
    const findings = (await checkFolders(subjectOf(lying(path)))).map(told);
    expect(findings[0]).toBe(`good: The folder of the recordings, ${path}, can be used.`);
    const later = await checkFolders(subjectOf(lying(join(path, 'a/b'))));
    expect(told(later[0])).toMatch(/^good: .*it will be made in/);
    expect(await readdir(path)).toEqual([]);
  });

  it('may not be written to by this user', async () => {
    const path = join(folder.path, 'locked');
    await mkdir(path);
    await chmod(path, 0o555);
    await chmod(folder.path, 0o755);
    const script = `import { checkFolders } from ${JSON.stringify(FOLDERS)};
      const config = { storage: { path: ${JSON.stringify(path)} }, catalog: { sqlite: ${JSON.stringify(join(path, 'c.db'))} } };
      process.stdout.write(JSON.stringify(await checkFolders({ config })));`;
    // Root may write everywhere.
    const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: '/',
      ...user,
    });
    const [recordings, catalog] = JSON.parse(stdout) as Finding[];
    expect(told(recordings)).toBe(
      `bad: Nothing can be kept in the folder of the recordings, ${path}: it may not be written to.`,
    );
    expect(told(catalog)).toMatch(/^bad: .*folder of the catalog/);
  });

  it('is a file', async () => {
    const path = join(folder.path, 'file');
    await writeFile(path, '');
    expect(told((await checkFolders(subjectOf(lying(path))))[0])).toMatch(/^bad: /);
    expect(told((await checkFolders(subjectOf(lying(join(path, 'below')))))[0])).toMatch(/^bad: /);
  });

  it('can be looked into by everybody, as can a configuration with passwords', async () => {
    const path = join(folder.path, 'open');
    await mkdir(path);
    await chmod(path, 0o755);
    const configFile = join(folder.path, 'city.yaml');
    await writeFile(configFile, '');
    await chmod(configFile, 0o644);
    const findings = (await checkFolders(subjectOf(lying(path), { configFile }))).map(told);
    expect(findings[0]).toMatch(/^warning: Every user of this machine can look into/);
    expect(findings[2]).toMatch(/^warning: .*city.yaml can be read by every user/);
    await chmod(configFile, 0o640);
    const now = (await checkFolders(subjectOf(lying(path), { configFile }))).map(told);
    expect(now.join()).not.toMatch(/city.yaml/);
  });
});

describe('the disk', () => {
  it('is measured by writing as the recorder does, and nothing stays', async () => {
    const path = join(folder.path, 'disk');
    const findings = await checkDiskSpeed(subjectOf(lying(join(path, 'segments')), { cameras: 1 }));
    expect(findings[0]?.said).toMatch(/^The disk writes \d+(\.\d)? [MG]B a second/);
    expect(await readdir(folder.path)).not.toContain('disk');
    await mkdir(path);
    const speed = await measureDisk(path);
    expect(speed.bytesPerSecond).toBeGreaterThan(100_000);
    expect(speed.longestSyncMillis).toBeGreaterThan(0);
    expect(await readdir(path)).toEqual([]);
  });

  it('is too slow for a million cameras', async () => {
    const path = join(folder.path, 'slow');
    const [finding] = await checkDiskSpeed(subjectOf(lying(path), { cameras: 1_000_000 }));
    expect(told(finding)).toMatch(/^bad: The disk writes .*, and 1000000 cameras bring 500 GB a second\.$/);
  });

  it('has room for so many days', async () => {
    const few = await checkRoom(subjectOf(lying(folder.path), { cameras: 0 }));
    expect(told(few[0])).toMatch(/^good: /);
    const many = await checkRoom(subjectOf(lying(folder.path), { cameras: 100_000 }));
    expect(told(many[0])).toMatch(/^warning: .*it is full after \d+\.\d days/);
    expect(told(many[1])).toMatch(/^bad: The disk of the catalog/);
  });
});

describeWith(['tmpfs'], 'a disk that is full, in memory, or odd', () => {
  let disk: SmallDisk;

  beforeAll(() => {
    disk = new SmallDisk(join(folder.path, 'small'), 8);
  });

  afterAll(() => disk?.unmount());

  it('is memory: all is gone when the machine is switched off', async () => {
    const [recordings, catalog] = await checkFileSystems(subjectOf(lying(join(disk.path, 'a/b'))));
    expect(told(recordings)).toMatch(/^bad: .* tmpfs, which is memory/);
    expect(told(catalog)).toMatch(/^(good|bad): The catalog/);
  });

  it('is full', async () => {
    await disk.fill(0);
    const room = await checkRoom(subjectOf(lying(disk.path)));
    expect(told(room[0])).toBe('bad: The disk of the recordings has 0 kB free.');
    const [speed] = await checkDiskSpeed(subjectOf(lying(disk.path)));
    expect(told(speed)).toBe('bad: The disk of the recordings takes nothing: it is full.');
    expect(told((await checkFolders(subjectOf(lying(disk.path))))[0])).toMatch(/^bad: .*: it is full\.$/);
    expect(await readdir(disk.path)).toEqual(['filler']);
    disk.relieve();
  });

  it('is read-only', async () => {
    execFileSync('mount', ['-o', 'remount,ro', disk.path]);
    try {
      const [recordings] = await checkFolders(subjectOf(lying(disk.path)));
      expect(told(recordings)).toMatch(/^bad: .*: the disk is read-only\.$/);
    } finally {
      execFileSync('mount', ['-o', 'remount,rw', disk.path]);
    }
  });

  it('cannot be written to past the file cache', async () => {
    const path = join(folder.path, 'ramfs');
    await mkdir(path);
    execFileSync('mount', ['-t', 'ramfs', 'none', path]);
    try {
      const file = join(path, 'file');
      await writeFile(file, '');
      expect(await opensDirectly(file, new StagingBuffers())).toBe(false);
      const other = join(folder.path, 'file-on-disk');
      await writeFile(other, '');
      expect(await opensDirectly(other, new StagingBuffers())).toBe(true);
      expect(told((await checkFileSystems(subjectOf(lying(path))))[0])).toMatch(/^bad: .* ramfs/);
    } finally {
      execFileSync('umount', ['-l', path]);
    }
  });
});

describe('ports', () => {
  const listening = async (host = '127.0.0.1') => {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    return { server, port: (server.address() as AddressInfo).port };
  };

  it('are free', async () => {
    const findings = await checkPorts(
      subjectOf(['server: { listen: "127.0.0.1:0" }', 'rtmp: { listen: "127.0.0.1:0" }']),
    );
    expect(findings.map(told)).toEqual([
      'good: 127.0.0.1:0, for the page and the API, is free.',
      'good: 127.0.0.1:0, for encoders that push, is free.',
    ]);
  });

  it('are in use, and by whom', async () => {
    const { server, port } = await listening();
    try {
      const subject = subjectOf([`server: { listen: "127.0.0.1:${port}" }`]);
      const [finding] = await checkPorts(subject);
      expect(told(finding)).toMatch(
        new RegExp(
          `^bad: 127.0.0.1:${port}, for the page and the API, is in use by .+ \\(process ${process.pid}\\)`,
        ),
      );
      expect(told((await checkPorts({ ...subject, running: true }))[0])).toMatch(/^good: .*the server runs/);
    } finally {
      server.close();
    }
  });

  it('belong to an address that is not of this machine', async () => {
    const subject = subjectOf(['rtmp: { listen: "192.0.2.1:1935" }', 'server: { listen: "127.0.0.1:0" }']);
    expect(told((await checkPorts(subject))[1])).toMatch(/^bad: 192.0.2.1, .* is no address of this machine/);
  });

  it('for UDP are too few, some being taken', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    const from = Math.min(port - (port % 2), 65_530);
    const lines = [
      `rtsp: { udpPorts: ${from}-${from + 5} }`,
      'server: { listen: "127.0.0.1:0" }',
      'cameras:',
    ];
    const cameras = (how: string) =>
      Array.from({ length: 3 }, (_, i) => `  - { id: c${i}, source: "rtsp://10.0.0.1/", transport: ${how} }`);
    try {
      const udp = await checkPorts(subjectOf([...lines, ...cameras('udp')]));
      expect(told(udp[1])).toMatch(/^bad: [012] pairs of UDP ports are free .* need 3\.$/);
      const either = await checkPorts(subjectOf([...lines, ...cameras('auto')]));
      expect(told(either[1])).toMatch(/^warning: /);
      expect(told((await checkPorts(subjectOf([...lines, ...cameras('tcp')])))[1])).toMatch(/^good: /);
    } finally {
      socket.close();
    }
  });
});

describe('cameras', () => {
  it('have names that nobody knows, and certificates that cannot be read', async () => {
    const lines = [
      'cameras:',
      '  - { id: one, source: "rtsp://user:geheim@kamera-eins.invalid/x" }',
      '  - { id: two, source: "ffmpeg:http://kamera-eins.invalid/y" }',
      '  - { id: off, source: "rtsp://aus.invalid/z", enabled: false }',
      `  - { id: three, source: "rtsps://10.0.0.1/", tls: { caFile: ${join(folder.path, 'ca.pem')} } }`,
    ];
    const findings = (await checkCameraNames(subjectOf(lines))).map(told);
    expect(findings[0]).toBe('bad: Nobody knows the address of kamera-eins.invalid (one, two).');
    expect(findings[1]).toMatch(/^bad: The certificate .*ca.pem cannot be read/);
    expect(findings).toHaveLength(2);
  });

  it('have addresses, or names that are known', async () => {
    const lines = [
      'cameras:',
      '  - { id: a, source: "rtsp://localhost/x" }',
      '  - { id: b, source: "rtsp://[::1]/" }',
    ];
    expect((await checkCameraNames(subjectOf(lines))).map(told)).toEqual([
      'good: 2 cameras; the name can be found.',
    ]);
    expect((await checkCameraNames(subjectOf([]))).map(told)).toEqual(['warning: No camera is configured.']);
  });
});
