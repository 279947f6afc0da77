import { z } from 'zod';
import { PRIORITIES, RTSP_CHOICES } from './config.ts';
import { detect } from './detect-schema.ts';
import { kept } from './schema-parts.ts';
import { isFfmpeg, isRtmp, isRtsp } from './source-kind.ts';

const ID_RULE = '1 to 64 of a-z, 0-9 and -, not starting or ending with -';

const cameraId = z
  .string({ error: ID_RULE })
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, { error: ID_RULE })
  .describe('names the camera in addresses and in the paths of its files: never change it');

const SOURCE_RULE =
  'an RTSP URL, as in rtsp://user:password@10.0.1.17/stream1 or rtsps://…; rtmp for a camera that is pushed to us; or ffmpeg: and anything that ffmpeg opens, as in ffmpeg:http://10.0.1.40/video.mjpg';

const source = z
  .string({ error: SOURCE_RULE })
  .refine((text) => isRtmp(text) || isFfmpeg(text) || isRtsp(text), {
    error: SOURCE_RULE,
  })
  .max(2_000)
  .describe(
    'where the video comes from, password included, or rtmp; write ${NAME} to take it from the environment',
  );

const INPUT_RULE = 'options of ffmpeg for its input, without -i, as in ["-rtsp_transport", "tcp"]';

const ffmpeg = z
  .strictObject({
    input: z
      .array(z.string().min(1).max(1_000), { error: INPUT_RULE })
      .max(40)
      .refine((options) => options[0]?.startsWith('-') !== false && !options.includes('-i'), {
        error: INPUT_RULE,
      })
      .optional()
      .describe('further options of ffmpeg for this input, as in ["-rtsp_transport", "tcp"]'),
    transcode: z
      .enum(['h264'])
      .optional()
      .describe(
        'h264: video that browsers cannot play (MJPEG and the like) is encoded anew, which costs a core',
      ),
  })
  .describe('for a source that begins with ffmpeg:');

const tls = z
  .strictObject({
    caFile: z.string().min(1).max(1_000).optional().describe('PEM file of the authority that signed for it'),
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{2}(?::?[0-9a-f]{2}){31}$/i, {
        error: 'a SHA-256 fingerprint, 64 hexadecimal digits, as the status of the camera names it',
      })
      .optional()
      .describe('of its certificate, whoever signed it'),
  })
  .refine((value) => (value.caFile === undefined) !== (value.fingerprint === undefined), {
    error: 'caFile or fingerprint, one of them',
  });

const rtspChoices = z.strictObject({
  keepAlive: z.enum(RTSP_CHOICES.keepAlive).optional().describe('request that keeps the session alive'),
  setUp: z
    .enum(RTSP_CHOICES.setUp)
    .optional()
    .describe('all: for a camera that sends nothing unless all its streams are set up'),
  sessionId: z
    .enum(RTSP_CHOICES.sessionId)
    .optional()
    .describe('which counts when each SETUP is answered with another session'),
  staleSession: z
    .enum(RTSP_CHOICES.staleSession)
    .optional()
    .describe('what is done about a session that could not be ended'),
  login: z
    .enum(RTSP_CHOICES.login)
    .optional()
    .describe('first: of several ways to log in the first that the camera names'),
});

const KEY_RULE = '16 to 128 of A-Z, a-z, 0-9, ., _, ~ and -';

const key = z
  .string({ error: KEY_RULE })
  .regex(/^[A-Za-z0-9._~-]{16,128}$/, { error: KEY_RULE })
  .describe('with source rtmp: the secret in rtmp://<server>/live/<id>?key=…, where the encoder pushes to');

const cameraKeys = z.strictObject({
  id: cameraId,
  name: z.string().min(1).max(200).optional().describe('for people; the id if it is left out'),
  source,
  key: key.optional(),
  enabled: z.boolean().optional().describe('false: the camera is known and not recorded'),
  audio: z
    .boolean()
    .optional()
    .describe('true: its sound is recorded as well; many laws forbid that in public places, so it is not'),
  retention: z
    .strictObject({
      continuous: kept.optional().describe('how long footage of it is kept in which nothing moved'),
      motion: kept.optional().describe('the same, in which something moved, or nobody looked'),
      event: kept.optional().describe('the same, in which something was done to the camera'),
    })
    .optional()
    .describe(
      'what is left out is as for all cameras, if they have it, and no shorter than what stands before',
    ),
  priority: z
    .enum(PRIORITIES)
    .optional()
    .describe('low: its footage goes first when a disk is full and nothing else can go'),
  transport: z
    .enum(RTSP_CHOICES.transport)
    .optional()
    .describe('how RTSP media comes; auto finds out, TCP first'),
  tls: tls
    .optional()
    .describe('by what an rtsps:// camera is known; the authorities of the system otherwise'),
  detect: detect.optional().describe('motion: whether, in which pictures and where it is looked for'),
  ffmpeg: ffmpeg.optional(),
  rtsp: rtspChoices.optional().describe('for a camera with which the automatic choice is wrong'),
});

/** One of `cameras`. */
export const camera = cameraKeys
  .refine(({ tls: trust, source: from }) => trust === undefined || /^rtsps:/i.test(from), {
    path: ['tls'],
    error: 'only with a source that is rtsps://',
  })
  .refine(({ transport, source: from }) => transport !== 'udp' || !/^rtsps:/i.test(from), {
    path: ['transport'],
    error: 'auto or tcp with rtsps://, as datagrams would not be encrypted',
  })
  .refine((value) => isRtsp(value.source) || (value.transport ?? value.rtsp) === undefined, {
    path: ['source'],
    error: 'an RTSP URL, as transport and rtsp are for nothing else',
  })
  .refine((value) => !isRtmp(value.source) || value.key !== undefined, {
    error: `the key that its encoder pushes with, as source is rtmp: ${KEY_RULE}`,
    path: ['key'],
  })
  .refine((value) => isRtmp(value.source) || value.key === undefined, {
    error: 'a key only where source is rtmp',
    path: ['key'],
  })
  .refine((value) => value.ffmpeg === undefined || isFfmpeg(value.source), {
    path: ['ffmpeg'],
    error: 'only with a source that begins with ffmpeg:',
  });
