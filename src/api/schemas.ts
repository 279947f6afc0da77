import { z } from 'zod';
import { DELETION_REASONS } from '../catalog/keeping.ts';
import { EVENT_KINDS } from '../catalog/motion.ts';
import { CAMERA_STATES } from '../ingest/camera-status.ts';
import { DETECTION_STATES } from '../motion/detection-status.ts';

/** The JSON of the API. The web page takes its types from here, so the two cannot drift apart. */

/** ISO 8601 UTC with microseconds: `2026-11-23T17:00:00.000000Z`. */
const moment = z.string();

export const cameraSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(CAMERA_STATES),
  reason: z.string().describe('why it is not recording, for a person; empty while it is'),
  since: moment,
  sound: z.boolean().describe('it is recorded with its sound'),
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
  audio: z
    .object({
      codecs: z.string().describe('RFC 6381, as in mp4a.40.2; alaw, ulaw, twos, sowt when uncompressed'),
      sampleRate: z.number().int(),
      channels: z.number().int(),
    })
    .nullable()
    .describe('the sound that is recorded; null where there is none'),
  audioProblem: z
    .string()
    .describe('why no sound is recorded although it should be, for a person; empty otherwise'),
  certificateEnd: moment
    .nullable()
    .describe('when the certificate of an RTSPS camera ends; null where there is none, or it is pinned'),
  framesPerSecond: z.number(),
  bitrateBps: z.number().int(),
  gopTicks: z.number().int().describe('length of the last group of pictures, in 90 kHz ticks'),
  packetsLost: z.number().int(),
  framesDamaged: z.number().int(),
  timestampsRepaired: z.number().int(),
  clockOffsetMicros: z
    .number()
    .nullable()
    .describe('camera clock minus ours, after its RTCP sender reports; null before the first one'),
  clockOffsetErrorMicros: z.number().nullable().describe('the truth is within this of it'),
  clockDriftPpm: z
    .number()
    .nullable()
    .describe('how fast the camera clock runs against ours; null in the first eight minutes'),
  clockDriftErrorPpm: z.number().nullable().describe('the truth is within this of it'),
  detection: z
    .object({
      state: z
        .enum(['off', ...DETECTION_STATES])
        .describe(
          'learning: little is known of this camera yet; blind: it is not looked at, although it should be',
        ),
      reason: z
        .string()
        .describe('why it is blind, or sees less than it should, for a person; empty otherwise'),
      lastLookAt: moment.nullable().describe('when the picture was taken that was looked at last'),
      framesPerSecond: z.number().describe('pictures looked at, over the last ten seconds'),
    })
    .describe('whether motion is looked for'),
});

/** A share of the picture, 0 to 1. */
const share = z.number();

export const timelineSchema = z.object({
  from: moment,
  to: moment,
  /** What is closer together than this was merged. */
  resolutionMicros: z.number().int(),
  recorded: z.array(z.object({ from: moment, to: moment })),
  gaps: z.array(z.object({ from: moment, to: moment.nullable(), cause: z.string() })),
  motion: z
    .object({
      from: moment.describe('where the first part begins: a whole minute, not later than asked for'),
      stepMicros: z.number().int().describe('length of a part: whole minutes'),
      density: z
        .array(z.number().nullable())
        .describe(
          'how much moved, part by part: the share of the pictures in which something did, or in a region how much moved there; 0 to 1, null where nobody looked',
        ),
    })
    .describe('when something moved'),
  events: z
    .array(
      z.object({
        id: z.number().int().nullable().describe('null: it stands for several'),
        kind: z.enum(EVENT_KINDS),
        from: moment,
        to: moment.nullable().describe('null while it, or one of them, lasts'),
        count: z.number().int().describe('how many it stands for'),
        score: share.describe('the highest of them'),
        zones: z.array(z.string()).describe('names of the zones that it touched'),
      }),
    )
    .describe('events by when they began; those of one kind are grouped where there are many'),
});

export const motionSearchSchema = z.object({
  from: moment,
  to: moment,
  resolutionMicros: z.number().int().describe('what is closer together than this was merged'),
  spans: z.array(
    z.object({
      from: moment,
      to: moment,
      strength: share.describe('how much moved in the busiest minute, 0 to 1'),
    }),
  ),
  unseen: z.array(z.object({ from: moment, to: moment })).describe('where nobody looked'),
});

export const storageSchema = z.object({
  freeBytes: z.number().int(),
  reserveBytes: z.number().int().describe('recordings make room until so much is free'),
  store: z.object({ endpoint: z.string(), bucket: z.string(), prefix: z.string() }).nullable(),
  backlogSegments: z.number().int().describe('closed segments that are on this machine only'),
  backlogBytes: z.number().int(),
  locksHolds: z
    .boolean()
    .nullable()
    .describe('the object store keeps held footage from being deleted, too; null: not tried yet'),
  problems: z.array(z.string()),
});

export const holdSchema = z.object({
  id: z.number().int(),
  camera: z.string(),
  from: moment,
  to: moment,
  reference: z.string(),
  reason: z.string(),
  author: z.string(),
  created: moment,
  until: moment.nullable(),
  released: moment.nullable(),
  releasedBy: z.string().nullable(),
  active: z.boolean().describe('it keeps footage from being deleted'),
});

export const holdListSchema = z.object({ holds: z.array(holdSchema) });

export const deletionSchema = z.object({
  id: z.number().int(),
  camera: z.string(),
  from: moment,
  to: moment,
  segments: z.number().int(),
  bytes: z.number().int(),
  reason: z.enum(DELETION_REASONS),
  decided: moment,
  localGone: moment.describe('when the last copy on this machine was gone'),
  remoteGone: moment.nullable().describe('the same of the object store; null where it never was'),
});

export const deletionListSchema = z.object({
  deletions: z.array(deletionSchema),
  cursor: z.number().int().nullable().describe('for the next page; null on the last'),
});

export const eventSchema = z.object({
  id: z.number().int(),
  camera: z.string(),
  kind: z.enum(EVENT_KINDS),
  from: moment,
  to: moment.nullable().describe('null while it lasts'),
  continues: z.boolean().describe('it goes on from a piece of the same kind that ends where this begins'),
  score: share.describe('the most that was seen at once; for motion, of the picture'),
  box: z
    .object({ x: share, y: share, width: share, height: share })
    .nullable()
    .describe('around all of it, from the upper left of the picture; null where there is no place to it'),
  zones: z.array(z.string()).describe('names of the zones that it touched'),
});

export const eventListSchema = z.object({
  events: z.array(eventSchema),
  cursor: z.string().nullable().describe('for the next page; null on the last'),
});

export const logLevelSchema = z.object({
  configured: z.string(),
  level: z.string().describe('of what belongs to no part'),
  until: moment.nullable().describe('when all is as configured again; null when it is'),
  parts: z.record(z.string(), z.string()),
});

export const readinessSchema = z.object({
  ready: z.boolean(),
  reasons: z.array(z.string()).describe('why it is not ready; empty when it is'),
});

export const cameraReportSchema = z.object({
  works: z.boolean().describe('video came that can be recorded'),
  address: z.string().describe('without user and password'),
  reason: z.string().describe('why it does not work, for a person; empty when it does'),
  cause: z
    .enum(['offline', 'credentials', 'not-found', 'protocol', 'overload', 'no-video', 'no-keyframe'])
    .nullable(),
  watchedMicros: z.number().int(),
  video: z
    .object({
      codec: z.enum(['h264', 'h265']),
      codecs: z.string().describe('RFC 6381, as in avc1.640028'),
      width: z.number().int(),
      height: z.number().int(),
      framesPerSecond: z.number(),
      bitrateBps: z.number().int(),
      keyFrameMicros: z.number().int().nullable().describe('longest time between key frames'),
      reordered: z.boolean().describe('it has B-frames'),
    })
    .nullable(),
  audio: z
    .object({ codec: z.string(), sampleRate: z.number().int(), channels: z.number().int() })
    .nullable()
    .describe('what the camera offers'),
  clockOffsetMicros: z.number().nullable().describe("the camera's clock minus ours"),
  packetsLost: z.number().int(),
  findings: z
    .array(z.object({ id: z.string().nullable(), sentence: z.string() }))
    .describe('what it does wrong, by the number of the checklist where it has one'),
  configuration: z.array(z.string()).describe('lines for the configuration, without secrets'),
});

export const errorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string() }).catchall(z.unknown()),
});

export type EventJson = z.infer<typeof eventSchema>;
export type EventListJson = z.infer<typeof eventListSchema>;
export type HoldJson = z.infer<typeof holdSchema>;
export type DeletionJson = z.infer<typeof deletionSchema>;
export type DeletionListJson = z.infer<typeof deletionListSchema>;
export type StorageJson = z.infer<typeof storageSchema>;
export type CameraReportJson = z.infer<typeof cameraReportSchema>;
export type CameraJson = z.infer<typeof cameraSchema>;
export type CameraStatusJson = z.infer<typeof cameraStatusSchema>;
export type MotionSearchJson = z.infer<typeof motionSearchSchema>;
export type TimelineJson = z.infer<typeof timelineSchema>;
export type ErrorJson = z.infer<typeof errorSchema>;
export type CameraListJson = z.infer<typeof cameraListSchema>;
export type LogLevelJson = z.infer<typeof logLevelSchema>;
export type ReadinessJson = z.infer<typeof readinessSchema>;
