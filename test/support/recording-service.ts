import { join } from 'node:path';
import type { Catalog, CameraRow } from '../../src/catalog/catalog.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import {
  type RecordedCamera,
  type RecordingObserver,
  type RecordingOptions,
  RecordingService,
} from '../../src/record/recording-service.ts';
import type { SourceSpec } from '../../src/ingest/camera-source.ts';
import { systemClock } from '../../src/time/clock.ts';
import { temporaryFolder } from './vigie.ts';

/** Real recording of a few cameras into a folder that goes away with it. */
export interface RunningRecording {
  readonly service: RecordingService;
  readonly catalog: Catalog;
  readonly segments: string;
  readonly rows: readonly CameraRow[];
  /** What the service told that is none of its usual business. */
  readonly failures: unknown[];
  /** Of those, the threads that died. */
  readonly deaths: { readonly thread: string; readonly retryMillis: number }[];
  /** Finishes all files. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

/** @param sources by camera id, a string being an RTSP URL; cameras have the numbers 1, 2, … in that order */
export async function startRecording(
  sources: Readonly<Record<string, string | SourceSpec>>,
  options: Partial<Pick<RecordingOptions, 'watch' | 'workers' | 'connectRtmp'>> = {},
): Promise<RunningRecording> {
  const folder = await temporaryFolder();
  const segments = join(folder.path, 'segments');
  const catalog: Catalog = await openSqliteCatalog({ path: join(folder.path, 'catalog.db') });
  const cameras: RecordedCamera[] = [];
  for (const [id, source] of Object.entries(sources)) {
    cameras.push({
      row: await catalog.putCamera({ id, name: id }),
      audio: false,
      source: typeof source === 'string' ? { kind: 'rtsp', url: source } : source,
    });
  }
  const failures: unknown[] = [];
  const deaths: RunningRecording['deaths'] = [];
  const service = new RecordingService({
    catalog,
    storageRoot: segments,
    clock: systemClock,
    cameras,
    ...{ workers: 1, segmentMicros: 60_000_000, fragmentMicros: 2_000_000, syncMicros: 5_000_000 },
    ...{ bufferBytes: 64 * 2 ** 20, udpPorts: undefined, connectRtmp: () => undefined, ...options },
    observer: {
      ...{
        cameraChanged() {},
        status() {},
        wrote() {},
        threadReported() {},
        diskProblem() {},
        clockStepped() {},
      },
      ...{ catalogProblem() {}, recovered() {}, watchShed() {}, finding() {} },
      threadDied(thread, error, retryMillis) {
        failures.push(error);
        deaths.push({ thread, retryMillis });
      },
      watchFailed: (error) => void failures.push(error),
    } satisfies RecordingObserver,
  });
  await service.start();
  return {
    ...{ service, catalog, segments, failures, deaths },
    rows: cameras.map(({ row }) => row),
    stop: () => service.stop(),
    async remove() {
      await service.stop();
      await catalog.close();
      await folder.remove();
    },
  };
}
