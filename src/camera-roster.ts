import type { CameraStatusProvider, CameraStatusView } from './api/deps.ts';
import type { CameraRow, Catalog } from './catalog/catalog.ts';
import type { CameraConfig } from './config/config.ts';
import type { CameraStatus } from './ingest/camera-status.ts';
import type { RecordedCamera } from './record/recording-service.ts';
import type { Clock } from './time/clock.ts';
import type { WallMicros } from './time/units.ts';

/** The cameras of the configuration with their rows in the catalog. */
export interface CameraRoster {
  readonly enabled: readonly RecordedCamera[];
  /** For the API: what each is doing, as `statusOf` last knew. */
  provider(statusOf: (cameraNo: number) => CameraStatus | undefined): CameraStatusProvider;
}

/**
 * Enters the configured cameras into the catalog. Cameras that are switched off get a gap that says so, and gaps of
 * those that are no longer configured end: nobody wants them recorded.
 */
export async function enrolCameras(
  catalog: Catalog,
  cameras: readonly CameraConfig[],
  clock: Clock,
): Promise<CameraRoster> {
  const now = clock.wall();
  const enrolled: { readonly row: CameraRow; readonly config: CameraConfig }[] = [];
  for (const config of cameras) enrolled.push({ row: await catalog.putCamera(config), config });
  const configured = new Set(enrolled.map(({ row }) => row.cameraNo));
  const orphans = (await catalog.openGaps()).filter((gap) => !configured.has(gap.cameraNo));
  await catalog.apply([
    ...orphans.map(({ cameraNo }) => ({ kind: 'gap-closed', cameraNo, to: now }) as const),
    ...enrolled
      .filter(({ config }) => !config.enabled)
      .map(
        ({ row }) => ({ kind: 'gap-opened', cameraNo: row.cameraNo, from: now, cause: 'disabled' }) as const,
      ),
  ]);

  const view = (
    { row, config }: (typeof enrolled)[number],
    statusOf: (cameraNo: number) => CameraStatus | undefined,
  ): CameraStatusView => ({
    id: row.id,
    name: row.name,
    status: config.enabled
      ? (statusOf(row.cameraNo) ?? idle('connecting', '', now))
      : idle('disabled', '', now),
  });
  return {
    enabled: enrolled
      .filter(({ config }) => config.enabled)
      .map(({ row, config }) => ({ row, url: config.source })),
    provider: (statusOf) => {
      const byId = new Map(enrolled.map((camera) => [camera.row.id, camera]));
      return {
        list: () => enrolled.map((camera) => view(camera, statusOf)),
        get: (id) => {
          const camera = byId.get(id);
          return camera && view(camera, statusOf);
        },
      };
    },
  };
}

function idle(state: 'connecting' | 'disabled', reason: string, since: WallMicros): CameraStatus {
  return {
    state,
    reason,
    since,
    video: undefined,
    stats: {
      bytes: 0,
      frames: 0,
      packetsLost: 0,
      framesDamaged: 0,
      timestampsRepaired: 0,
      recordedTicks: 0,
      bitrateBps: 0,
      framesPerSecond: 0,
      gopTicks: 0,
      clockOffsetMicros: null,
      clockDriftPpm: null,
      reconnects: {},
    },
  };
}
