import type { FastifyBaseLogger } from 'fastify';
import type { Catalog } from '../catalog/catalog.ts';
import type { CameraStatus } from '../ingest/camera-status.ts';
import type { OpenSegments } from '../catalog/segment-view.ts';
import type { SegmentSource } from '../playback/segment-source.ts';
import type { Clock } from '../time/clock.ts';

/** Everything the API asks of the rest of the server: handed in by the one place that wires. */
export interface ApiDeps {
  readonly catalog: Catalog;
  readonly segments: SegmentSource;
  readonly openSegments: OpenSegments;
  readonly cameras: CameraStatusProvider;
  readonly readiness: { ready(): { readonly ready: boolean; readonly reasons: readonly string[] } };
  /** The Prometheus text of the whole server. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** Called when the first byte of footage has been handed over: `vigie_playback_first_byte_seconds`. */
  readonly onFirstByte?: (route: PlaybackRoute, seconds: number) => void;
  /** A pino instance. */
  readonly logger: FastifyBaseLogger;
  /** The folder of the built page; `undefined` = none is served. */
  readonly webRoot: string | undefined;
  readonly clock: Clock;
  readonly ffmpegPath: string;
}

export type PlaybackRoute = 'playlist' | 'segment' | 'clip' | 'frame';

/** The cameras this server records, or would if they were enabled. */
export interface CameraStatusProvider {
  list(): readonly CameraStatusView[];
  get(id: string): CameraStatusView | undefined;
}

export interface CameraStatusView {
  readonly id: string;
  readonly name: string;
  readonly status: CameraStatus;
}
