import { z } from 'zod';
import { CAMERA_STATES } from '../ingest/camera-status.ts';

/** The JSON of the API. The web page takes its types from here, so the two cannot drift apart. */

/** ISO 8601 UTC with microseconds: `2026-11-23T17:00:00.000000Z`. */
const moment = z.string();

export const cameraSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(CAMERA_STATES),
  reason: z.string().describe('why it is not recording, for a person; empty while it is'),
  since: moment,
});

export const cameraListSchema = z.object({ cameras: z.array(cameraSchema) });

export const cameraStatusSchema = cameraSchema.extend({
  video: z
    .object({
      codecs: z.string().describe('RFC 6381, as in avc1.640028'),
      width: z.number().int(),
      height: z.number().int(),
    })
    .nullable(),
  framesPerSecond: z.number(),
  bitrateBps: z.number().int(),
  gopTicks: z.number().int().describe('length of the last group of pictures, in 90 kHz ticks'),
  packetsLost: z.number().int(),
  framesDamaged: z.number().int(),
  timestampsRepaired: z.number().int(),
  clockOffsetMicros: z.number().nullable(),
  clockDriftPpm: z.number().nullable(),
});

export const timelineSchema = z.object({
  from: moment,
  to: moment,
  /** What is closer together than this was merged. */
  resolutionMicros: z.number().int(),
  recorded: z.array(z.object({ from: moment, to: moment })),
  gaps: z.array(z.object({ from: moment, to: moment.nullable(), cause: z.string() })),
});

export const readinessSchema = z.object({
  ready: z.boolean(),
  reasons: z.array(z.string()).describe('why it is not ready; empty when it is'),
});

export const errorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string() }).catchall(z.unknown()),
});

export type CameraJson = z.infer<typeof cameraSchema>;
export type CameraStatusJson = z.infer<typeof cameraStatusSchema>;
export type TimelineJson = z.infer<typeof timelineSchema>;
export type ErrorJson = z.infer<typeof errorSchema>;
export type CameraListJson = z.infer<typeof cameraListSchema>;
export type ReadinessJson = z.infer<typeof readinessSchema>;
