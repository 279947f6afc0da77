import { describe, expect, it } from 'vitest';
import { measureStop } from '../../bench/orderly-stop.ts';
import { hashRecovered } from '../../src/record/recovery.ts';
import { CLIP_CACHE, smallClip } from '../support/cameras.ts';
import { createRecording } from '../support/recording.ts';
import { encodeVideo } from '../support/video.ts';
import { wallMicros } from '../../src/time/units.ts';

describe('an orderly stop', () => {
  it('closes every segment while all cameras send, and leaves nothing to the next start', async () => {
    const cameras = 24;
    const result = await measureStop({ cameras, seconds: 1, clip: smallClip(), clipFolder: CLIP_CACHE });
    expect(result).toMatchObject({
      ...{ exitCode: 0, leftOpen: 0, recovered: 0, unfinished: 0, missing: 0, doubled: 0 },
      settledAtNextStart: 0,
    });
    expect(result.segments).toBeGreaterThanOrEqual(cameras);
  }, 90_000);

  it('does not wait until everything that a crash left behind is hashed', async () => {
    const recording = await createRecording();
    try {
      const video = await encodeVideo({ frames: 25, gop: 25 });
      const start = wallMicros(1_795_525_200_000_000);
      const views = await recording.run(video, { start, framesPerSegment: [25, 25, 25] });
      const abort = new AbortController();
      const unhashed = views.map((view) => ({
        ...{ cameraNo: view.cameraNo, start: view.start, path: recording.path(view) },
      }));
      const hashed: number[] = [];
      const catalog = {
        ...recording.catalog,
        apply: async (writes: Parameters<typeof recording.catalog.apply>[0]) => {
          await recording.catalog.apply(writes);
          hashed.push(writes.length);
          abort.abort();
        },
      };
      await hashRecovered(catalog, unhashed, (path) => expect.fail(path), abort.signal);
      expect(hashed).toEqual([1]);
    } finally {
      await recording.close();
    }
  });
});
