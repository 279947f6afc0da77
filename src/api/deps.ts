import type { FastifyBaseLogger } from 'fastify';
import type { Catalog } from '../catalog/catalog.ts';
import type { CameraReport } from '../inspect/camera-report.ts';
import type { CameraStatus } from '../ingest/camera-status.ts';
import type { OpenSegments } from '../catalog/segment-view.ts';
import type { DetectionStatus } from '../motion/detection-status.ts';
import type { SegmentSource } from '../playback/segment-source.ts';
import type { StorageStatus } from '../storage/storage-service.ts';
import type { Clock } from '../time/clock.ts';
import type { WallMicros } from '../time/units.ts';

/** Everything the API asks of the rest of the server: handed in by the one place that wires. */
export interface ApiDeps {
  readonly catalog: Catalog;
  readonly segments: SegmentSource;
  readonly openSegments: OpenSegments;
  readonly cameras: CameraStatusProvider;
  /**
   * Watches a camera for a few seconds.
   * @returns what is wrong with the source when it is none that may be tested, as part of a sentence
   */
  readonly testCamera: (source: string, transcode: boolean) => Promise<CameraReport | string>;
  readonly storage: StorageStatusProvider;
  /** Calls when events have changed in the catalog; returns what ends that. */
  readonly events: { readonly onChange: (listener: () => void) => () => void };
  readonly readiness: { ready(): { readonly ready: boolean; readonly reasons: readonly string[] } };
  /** The Prometheus text of the whole server. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** Called when the first byte of footage has been handed over: `vigie_playback_first_byte_seconds`. */
  readonly onFirstByte?: (route: PlaybackRoute, seconds: number) => void;
  readonly logLevels: LogLevelControl;
  /** A pino instance. */
  readonly logger: FastifyBaseLogger;
  /** The folder of the built page; `undefined` = none is served. */
  readonly webRoot: string | undefined;
  readonly clock: Clock;
  readonly ffmpegPath: string;
}

export interface StorageStatusProvider {
  status(): Promise<StorageStatus>;
  /** Looks for what is past its date now, not only at the next turn of the clock. */
  sweep(): void;
}

/** How much is logged, by the names of the configuration. */
export interface LogLevelControl {
  readonly levels: readonly string[];
  readonly parts: readonly string[];
  state(): {
    readonly configured: string;
    readonly until: WallMicros | null;
    readonly level: string;
    readonly parts: Readonly<Record<string, string>>;
  };
  /** @returns what is wrong with the request, and where */
  change(
    level: string,
    part: string | undefined,
    micros: number,
  ): { readonly where: string; readonly problem: string } | undefined;
}

export const PLAYBACK_ROUTES = ['playlist', 'segment', 'clip', 'frame'] as const;
export type PlaybackRoute = (typeof PLAYBACK_ROUTES)[number];

/** The cameras this server records, or would if they were enabled. */
export interface CameraStatusProvider {
  list(): readonly CameraStatusView[];
  get(id: string): CameraStatusView | undefined;
}

export interface CameraStatusView {
  readonly id: string;
  readonly name: string;
  readonly status: CameraStatus;
  /** `undefined`: nobody wants it to be looked at. */
  readonly detection: DetectionStatus | undefined;
}
