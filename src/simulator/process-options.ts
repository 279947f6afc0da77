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

/**
 * What a process of simulated cameras was started with: its one argument.
 * @param who for messages, which go to its standard error when it is wrong
 */
export function readOptions<Options>(schema: z.ZodType<Options>, who: string): Options | undefined {
  const text = process.argv[2];
  if (text === undefined) {
    process.stderr.write(`The ${who} takes its options as one JSON argument.\n`);
    return undefined;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    process.stderr.write(`The ${who}'s options are no JSON: ${(error as Error).message}\n`);
    return undefined;
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    process.stderr.write(`The ${who}'s options are wrong:\n${z.prettifyError(parsed.error)}\n`);
  return parsed.data;
}
