import { isIP } from 'node:net';
import { z } from 'zod';
import { DEFAULT_RECORD, LOG_LEVELS } from './config.ts';
import { formatDuration, parseDuration, parseSize } from './units.ts';

/**
 * The configuration file as written. `vigie check-config --schema` prints it as JSON Schema for editors, so each key
 * says what it is for. Messages say what is allowed; what was found is added where they are printed.
 */

const duration = (least: number, most: number) =>
  z.string().refine(
    (text) => {
      const micros = parseDuration(text);
      return micros !== undefined && micros >= least && micros <= most;
    },
    { error: `a duration from ${formatDuration(least)} to ${formatDuration(most)}, as in 90s, 15m, 24h` },
  );

const size = (least: number) =>
  z.string().refine((text) => (parseSize(text) ?? -1) >= least, {
    error: `a size of at least ${least / 2 ** 20}MiB, as in 512MiB, 10GiB`,
  });

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

const ID_RULE = '1 to 64 of a-z, 0-9 and -, not starting or ending with -';

const cameraId = z
  .string({ error: ID_RULE })
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, { error: ID_RULE })
  .describe('names the camera in addresses and in the paths of its files: never change it');

const SOURCE_RULE =
  'an RTSP URL, as in rtsp://user:password@10.0.1.17/stream1 (other sources are not supported by this version)';

const source = z
  .string({ error: SOURCE_RULE })
  .refine((text) => /^rtsp:\/\/[^\s]+$/i.test(text) && text.length <= 2_000, { error: SOURCE_RULE })
  .describe('where the video comes from, password included; write ${NAME} to take it from the environment');

const camera = z.strictObject({
  id: cameraId,
  name: z.string().min(1).max(200).optional().describe('for people; the id if it is left out'),
  source,
  enabled: z.boolean().optional().describe('false: the camera is known and not recorded'),
});

export const configSchema = z.strictObject({
  server: z.strictObject({ listen: listen.optional() }).optional(),
  catalog: z
    .strictObject({ sqlite: z.string().min(1).optional().describe('file of the database') })
    .optional(),
  storage: z
    .strictObject({
      local: z
        .strictObject({ path: z.string().min(1).optional().describe('folder of the recordings') })
        .optional(),
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
        .describe('threads; one carries about 300 cameras of 4 Mbit/s'),
      buffer: size(16 * 2 ** 20)
        .optional()
        .describe('memory for video on its way to disk, all cameras together; 512MiB'),
    })
    .optional(),
  ffmpeg: z
    .strictObject({ path: z.string().min(1).optional().describe('the bundled one if it is left out') })
    .optional(),
  log: z.strictObject({ level: z.enum(LOG_LEVELS).optional() }).optional(),
  cameras: z.array(camera).max(10_000).optional(),
});

export type ConfigFile = z.infer<typeof configSchema>;

/** Keys of the project's contract that come with later versions: refused by name, never passed over in silence. */
export const NOT_YET: Readonly<Record<string, string>> = {
  'catalog.postgres': 'PostgreSQL',
  'storage.s3': 'object storage',
  'storage.local.reserve': 'the free-space reserve',
  retention: 'retention',
  rtmp: 'RTMP',
  'cameras.*.detect': 'motion detection',
  'cameras.*.retention': 'retention',
  'cameras.*.key': 'RTMP',
};
