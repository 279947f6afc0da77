import { readFile, rm, truncate } from 'node:fs/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SegmentKey } from '../../src/catalog/catalog.ts';
import type { SegmentView } from '../../src/catalog/segment-view.ts';
import { segmentKey } from '../../src/catalog/segment-id.ts';
import type { S3Config } from '../../src/config/config.ts';
import { HoldLocks } from '../../src/storage/hold-locks.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import type { StorageObserver } from '../../src/storage/storage-observer.ts';
import { StorageService } from '../../src/storage/storage-service.ts';
import { monoMicros, wallMicros } from '../../src/time/units.ts';
import { describeWith } from '../support/components.ts';
import { startRadosgw } from '../support/radosgw.ts';
import { createRecording, type Recording } from '../support/recording.ts';
import type { S3Server } from '../support/s3-server.ts';
import { collect, failure, upload } from '../support/stored.ts';
import { startSwift } from '../support/swift.ts';
import { until } from '../support/vigie.ts';
import { encodeVideo } from '../support/video.ts';

const SECOND = 1_000_000;
const START = wallMicros(1_795_453_200_000_000);
const ignore = (): void => undefined;

/** One that Swift says to have made as well. */
async function makeLockBucket({ endpoint, credentials }: S3Server, bucket: string): Promise<void> {
  const client = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  client.destroy();
}

/** @param passed micros since the recording began, on both clocks */
function storageOf(
  { catalog, storageRoot }: Recording,
  s3: S3Config,
  passed: () => number,
  failures: unknown[],
): StorageService {
  const observer: StorageObserver = {
    ...{ uploaded: ignore, storeRecovered: ignore, backlog: ignore, disk: ignore, lost: ignore },
    ...{ destroyed: ignore, overdue: ignore, evicted: ignore, sacrificed: ignore },
    uploadFailed: (error) => void failures.push(error),
    failed: (_what, error) => void failures.push(error),
  };
  const kept = 600 * SECOND;
  return new StorageService({
    ...{ catalog, observer },
    clock: { wall: () => wallMicros(START + passed()), mono: () => monoMicros(passed()) },
    config: {
      storage: { path: storageRoot, reserveBytes: 1, dropStill: false, s3 },
      retention: {
        ...{ continuousMicros: kept, motionMicros: kept, eventMicros: kept, maximumMicros: kept },
        localMicros: 60 * SECOND,
      },
      cameras: [],
    },
  });
}

for (const { component, start, locks } of [
  { component: 'radosgw', start: startRadosgw, locks: true },
  { component: 'swift', start: startSwift, locks: false },
] as const) {
  describeWith([component], `segments in ${component}`, () => {
    let server: S3Server;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(async () => server?.stop());

    it('live their whole life, and one that is held is whole until it is let go', async () => {
      await makeLockBucket(server, 'life');
      const recording = await createRecording();
      const { camera, catalog } = recording;
      const video = await encodeVideo({ frames: 50, gop: 25 });
      const segments = await recording.run(video, { start: START, framesPerSegment: [50, 50, 50, 50] });
      const keys = segments.map((segment) => segmentKey(camera.id, camera.cameraNo, segment.start));
      const contents = await Promise.all(segments.map((segment) => readFile(recording.path(segment))));

      let passed = 10 * SECOND;
      const failures: unknown[] = [];
      const service = storageOf(recording, server.config('life'), () => passed, failures);
      const store = new S3Store(server.config('life'));
      const states = async (): Promise<string[]> =>
        (await catalog.segmentsFrom(camera.cameraNo, START, 9)).map(({ state }) => state);
      const become = (expected: readonly string[]): Promise<void> =>
        until(`segments are ${expected.join()}`, async () => {
          service.sweep();
          return (await states()).join() === expected.join();
        });
      const listed = async (): Promise<string[]> => (await collect(store.list(''))).map(({ key }) => key);
      const playsWhole = async (index: number): Promise<void> => {
        const read = Buffer.alloc((contents[index] as Buffer).length + 1);
        const bytes = service.reader.open(keys[index] as string);
        const length = await bytes.read(read, 0, read.length, 0);
        await bytes.close();
        expect(read.subarray(0, length).equals(contents[index] as Buffer)).toBe(true);
      };
      await service.start();
      try {
        await become(['both', 'both', 'both', 'both']);
        const { start: from, end: to } = segments[1] as (typeof segments)[number];
        const hold = await catalog.putHold({
          ...{ cameraNo: camera.cameraNo, from, to, reference: 'r', reason: 'r', author: 'a' },
          ...{ created: wallMicros(START + passed), until: null },
        });
        passed += 60 * SECOND;
        await become(['remote', 'remote', 'remote', 'remote']);
        for (const index of keys.keys()) await playsWhole(index);
        expect((await service.status()).locksHolds).toBe(locks);

        passed += 600 * SECOND;
        await become(['remote']);
        expect(await listed()).toEqual([keys[1]]);
        await playsWhole(1);
        if (locks) {
          expect((await store.remove([keys[1] as string])).get(keys[1] as string)?.problem).toBe('refused');
          await playsWhole(1);
        }
        await catalog.releaseHold(hold.holdNo, wallMicros(START + passed), 'b');
        await become([]);
        expect(await listed()).toEqual([]);
        expect((await service.status()).problems).toEqual([]);
        expect(failures).toEqual([]);
      } finally {
        await service.stop();
        store.close();
        await recording.close();
      }
    });

    it('are locked one by one: one that is missing keeps no other from it', async () => {
      await makeLockBucket(server, 'holds');
      const recording = await createRecording();
      const { camera, catalog } = recording;
      const { cameraNo } = camera;
      const video = await encodeVideo({ frames: 25, gop: 25 });
      const segments = await recording.run(video, { start: START, framesPerSegment: [25, 25, 25] });
      const key = (segment: SegmentKey): string => segmentKey(camera.id, cameraNo, segment.start);
      const store = new S3Store(server.config('holds'));
      for (const [index, segment] of segments.entries()) {
        if (index > 0) await store.put(key(segment), upload(await readFile(recording.path(segment))));
        await catalog.apply([
          { kind: 'segment-moved', cameraNo, start: segment.start, from: 'local', to: 'both' },
        ]);
      }
      await catalog.putHold({
        ...{ cameraNo, from: START, to: wallMicros(START + 60 * SECOND), created: START, until: null },
        ...{ reference: 'r', reason: 'r', author: 'a' },
      });
      const clock = { wall: () => START, mono: () => monoMicros(0) };
      const holds = new HoldLocks({ catalog, clock, store, key });
      await holds.settle(new AbortController().signal);
      expect(holds.supported).toBe(locks);
      const waiting = (await catalog.lockWork(START, 9)).lock.map((segment) => key(segment));
      expect(waiting).toEqual((locks ? segments.slice(0, 1) : segments).map((segment) => key(segment)));
      for (const segment of segments.slice(1)) {
        expect(await store.size(key(segment))).toBe(segment.bytes);
        const stayed = (await store.remove([key(segment)])).get(key(segment));
        expect(stayed?.problem).toBe(locks ? 'refused' : undefined);
      }
      store.close();
      await recording.close();
    });

    it('are a gap when both copies are gone, and not when something of one is left', async () => {
      const recording = await createRecording();
      const { camera, catalog } = recording;
      const { cameraNo } = camera;
      const video = await encodeVideo({ frames: 25, gop: 25 });
      const [lost, torn] = (await recording.run(video, {
        ...{ start: START, framesPerSegment: [25, 25] },
      })) as [SegmentView, SegmentView];
      const failures: unknown[] = [];
      const service = storageOf(recording, server.config('lost'), () => 10 * SECOND, failures);
      const store = new S3Store(server.config('lost'));
      const readIt = async (segment: SegmentView): Promise<number> => {
        const bytes = service.reader.open(segmentKey(camera.id, cameraNo, segment.start));
        try {
          return await bytes.read(Buffer.alloc(segment.bytes), 0, segment.bytes, 0);
        } finally {
          await bytes.close();
        }
      };
      await service.start();
      try {
        await until('both are stored', async () =>
          (await catalog.segmentsFrom(cameraNo, START, 9)).every(({ state }) => state === 'both'),
        );
        const keys = [lost, torn].map(({ start: at }) => segmentKey(camera.id, cameraNo, at));
        expect(await store.remove(keys)).toEqual(new Map());
        await truncate(recording.path(torn), 1_000);
        await rm(recording.path(lost));
        expect(await readIt(torn)).toBe(1_000);
        expect((await failure(readIt(lost))).problem).toBe('missing');
        await until('it is a gap', async () =>
          (await catalog.gapsBetween(cameraNo, START, torn.end)).some(({ cause }) => cause === 'lost'),
        );
        expect(await catalog.gapsBetween(cameraNo, START, torn.end)).toMatchObject([
          { from: lost.start, to: lost.end, cause: 'lost' },
        ]);
        expect((await catalog.segment(cameraNo, torn.start))?.state).toBe('both');
        expect(failures).toEqual([]);
      } finally {
        await service.stop();
        store.close();
        await recording.close();
      }
    });
  });
}
