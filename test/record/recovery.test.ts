import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { segmentKey } from '../../src/catalog/segment-id.ts';
import { recover } from '../../src/record/recovery.ts';
import { systemClock } from '../../src/time/clock.ts';
import { wallMicros } from '../../src/time/units.ts';
import { createRecording } from '../support/recording.ts';
import { encodeVideo } from '../support/video.ts';

it('looks at every file without a row, although another one goes while it is looked at', async () => {
  const recording = await createRecording();
  const { catalog, camera, storageRoot } = recording;
  const video = await encodeVideo({ frames: 50, gop: 25 });
  const start = wallMicros(systemClock.wall() - 60_000_000);
  const segments = await recording.run(video, { start, framesPerSegment: [50, 50, 50] });
  const [going, , forgotten] = segments as readonly { readonly start: typeof start }[];
  if (!going || !forgotten) throw new Error('three segments were to be recorded');
  // The last one was written when its row was not: as after a kill between the two.
  await catalog.apply([{ kind: 'segment-discarded', cameraNo: camera.cameraNo, start: forgotten.start }]);
  // Another file, which retention takes away while its row is asked for.
  const vanishing = join(storageRoot, segmentKey(camera.id, camera.cameraNo, wallMicros(start - 10_000_000)));
  await mkdir(dirname(vanishing), { recursive: true });
  await writeFile(vanishing, Buffer.alloc(100));
  await rm(recording.path(going));
  const racing = new Proxy(catalog, {
    get(target, name) {
      if (name === 'segment')
        return async (cameraNo: number, at: typeof start) => {
          if (at === start - 10_000_000) {
            await rm(vanishing);
            await mkdir(vanishing);
          }
          return target.segment(cameraNo, at);
        };
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const findings: string[] = [];
  const report = await recover(
    { catalog: racing, storageRoot, clock: systemClock, onFinding: (what) => findings.push(what) },
    [camera],
  );
  // It goes on behind the one that went: the file without a row is looked at. (It does not say whose it is, so it stays.)
  expect(findings).toEqual([
    'a file holds less than was recorded',
    'a file could not be settled',
    'a file that says of itself to be another one is left alone',
  ]);
  expect(report.discarded).toBe(1);
  await recording.close();
});
