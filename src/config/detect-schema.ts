import { z } from 'zod';
import { DEFAULT_DETECT, DETECT_FRAMES } from './config.ts';
import { isFfmpeg, isRtsp } from './source-kind.ts';
import { zones } from './zone-schema.ts';

const SOURCE_RULE =
  'a smaller stream of the same camera, as in rtsp://user:password@10.0.1.17/stream2; or ffmpeg: and anything that ffmpeg opens';
const FPS_RULE = 'pictures a second, from 1 to 30';

/** `detect` of a camera. */
export const detect = z
  .strictObject({
    enabled: z.boolean().optional().describe('false: nobody looks at its pictures'),
    source: z
      .string({ error: SOURCE_RULE })
      .refine((text) => isFfmpeg(text) || isRtsp(text), { error: SOURCE_RULE })
      .max(2_000)
      .optional()
      .describe('a smaller stream, which is looked at instead of the one that is recorded'),
    frames: z
      .enum(DETECT_FRAMES)
      .optional()
      .describe(
        'keys: only key frames are looked at; all: every picture is decoded; auto: key frames, and what is between them where they are more than 4 s apart',
      ),
    fps: z
      .number({ error: FPS_RULE })
      .min(1, { error: FPS_RULE })
      .max(30, { error: FPS_RULE })
      .optional()
      .describe(`all pictures are decoded, and so many a second looked at; ${DEFAULT_DETECT.fps}`),
    zones: zones.optional(),
  })
  .refine(({ frames, fps }) => fps === undefined || frames !== 'keys', {
    path: ['fps'],
    error: 'nothing here where frames is keys, as key frames come when the camera sends them',
  });
