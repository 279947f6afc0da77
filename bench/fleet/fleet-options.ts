import { z } from 'zod';
import { PROFILES } from './profile.ts';

/** What the fleet's process is told, as one JSON argument. */
export const fleetOptionsSchema = z.strictObject({
  /** Where clips are kept between runs. */
  cacheFolder: z.string().min(1),
  cameras: z.number().int().min(1).max(5_000),
  profile: z.enum(PROFILES),
  encoding: z.strictObject({
    codec: z.enum(['h264', 'h265']),
    width: z.number().int().min(64).max(7680).multipleOf(4),
    height: z.number().int().min(64).max(4320).multipleOf(4),
    fps: z.number().min(1).max(120),
    gopFrames: z.number().int().min(1).max(3_000),
    bitrateBps: z.number().int().min(50_000).max(100_000_000),
  }),
  /** Key frames of all cameras come at once. */
  aligned: z.boolean(),
  /** AAC beside the video. */
  sound: z.boolean(),
  /** A second, small stream of each camera, at `<camera>-sub`. */
  subStreams: z.boolean(),
  /** They will push by RTMP. */
  pushes: z.boolean(),
  /** As on the command line. */
  faults: z.string().max(1_000),
});

export type FleetOptions = z.infer<typeof fleetOptionsSchema>;

export const cameraPath = (index: number): string => `cam-${index + 1}`;
export const subPath = (index: number): string => `${cameraPath(index)}-sub`;
export const isSubPath = (path: string): boolean => path.endsWith('-sub');
