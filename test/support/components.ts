import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';

/**
 * Components that some tests need and that npm does not bring. Where one is missing its tests are skipped by
 * name; with VIGIE_TEST_REQUIRE=all (as CI runs) a missing one is a failure instead.
 */
const PROBES = {
  ffmpeg: () => runs('ffmpeg', ['-version']),
  ffprobe: () => runs('ffprobe', ['-version']),
  chromium: () => existsSync('/usr/bin/chromium'),
  'gst-rtsp-server': () =>
    runs('/usr/bin/python3', [
      '-c',
      'import gi; gi.require_version("GstRtspServer","1.0"); from gi.repository import GstRtspServer',
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
  if (process.env['VIGIE_TEST_REQUIRE'] === 'all') {
    throw new Error(`"${name}" needs ${missing.join(', ')}, and VIGIE_TEST_REQUIRE=all asks for everything.`);
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
