import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { noRoomFor } from '../../bench/load/room.ts';
import { parseBenchOptions } from '../../bench/options.ts';

it('a bench asks for room before a disk fills up', async () => {
  const options = parseBenchOptions(['--bitrate', '4M', '--settle', '0', '--folder', tmpdir()]);
  if (typeof options !== 'object') throw new Error(options);
  expect(await noRoomFor({ ...options.load, cameras: 1 })).toBeUndefined();
  expect(await noRoomFor({ ...options.load, cameras: 5_000, seconds: 86_400 })).toMatch(
    /^5000 cameras write 216012\.5 GB in 86405 s, and .* has [\d.]+ GB free: a shorter --settle/,
  );
});
