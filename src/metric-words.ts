import { PLAYBACK_ROUTES } from './api/deps.ts';
import { GAP_CAUSES } from './catalog/catalog.ts';
import { WEBHOOK_RESULTS } from './event-telemetry.ts';
import { CAMERA_STATES, RECONNECT_CAUSES } from './ingest/camera-status.ts';
import { PICTURE_RESULTS, SHEDDING_STAGES } from './motion/motion-observer.ts';
import { VIDEO_CODECS } from './recording-telemetry.ts';
import { REFUSAL_CAUSES } from './rtmp/problem.ts';
import { TIERS } from './storage/destroyer.ts';
import { STORE_PROBLEMS } from './storage/object-store.ts';
import type { MetricWords } from './telemetry/metrics.ts';

/** What the labels of metrics may say: the parts have the words, telemetry knows none of the parts. */
export const METRIC_WORDS: MetricWords = {
  camera: {
    states: CAMERA_STATES,
    gapCauses: GAP_CAUSES,
    reconnectCauses: RECONNECT_CAUSES,
    codecs: VIDEO_CODECS,
  },
  storage: { problems: STORE_PROBLEMS, tiers: TIERS, diskCauses: ['disk-full', 'io-error'] },
  motion: {
    results: PICTURE_RESULTS,
    // Before they get that far: where copies are made for it.
    shedStages: ['tap', ...SHEDDING_STAGES],
    webhookResults: WEBHOOK_RESULTS,
  },
  playbackRoutes: PLAYBACK_ROUTES,
  refusalCauses: REFUSAL_CAUSES,
};
