import { z } from 'zod';
import { SCENES } from './scene.ts';

const clipSpec = z.strictObject({
  codec: z.enum(['h264', 'h265']),
  width: z.number().int().min(64).max(7680).multipleOf(4),
  height: z.number().int().min(64).max(4320).multipleOf(4),
  fps: z.number().min(1).max(120),
  gopFrames: z.number().int().min(1).max(3_000),
  frames: z.number().int().min(1).max(3_000),
  bitrateBps: z.number().int().min(50_000).max(100_000_000),
  scene: z.enum(SCENES),
});

/** What the simulator's own process is told, as one JSON argument. */
export const processOptionsSchema = z.strictObject({
  /** Where clips are kept between runs. */
  cacheFolder: z.string().min(1),
  port: z.number().int().min(0).max(65_535).optional(),
  alignKeyFrames: z.boolean().optional(),
  /** Every frame carries its number: see FrameIdentity. */
  identity: z.boolean().optional(),
  cameras: z
    .array(
      z.strictObject({
        path: z.string().min(1),
        clip: clipSpec,
        credentials: z
          .strictObject({
            user: z.string(),
            password: z.string(),
            scheme: z.enum(['basic', 'digest-md5', 'digest-sha256']),
          })
          .optional(),
        faults: z
          .strictObject({
            stopAfterFrames: z.number().int().optional(),
            loseEvery: z.number().int().min(2).optional(),
            driftPpm: z.number().optional(),
          })
          .optional(),
      }),
    )
    .min(1)
    .max(5_000),
});

export type ProcessOptions = z.infer<typeof processOptionsSchema>;
