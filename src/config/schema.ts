import { isIP } from 'node:net';
import { z } from 'zod';
import { camera } from './camera-schema.ts';
import { DEFAULT_RECORD, DEFAULT_RETENTION, DEFAULT_S3, LOG_LEVELS } from './config.ts';
import { duration, kept, size } from './schema-parts.ts';
import { formatDuration, parseRate } from './units.ts';
import { checkWebhooks, webhooks } from './webhook-schema.ts';

/**
 * The configuration file as written. `vigie check-config --schema` prints it as JSON Schema for editors, so each key
 * says what it is for. Messages say what is allowed; what was found is added where they are printed.
 */

/** `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`. */
const LISTEN = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/;

export function parseListen(text: string): { host: string; port: number } | undefined {
  const match = LISTEN.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) return undefined;
  return { host: (match[1] ?? match[2]) as string, port };
}

export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1';
}

/** As `parseListen`, for the loopback address; otherwise what is allowed. */
export function parseLoopbackListen(text: string): { host: string; port: number } | string {
  const result = listen.safeParse(text);
  if (!result.success) return result.error.issues[0]?.message ?? '';
  return parseListen(text) as { host: string; port: number };
}

const anyListen = z
  .string()
  .refine((text) => parseListen(text) !== undefined, { error: 'host:port, as in 0.0.0.0:1935' })
  .describe('address that encoders push to; 0.0.0.0:1935');

const listen = z
  .string()
  .refine((text) => parseListen(text) !== undefined, {
    error: 'host:port, as in 127.0.0.1:8080',
    abort: true,
  })
  .refine((text) => isLoopback(parseListen(text)?.host ?? ''), {
    error:
      'a loopback address (127.0.0.1, ::1, localhost): until accounts exist, whoever reaches the port sees every camera',
  })
  .describe('address of the web page and the API');

/** `40000-40999`; at least one pair of an even port and the next. */
export function parsePortRange(text: string): { from: number; to: number } | undefined {
  const match = /^(\d{1,5})\s?-\s?(\d{1,5})$/.exec(text);
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  return match && from >= 1_024 && to <= 65_535 && to - from >= 2 ? { from, to } : undefined;
}
const text = (most: number) => z.string().min(1).max(most);

const ENDPOINT_RULE = 'an address, as in https://s3.example.org or http://10.0.0.5:9000';

const s3 = z
  .strictObject({
    endpoint: z
      .string()
      .refine((value) => /^https?:\/\/[^\s/?#@]+\/?$/i.test(value), { error: ENDPOINT_RULE })
      .optional()
      .describe('address of the store; that of AWS for the region if it is left out'),
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { error: '3 to 63 of a-z, 0-9, . and -' })
      .describe('where recordings go; it has to be there, see createBucket'),
    prefix: z
      .string()
      .regex(/^[\w.-]+(?:\/[\w.-]+)*$/, { error: 'words separated by /, as in vigie or city/vigie' })
      .max(200)
      .optional()
      .describe('before the name of every object'),
    region: text(100).optional().describe(`${DEFAULT_S3.region} if it is left out`),
    accessKeyId: text(200).optional().describe('with secretAccessKey; the environment is asked otherwise'),
    secretAccessKey: text(500).optional(),
    createBucket: z.boolean().optional().describe('true: create the bucket if it is not there'),
    pathStyle: z
      .boolean()
      .optional()
      .describe("the bucket in the path, not in the host's name: true with an endpoint, false for AWS"),
    caFile: text(1_000).optional().describe("PEM file of the authority behind the endpoint's certificate"),
    storageClass: text(100).optional().describe('as in STANDARD_IA; the default of the bucket otherwise'),
    encryption: z.enum(['AES256', 'aws:kms']).optional().describe('server-side encryption'),
    kmsKeyId: text(500).optional().describe('for aws:kms'),
    concurrency: z.number().int().min(1).max(16).optional().describe('segments on their way at once; 4'),
    bandwidth: z
      .string()
      .refine((value) => (parseRate(value) ?? 0) >= 1e6, { error: 'bits a second, 1M or more, as in 800M' })
      .optional()
      .describe('at most so many bits a second; no limit if it is left out'),
    timeout: duration(1_000_000, 600_000_000)
      .optional()
      .describe('a request in which nothing moves for so long is given up; 20s'),
    warnAfter: duration(60_000_000, 30 * 86_400_000_000)
      .optional()
      .describe('footage that has waited longer makes the server not ready; 1h'),
  })
  .refine((value) => (value.accessKeyId === undefined) === (value.secretAccessKey === undefined), {
    error: 'accessKeyId and secretAccessKey, both or neither',
  });

const configKeys = z.strictObject({
  server: z.strictObject({ listen: listen.optional() }).optional(),
  rtmp: z
    .strictObject({ listen: anyListen.optional() })
    .optional()
    .describe('for cameras whose encoders push to us, each with its key'),
  catalog: z
    .strictObject({ sqlite: z.string().min(1).optional().describe('file of the database') })
    .optional(),
  storage: z
    .strictObject({
      local: z
        .strictObject({
          path: z.string().min(1).optional().describe('folder of the recordings'),
          reserve: size(2 ** 20)
            .optional()
            .describe('free space for which recordings make room; a twentieth of the disk, 10GiB at most'),
          dropStill: z
            .boolean()
            .optional()
            .describe(
              'true: when the disk is full, what shows nothing moving goes first, before its time; false',
            ),
        })
        .optional(),
      s3: s3.optional().describe('object storage that recordings are brought to'),
    })
    .optional(),
  record: z
    .strictObject({
      segment: duration(2_000_000, 3_600_000_000)
        .optional()
        .describe(`length of a file; ${formatDuration(DEFAULT_RECORD.segmentMicros)} if it is left out`),
      fragment: duration(500_000, 10_000_000)
        .optional()
        .describe(
          `longest piece that is written at once, and lost by a power cut; ${formatDuration(DEFAULT_RECORD.fragmentMicros)}`,
        ),
      sync: duration(100_000, 3_600_000_000)
        .optional()
        .describe(
          `longest time until what is written survives a power cut; ${formatDuration(DEFAULT_RECORD.syncMicros)}`,
        ),
      workers: z
        .number()
        .int()
        .min(1)
        .max(64)
        .optional()
        .describe('threads; one carries about 600 cameras of 4 Mbit/s'),
      buffer: size(16 * 2 ** 20)
        .optional()
        .describe(
          'memory for video on its way to disk, all cameras together; an eighth of the machine, 512MiB at least',
        ),
    })
    .optional(),
  motion: z
    .strictObject({
      decoders: z
        .number()
        .int()
        .min(1)
        .max(16)
        .optional()
        .describe('processes that decode key frames, for each codec; 1, or 2 where there are four cores'),
      streams: z
        .number()
        .int()
        .min(0)
        .max(2_000)
        .optional()
        .describe(
          'cameras of 640x360 of which every picture is decoded, at most, a process each, and fewer of larger pictures (one of 1920x1080 counts as nine); 16 for each core',
        ),
      workers: z
        .number()
        .int()
        .min(1)
        .max(16)
        .optional()
        .describe('threads that look at pictures; one looks at about 300 a second'),
    })
    .optional()
    .describe('what looking for motion may take'),
  retention: z
    .strictObject({
      continuous: kept
        .optional()
        .describe(
          `how long footage is kept in which nothing moved; ${formatDuration(DEFAULT_RETENTION.continuousMicros)}, or the maximum`,
        ),
      motion: kept
        .optional()
        .describe('how long footage is kept in which something moved, or nobody looked; as continuous'),
      event: kept
        .optional()
        .describe('how long footage is kept in which something was done to the camera; as motion'),
      local: kept
        .optional()
        .describe('how long footage that is safe in object storage also stays on this machine; 24h'),
      maximum: kept
        .optional()
        .describe(
          `what the law allows: nothing is ever kept longer; ${formatDuration(DEFAULT_RETENTION.maximumMicros)}`,
        ),
    })
    .optional(),
  rtsp: z
    .strictObject({
      udpPorts: z
        .string()
        .refine((value) => parsePortRange(value) !== undefined, {
          error: 'two ports from 1024 to 65535, as in 40000-40999',
        })
        .optional()
        .describe('local ports for cameras that send by UDP, two a camera; any if it is left out'),
    })
    .optional(),
  prices: z
    .strictObject({
      currency: z.string().min(1).max(10),
      gigabyteMonth: z.number().min(0).describe('of a gigabyte that is kept for a month'),
      thousandPuts: z.number().min(0).describe('of a thousand uploads'),
    })
    .optional()
    .describe('of the object store, for vigie plan'),
  ffmpeg: z
    .strictObject({ path: z.string().min(1).optional().describe('the bundled one if it is left out') })
    .optional(),
  log: z.strictObject({ level: z.enum(LOG_LEVELS).optional() }).optional(),
  webhooks: webhooks.optional(),
  cameras: z.array(camera).max(10_000).optional(),
});

export const configSchema = configKeys.superRefine(checkWebhooks);

export type ConfigFile = z.infer<typeof configSchema>;

/** Keys of the project's contract that come with later versions: refused by name, never passed over in silence. */
export const NOT_YET: Readonly<Record<string, string>> = {
  'catalog.postgres': 'PostgreSQL',
};
