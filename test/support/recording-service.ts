import { join } from 'node:path';
import type { Catalog, CameraRow } from '../../src/catalog/catalog.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import {
  type RecordingObserver,
  RecordingService,
  type WatchOptions,
} from '../../src/record/recording-service.ts';
import { systemClock } from '../../src/time/clock.ts';
import { temporaryFolder } from './vigie.ts';

/** Real recording of a few cameras into a folder that goes away with it. */
export interface RunningRecording {
  readonly service: RecordingService;
  readonly segments: string;
  readonly rows: readonly CameraRow[];
  /** What the service told that is none of its usual business. */
  readonly failures: unknown[];
  /** Finishes all files. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

/** @param sources RTSP URLs by camera id; cameras have the numbers 1, 2, … in that order */
export async function startRecording(
  sources: Readonly<Record<string, string>>,
  watch?: WatchOptions,
): Promise<RunningRecording> {
  const folder = await temporaryFolder();
  const segments = join(folder.path, 'segments');
  const catalog: Catalog = await openSqliteCatalog({ path: join(folder.path, 'catalog.db') });
  const rows: CameraRow[] = [];
  for (const id of Object.keys(sources)) rows.push(await catalog.putCamera({ id, name: id }));
  const failures: unknown[] = [];
  const service = new RecordingService({
    catalog,
    storageRoot: segments,
    clock: systemClock,
    cameras: rows.map((row) => ({
      ...{ row, audio: false, source: { kind: 'rtsp', url: sources[row.id] ?? '' } },
    })),
    ...{ workers: 1, segmentMicros: 60_000_000, fragmentMicros: 2_000_000, syncMicros: 5_000_000 },
    ...{ bufferBytes: 64 * 2 ** 20, udpPorts: undefined, connectRtmp: () => undefined, watch },
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
      threadDied: (_thread, error) => void failures.push(error),
      watchFailed: (error) => void failures.push(error),
    } satisfies RecordingObserver,
  });
  await service.start();
  return {
    ...{ service, segments, rows, failures },
    stop: () => service.stop(),
    async remove() {
      await service.stop();
      await catalog.close();
      await folder.remove();
    },
  };
}
