import { tmpdir, totalmem } from 'node:os';
import { expect, it } from 'vitest';
import { availableMemory } from '../../bench/load/machine.ts';
import { noMemoryFor, noRoomFor } from '../../bench/load/room.ts';
import { parseBenchOptions } from '../../bench/options.ts';

it('a bench asks for room before a disk fills up', async () => {
  const options = parseBenchOptions(['--bitrate', '4M', '--settle', '0', '--folder', tmpdir()]);
  if (typeof options !== 'object') throw new Error(options);
  expect(await noRoomFor({ ...options.load, cameras: 1 })).toBeUndefined();
  expect(await noRoomFor({ ...options.load, cameras: 5_000, seconds: 86_400 })).toMatch(
    /^5000 cameras write 216012\.5 GB in 86405 s, and .* has [\d.]+ GB free: a shorter --settle/,
  );
});

it('a bench tries no count that the memory of the machine is not enough for', () => {
  expect(noMemoryFor(200, 8e9, 8e9)).toBeUndefined();
  expect(noMemoryFor(400, 16e9, 8e9)).toBe('400 cameras would take 16.0 GB of memory, and 8.0 GB are free.');
  expect(availableMemory()).toBeGreaterThan(1e6);
  expect(availableMemory()).toBeLessThan(totalmem());
});
