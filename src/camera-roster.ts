import type { CameraStatusProvider, CameraStatusView } from './api/deps.ts';
import type { CameraRow, Catalog } from './catalog/catalog.ts';
import type { CameraConfig } from './config/config.ts';
import type { PulledSpec, SourceSpec } from './ingest/camera-source.ts';
import { isRtmp } from './config/source-kind.ts';
import type { CameraStatus } from './ingest/camera-status.ts';
import type { DetectionStatus } from './motion/detection-status.ts';
import type { RecordedCamera } from './record/recording-service.ts';
import type { SubStreamOrder } from './substream/thread-messages.ts';
import type { Clock } from './time/clock.ts';
import type { WallMicros } from './time/units.ts';
import type { WatchedFrames } from './watch/watched-picture.ts';

export interface EnrolledCamera {
  readonly row: CameraRow;
  /** Holds passwords and keys. */
  readonly config: CameraConfig;
}

/** The cameras of the configuration with their rows in the catalog. */
export interface CameraRoster {
  readonly enabled: readonly EnrolledCamera[];
  /** What is to be recorded. `pushAddress`: where the encoder of a camera pushes to, without its key. */
  recorded(pushAddress: (id: string) => string): readonly RecordedCamera[];
  /** Cameras in whose pictures motion is looked for. */
  readonly looked: readonly EnrolledCamera[];
  /** Which pictures of which recorded streams are looked at, by the camera's number. */
  readonly watched: ReadonlyMap<number, WatchedFrames>;
  /** Streams that are looked at instead of the recorded ones. */
  readonly subStreams: readonly SubStreamOrder[];
  /** For the API: what each is doing, as those who do it last knew. */
  provider(
    statusOf: (cameraNo: number) => CameraStatus | undefined,
    detectionOf: (cameraNo: number) => DetectionStatus | undefined,
  ): CameraStatusProvider;
}

/**
 * Enters the configured cameras into the catalog. Cameras that are switched off get a gap that says so, and gaps of
 * those that are no longer configured end: nobody wants them recorded.
 */
export async function enrolCameras(
  catalog: Catalog,
  cameras: readonly CameraConfig[],
  ffmpegPath: string,
  clock: Clock,
): Promise<CameraRoster> {
  const now = clock.wall();
  const enrolled: EnrolledCamera[] = [];
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
    { row, config }: EnrolledCamera,
    statusOf: (cameraNo: number) => CameraStatus | undefined,
    detectionOf: (cameraNo: number) => DetectionStatus | undefined,
  ): CameraStatusView => ({
    id: row.id,
    name: row.name,
    detection: detectionOf(row.cameraNo),
    status: config.enabled
      ? (statusOf(row.cameraNo) ?? idle('connecting', '', now))
      : idle('disabled', '', now),
  });
  const enabled = enrolled.filter(({ config }) => config.enabled);
  const looked = enabled.filter(({ config }) => config.detect.enabled);
  return {
    enabled,
    looked,
    watched: new Map(
      looked.flatMap(({ row, config: { detect } }) =>
        detect.source === undefined ? [[row.cameraNo, detect.frames] as const] : [],
      ),
    ),
    subStreams: looked.flatMap(({ row, config }) => subStream(row, config, ffmpegPath) ?? []),
    recorded: (pushAddress) =>
      enabled.map(({ row, config }) => ({
        ...{ row, audio: config.audio, source: sourceSpec(config, ffmpegPath, pushAddress) },
      })),
    provider: (statusOf, detectionOf) => {
      const byId = new Map(enrolled.map((camera) => [camera.row.id, camera]));
      return {
        list: () => enrolled.map((camera) => view(camera, statusOf, detectionOf)),
        get: (id) => {
          const camera = byId.get(id);
          return camera && view(camera, statusOf, detectionOf);
        },
      };
    },
  };
}

const FFMPEG_PREFIX = 'ffmpeg:';

/** What a recording thread is told of where a camera's video comes from. */
const sourceSpec = (
  config: CameraConfig,
  ffmpegPath: string,
  pushAddress: (id: string) => string,
): SourceSpec =>
  isRtmp(config.source) ? { kind: 'rtmp', address: pushAddress(config.id) } : pulledSpec(config, ffmpegPath);

/** The same of a camera that does not push. */
export function pulledSpec(
  { source, rtsp, tls, ffmpeg }: Pick<CameraConfig, 'source' | 'rtsp' | 'tls' | 'ffmpeg'>,
  ffmpegPath: string,
): PulledSpec {
  if (source.startsWith(FFMPEG_PREFIX)) {
    return {
      ...{ kind: 'ffmpeg', ffmpegPath, location: source.slice(FFMPEG_PREFIX.length), options: ffmpeg.input },
      transcode: ffmpeg.transcode === 'h264',
    };
  }
  const spec = { kind: 'rtsp', url: source, policies: rtsp } as const;
  return tls ? { ...spec, tls } : spec;
}

/** The same of the stream that is looked at; `undefined`: it is the one that is recorded. */
function subStream(
  { cameraNo }: CameraRow,
  { detect, rtsp, tls }: CameraConfig,
  ffmpegPath: string,
): SubStreamOrder | undefined {
  if (detect.source === undefined) return undefined;
  // It is the same camera, so it is spoken to in the same way; options of ffmpeg are for one address. What no browser
  // plays is no more than decoded here, and to encode it anew costs little, as it is small.
  const ffmpeg = { input: [], transcode: 'h264' as const };
  const source = pulledSpec({ source: detect.source, rtsp, tls, ffmpeg }, ffmpegPath);
  return { cameraNo, source, frames: detect.frames };
}

function idle(state: 'connecting' | 'disabled', reason: string, since: WallMicros): CameraStatus {
  return {
    state,
    reason,
    since,
    video: undefined,
    audio: undefined,
    audioProblem: '',
    certificateEnd: null,
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
      clockOffsetErrorMicros: null,
      clockDriftPpm: null,
      clockDriftErrorPpm: null,
      reconnects: {},
    },
  };
}
