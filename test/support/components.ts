import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

/** Beside the project, where it is. */
export const FOOTAGE = fileURLToPath(new URL('../../../shared/data/cdnet2014', import.meta.url));
export const NGINX_RTMP = '/usr/lib/nginx/modules/ngx_rtmp_module.so';

/**
 * Components that some tests need and that npm does not bring. Where one is missing its tests are skipped by
 * name; with VIGIE_TEST_REQUIRE=all (as CI runs) a missing one is a failure instead.
 */
const PROBES = {
  ffmpeg: () => runs('ffmpeg', ['-version']),
  ffprobe: () => runs('ffprobe', ['-version']),
  chromium: () => existsSync('/usr/bin/chromium'),
  'nginx-rtmp': () => existsSync(NGINX_RTMP) && runs('nginx', ['-v']),
  'gst-rtmp': () =>
    runs('/usr/bin/python3', [
      '-c',
      'import gi; gi.require_version("Gst","1.0"); from gi.repository import Gst; Gst.init(None); ' +
        'exit(not all(map(Gst.ElementFactory.find, ["rtmp2sink","rtmpsink","flvmux","qtdemux","h264parse"])))',
    ]),
  'gst-rtsp-server': () =>
    runs('/usr/bin/python3', [
      '-c',
      'import gi; gi.require_version("GstRtspServer","1.0"); from gi.repository import GstRtspServer',
    ]),
  // Labelled films of CDnet 2014: not part of the project, see the README.
  footage: () => existsSync(FOOTAGE),
  openssl: () => runs('openssl', ['version']),
  prometheus: () => runs('prometheus', ['--version']) && runs('promtool', ['--version']),
  ipv6: () => Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1')),
  radosgw: () => runs('radosgw', ['--version']) && runs('ceph-mon', ['--version']),
  // It keeps what it knows of an object in extended attributes of the file, which not every file system has.
  swift: () =>
    ['memcached', ...['account', 'container', 'object', 'proxy'].map((name) => `swift-${name}-server`)].every(
      (name) => existsSync(`/usr/bin/${name}`),
    ) &&
    runs('/usr/bin/python3', [
      '-c',
      'import os, tempfile; folder = tempfile.TemporaryDirectory(); os.setxattr(folder.name, "user.a", b"1")',
    ]),
  'systemd-analyze': () => runs('systemd-analyze', ['--version']),
  // Another view of the file system for a process of its own; inside containers often not allowed.
  namespaces: () =>
    runs('unshare', [
      '--mount',
      'sh',
      '-c',
      'mount --make-rprivate / && mount -o remount,bind,ro / && setpriv --version',
    ]),
  // A file system that can be filled up; inside containers often not allowed.
  tmpfs: () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigie-mount-'));
    const mounted = runs('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder]);
    if (mounted) runs('umount', [folder]);
    rmdirSync(folder);
    return mounted;
  },
} as const satisfies Record<string, () => boolean>;

export type Component = keyof typeof PROBES;

/** What no package brings: asking for everything does not ask for these. */
const NOT_TO_BE_HAD: ReadonlySet<Component> = new Set(['footage']);

const known = new Map<Component, boolean>();

export function has(component: Component): boolean {
  let found = known.get(component);
  if (found === undefined) {
    found = PROBES[component]();
    known.set(component, found);
  }
  return found;
}

/** `describe` for tests that need components from outside npm. */
export function describeWith(components: readonly Component[], name: string, tests: () => void): void {
  const missing = components.filter((component) => !has(component));
  if (missing.length === 0) {
    describe(name, tests);
    return;
  }
  const required = missing.filter((component) => !NOT_TO_BE_HAD.has(component));
  if (process.env['VIGIE_TEST_REQUIRE'] === 'all' && required.length > 0) {
    throw new Error(
      `"${name}" needs ${required.join(', ')}, and VIGIE_TEST_REQUIRE=all asks for everything.`,
    );
  }
  describe.skip(`${name} (needs ${missing.join(', ')})`, tests);
}

function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}
