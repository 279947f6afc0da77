import { createHash } from 'node:crypto';
import { copyFile, mkdir, open, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { segmentKey } from '../../src/catalog/segment-id.ts';
import { buildInitSegment } from '../../src/media/mp4/init-segment.ts';
import { buildSegmentIdentity } from '../../src/media/mp4/segment-identity.ts';
import type { SegmentView } from '../../src/catalog/segment-view.ts';
import { FolderStore } from '../../src/storage/folder-store.ts';
import { RateLimit } from '../../src/storage/rate-limit.ts';
import { type Finding, verify, type VerifyReport } from '../../src/storage/verify.ts';
import { systemClock } from '../../src/time/clock.ts';
import { wallMicros } from '../../src/time/units.ts';
import { createRecording, type Recording } from '../support/recording.ts';
import { encodeVideo, type EncodedVideo } from '../support/video.ts';

const DAY = 86_400_000_000;
const START = wallMicros(1_795_453_200_000_000);

describe('verify', () => {
  let recording: Recording;
  let remote: FolderStore;
  let video: EncodedVideo;
  let segments: readonly SegmentView[];
  let findings: Finding[];

  beforeEach(async () => {
    video ??= await encodeVideo({ frames: 50, gop: 25 });
    recording = await createRecording();
    remote = new FolderStore(join(recording.storageRoot, '..', `${Date.now()}-${Math.random()}-bucket`));
    segments = await recording.run(video, { start: START, framesPerSegment: [50, 50, 50, 50] });
    findings = [];
  });
  afterEach(async () => {
    await rm(remote.root, { recursive: true, force: true });
    await recording.close();
  });

  const key = (index: number): string => {
    const { start, cameraNo } = segments[index] as SegmentView;
    return segmentKey(recording.camera.id, cameraNo, start);
  };
  const file = (index: number): string => recording.path(segments[index] as SegmentView);
  const object = (index: number): string => remote.path(key(index));
  const store = async (index: number, to: 'both' | 'remote'): Promise<void> => {
    const { cameraNo, start } = segments[index] as SegmentView;
    await mkdir(dirname(object(index)), { recursive: true });
    if (to === 'both') await copyFile(file(index), object(index));
    else await rename(file(index), object(index));
    await recording.catalog.apply([{ kind: 'segment-moved', cameraNo, start, from: 'local', to }]);
  };
  const check = (changes: { deep?: boolean; dryRun?: boolean; now?: number } = {}): Promise<VerifyReport> => {
    findings = [];
    return verify({
      ...{ catalog: recording.catalog, local: new FolderStore(recording.storageRoot), remote },
      ...{ deep: changes.deep ?? false, dryRun: changes.dryRun ?? false },
      now: wallMicros(changes.now ?? START + DAY),
      maximumMicros: 30 * DAY,
      limit: new RateLimit(Number.POSITIVE_INFINITY, systemClock),
      onFinding: (finding) => void findings.push(finding),
    });
  };
  const state = async (index: number): Promise<string | undefined> => {
    const { cameraNo, start } = segments[index] as SegmentView;
    return (await recording.catalog.segment(cameraNo, start))?.state;
  };

  it('finds nothing where everything is as it should be, in every tier', async () => {
    await store(1, 'both');
    await store(2, 'remote');
    expect(await check({ deep: true })).toMatchObject({ segments: 4, findings: 0 });
    const bytes = segments.map((segment) => segment.bytes);
    expect((await check({ deep: true })).bytesHashed).toBe(
      bytes.reduce((sum, size) => sum + size, 0) + (bytes[1] as number),
    );
  });

  it('repairs rows whose other copy is whole, and says what is lost', async () => {
    for (const index of [0, 1, 2]) await store(index, 'both');
    await rm(file(0));
    await rm(object(1));
    await truncate(file(2), 1_000);
    await rm(file(3));
    expect(await check({ dryRun: true })).toMatchObject({ findings: 4, repaired: 3, lost: 1 });
    expect(await state(0)).toBe('both');
    expect(await check()).toMatchObject({ findings: 4, repaired: 3, lost: 1, left: 0 });
    expect(await Promise.all([0, 1, 2, 3].map(state))).toEqual(['remote', 'local', 'remote', undefined]);
    expect(findings.map(({ problem }) => problem)).toEqual([
      'it is missing on disk',
      'it is missing in the object store',
      expect.stringMatching(/^it has 1000 of \d+ bytes on disk$/),
      'it is missing on disk',
    ]);
    const { start, end, cameraNo } = segments[3] as SegmentView;
    expect(await recording.catalog.gapsBetween(cameraNo, start, end)).toMatchObject([
      { from: start, to: end, cause: 'lost' },
    ]);
    expect(await check({ deep: true })).toMatchObject({ findings: 0 });
  });

  it('sees a single byte that has changed, when it reads all of them', async () => {
    await store(0, 'both');
    for (const path of [file(0), file(1)]) {
      const handle = await open(path, 'r+');
      await handle.write(Buffer.from([0xff, 0x00, 0xff]), 0, 3, 2_000);
      await handle.close();
    }
    expect(await check()).toMatchObject({ findings: 0 });
    expect(await check({ deep: true })).toMatchObject({ findings: 2, repaired: 1, left: 1 });
    expect(findings.map(({ problem }) => problem)).toEqual([
      'its content on disk is not what was recorded',
      'its content on disk is not what was recorded',
    ]);
    expect(await state(0)).toBe('remote');
    // There is no other copy: what is left of it may still be of use.
    expect(await state(1)).toBe('local');
  });

  it('takes what has no row into the catalog, destroys it when it is past its date, leaves what is not ours', async () => {
    const { cameraNo } = recording.camera;
    const start = wallMicros(START + 3_600_000_000);
    const strayKey = segmentKey(recording.camera.id, cameraNo, start);
    const other = wallMicros(start + 60_000_000);
    const contentOf = async (at: typeof start): Promise<Buffer> => {
      const init = buildInitSegment(video.config);
      const segment = await recording.run(video, { start: at, framesPerSegment: [25] });
      const [view] = segment as [SegmentView];
      const { promises } = await import('node:fs');
      const bytes = await promises.readFile(recording.path(view));
      await recording.catalog.apply([{ kind: 'segment-discarded', cameraNo, start: at }]);
      await rm(recording.path(view));
      const identity = buildSegmentIdentity({
        cameraNo,
        cameraId: recording.camera.id,
        start: at,
        runStart: at,
      });
      return Buffer.concat([init, identity, bytes.subarray(view.headBytes)]);
    };
    const content = await contentOf(start);
    await mkdir(dirname(remote.path(strayKey)), { recursive: true });
    await writeFile(remote.path(strayKey), content);
    const here = segmentKey(recording.camera.id, cameraNo, other);
    await mkdir(dirname(join(recording.storageRoot, here)), { recursive: true });
    await writeFile(join(recording.storageRoot, here), await contentOf(other));
    await writeFile(join(recording.storageRoot, recording.camera.id, 'notes.txt'), 'mine');

    expect(await check()).toMatchObject({ findings: 3, repaired: 2, left: 1 });
    const adopted = await recording.catalog.segment(cameraNo, start);
    expect(adopted).toMatchObject({
      state: 'remote',
      bytes: content.length,
      durationTicks: 25 * video.ticksPerFrame,
    });
    expect(Buffer.from(adopted?.sha256 ?? [])).toEqual(createHash('sha256').update(content).digest());
    expect((await recording.catalog.segment(cameraNo, other))?.state).toBe('local');
    expect(await check({ deep: true })).toMatchObject({ findings: 1, left: 1 });

    await recording.catalog.apply([{ kind: 'segment-discarded', cameraNo, start }]);
    await check({ now: start + 31 * DAY });
    expect(findings).toContainEqual({
      ...{ camera: recording.camera.id, key: strayKey, outcome: 'repaired' },
      problem: 'the object store has it and the catalog does not',
    });
    expect(await remote.size(strayKey)).toBeUndefined();
  });

  it('leaves to a running server what has only just been written', async () => {
    const { cameraNo, id } = recording.camera;
    const start = wallMicros(START + DAY - 60_000_000);
    const path = join(recording.storageRoot, segmentKey(id, cameraNo, start));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, 'on its way');
    expect(await check()).toMatchObject({ findings: 0 });
  });
});
