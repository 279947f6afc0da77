import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SegmentKey } from '../../src/catalog/catalog.ts';
import { segmentKey } from '../../src/catalog/segment-id.ts';
import type { SegmentView } from '../../src/catalog/segment-view.ts';
import { FolderStore } from '../../src/storage/folder-store.ts';
import type { ObjectStore, Upload } from '../../src/storage/object-store.ts';
import { RateLimit } from '../../src/storage/rate-limit.ts';
import { Roller } from '../../src/storage/roller.ts';
import { UploadLane } from '../../src/storage/segment-upload.ts';
import { systemClock } from '../../src/time/clock.ts';
import { wallMicros } from '../../src/time/units.ts';
import { createRecording, type Recording } from '../support/recording.ts';
import { until } from '../support/vigie.ts';
import { encodeVideo } from '../support/video.ts';

const START = wallMicros(1_795_453_200_000_000);

describe('bringing segments to an object store', () => {
  let recording: Recording;
  beforeEach(async () => {
    recording = await createRecording();
  });
  afterEach(() => recording.close());

  it('stores each once, and none that was condemned while it waited', async () => {
    const { catalog, camera } = recording;
    const { cameraNo } = camera;
    const video = await encodeVideo({ frames: 25, gop: 25 });
    const framesPerSegment = [25, 25, 25, 25];
    const segments = await recording.run(video, { start: START, framesPerSegment });
    const [first, second, third, fourth] = segments as [SegmentView, SegmentView, SegmentView, SegmentView];
    const key = ({ start }: SegmentKey): string => segmentKey(camera.id, cameraNo, start);
    const stored: string[] = [];
    // While the first is on its way, it and the second are condemned, and another lane stores the third.
    const store: ObjectStore = Object.assign(new FolderStore(`${recording.storageRoot}/bucket`), {
      put: async (name: string, upload: Upload): Promise<void> => {
        stored.push(name);
        expect((await buffer(upload.body(() => undefined))).length).toBe(upload.bytes);
        if (name !== key(first)) return;
        await catalog.condemn({
          ...{ cameraNo, reason: 'retention', at: START, remote: true, limit: 9, endedBy: second.end },
        });
        await catalog.apply([
          { kind: 'segment-moved', cameraNo, start: third.start, from: 'local', to: 'both' },
        ]);
      },
    });
    const failures: unknown[] = [];
    const roller = new Roller({
      ...{ catalog, store, clock: systemClock },
      lanes: [new UploadLane(new RateLimit(Number.POSITIVE_INFINITY, systemClock))],
      locate: (segment) => ({ key: key(segment), path: recording.path(segment) }),
      prepare: () => Promise.resolve(),
      hash: () => Promise.reject(new Error('They have one.')),
      observer: {
        stored: () => undefined,
        failed: (error) => void failures.push(error),
        recovered: () => undefined,
      },
    });
    const stop = new AbortController();
    const running = roller.run(stop.signal);
    await until('the last one is stored', () => stored.includes(key(fourth)));
    stop.abort();
    await running;
    expect(stored).toEqual([key(first), key(fourth)]);
    expect(failures).toEqual([]);
  });
});
