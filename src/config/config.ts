import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { usableMemory } from './memory.ts';

/** A validated configuration: units are in the names, defaults are filled in. */
export interface Config {
  readonly server: { readonly host: string; readonly port: number };
  /** Where encoders push to; `undefined`: nowhere. */
  readonly rtmp: { readonly host: string; readonly port: number } | undefined;
  readonly catalog: { readonly sqlite: string };
  readonly storage: {
    readonly path: string;
    /** Free space that recordings make room for; `undefined`: a twentieth of the disk, 10 GiB at most. */
    readonly reserveBytes: number | undefined;
    /** When the disk is full, footage in which nothing moved goes before any other that is nowhere else. */
    readonly dropStill: boolean;
    /** `undefined`: recordings stay on this machine. */
    readonly s3: S3Config | undefined;
  };
  /** For cameras that say nothing else. */
  readonly retention: Retained & {
    /** How long footage that is safe in the object store also stays on this machine. */
    readonly localMicros: number;
    /** No footage is ever kept longer. */
    readonly maximumMicros: number;
  };
  readonly record: {
    readonly segmentMicros: number;
    readonly fragmentMicros: number;
    readonly syncMicros: number;
    /** Threads that receive and write. */
    readonly workers: number;
    /** Memory for frames on their way to disk. */
    readonly bufferBytes: number;
  };
  readonly motion: MotionConfig;
  /** Local ports for cameras that send by UDP; `undefined`: any. */
  readonly udpPorts: PortRange | undefined;
  /** Of the object store, for `vigie plan`. */
  readonly prices: Prices | undefined;
  /** `undefined`: the bundled one. */
  readonly ffmpegPath: string | undefined;
  readonly logLevel: LogLevel;
  readonly webhooks: readonly WebhookConfig[];
  readonly cameras: readonly CameraConfig[];
}

/** What looking at pictures may take. */
export interface MotionConfig {
  /** Processes that decode key frames, for each codec. */
  readonly decoders: number;
  /** Cameras of 640x360 of which every picture is decoded, at most: each takes a process. Of larger pictures fewer. */
  readonly streams: number;
  /** Threads that look at what was decoded. */
  readonly workers: number;
}

/** How long footage is kept, by what happened in it: never shorter than the one before. */
export interface Retained {
  /** In which nothing is known to have happened. */
  readonly continuousMicros: number;
  /** In which something moved, or may have: nobody looked. */
  readonly motionMicros: number;
  /** In which something was done to the camera. */
  readonly eventMicros: number;
}

export interface CameraConfig {
  readonly id: string;
  readonly name: string;
  /** RTSP URL, `rtmp`, or `ffmpeg:` and anything that ffmpeg opens; with its password. */
  readonly source: string;
  /** Where an RTSP camera needs something else than the defaults. */
  readonly rtsp: Partial<RtspChoices>;
  /** By what an RTSPS camera is known; `undefined`: the authorities that the system knows. */
  readonly tls: TlsConfig | undefined;
  /** What its encoder pushes with: secret. Always there where `source` is `rtmp`, and nowhere else. */
  readonly key: string | undefined;
  readonly ffmpeg: CameraFfmpegConfig;
  readonly enabled: boolean;
  /**
   * Its sound is recorded as well. Only where somebody says so: in many countries cameras in public places must not
   * hear (in France none may, by the Code de la sécurité intérieure and CNIL), and footage cannot be unheard.
   */
  readonly audio: boolean;
  readonly retention: Retained;
  readonly priority: Priority;
  readonly detect: DetectConfig;
}

/** What is looked for in a camera's pictures. */
export interface DetectConfig {
  readonly enabled: boolean;
  /** A smaller stream that is looked at, with its password; `undefined`: the one that is recorded. */
  readonly source: string | undefined;
  readonly frames: (typeof DETECT_FRAMES)[number];
  /** Looked at in a second, where all pictures are decoded. */
  readonly fps: number;
  /** Where motion counts, and where it does not. */
  readonly zones: readonly ZoneConfig[];
}

/** Which pictures are looked at: see `WatchedFrames`. */
export const DETECT_FRAMES = ['keys', 'all', 'auto'] as const;

/** For how much something that moves in a zone counts. */
export const SENSITIVITIES = ['low', 'normal', 'high'] as const;

export interface ZoneConfig {
  readonly name: string;
  readonly kind: 'include' | 'ignore';
  /** Corners in the order of the outline, in shares of width and height from the upper left. */
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly sensitivity: (typeof SENSITIVITIES)[number];
  /** The share of the picture that an object covers at least. */
  readonly minimumSize: number;
}

export type TlsConfig =
  | { readonly kind: 'authority'; readonly caFile: string }
  | { readonly kind: 'fingerprint'; readonly sha256: string };

/** What can be chosen for an RTSP camera: see `RtspPolicies`. */
export const RTSP_CHOICES = {
  transport: ['auto', 'tcp', 'udp'],
  keepAlive: ['auto', 'GET_PARAMETER', 'OPTIONS', 'SET_PARAMETER', 'none'],
  setUp: ['needed', 'all'],
  sessionId: ['first', 'last'],
  staleSession: ['auto', 'release', 'wait', 'ignore'],
  login: ['strongest', 'first'],
} as const;
export type RtspChoices = {
  readonly [Name in keyof typeof RTSP_CHOICES]: (typeof RTSP_CHOICES)[Name][number] | undefined;
};

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** For a source that begins with `ffmpeg:`. */
export interface CameraFfmpegConfig {
  /** Options of ffmpeg that stand before its `-i`. */
  readonly input: readonly string[];
  /** Video that browsers cannot play is encoded anew; `undefined`: it is refused. */
  readonly transcode: 'h264' | undefined;
}

/** Whose footage goes first when a disk is full and nothing else can go, in that order. */
export const PRIORITIES = ['low', 'normal', 'high'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Who is told when events begin and end. */
export interface WebhookConfig {
  /** May hold a password or a token: secret. */
  readonly url: string;
  /** Signs what is sent. */
  readonly secret: string;
  /** PEM file of the authority that signed its certificate; `undefined`: one that the system knows. */
  readonly caFile: string | undefined;
  /** `undefined`: of all kinds. */
  readonly kinds: readonly WebhookKind[] | undefined;
  /** Ids; `undefined`: of all cameras. */
  readonly cameras: readonly string[] | undefined;
}

/** The kinds of events that the catalog has. */
export const WEBHOOK_KINDS = ['motion', 'covered', 'blinded', 'defocused', 'moved', 'frozen'] as const;
export type WebhookKind = (typeof WEBHOOK_KINDS)[number];

export interface Prices {
  readonly currency: string;
  readonly gigabyteMonth: number;
  readonly thousandPuts: number;
}

export interface S3Config {
  /** `undefined`: that of AWS for the region. */
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly bucket: string;
  /** Before every key, without a slash at its end; empty: nothing. */
  readonly prefix: string;
  /** `undefined`: those that the SDK finds around it (environment, shared files, instance role). */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  readonly createBucket: boolean;
  /** The bucket in the path, not in the host's name. */
  readonly pathStyle: boolean;
  /** PEM file of the authority that signed the endpoint's certificate. */
  readonly caFile: string | undefined;
  readonly storageClass: string | undefined;
  readonly encryption: string | undefined;
  readonly kmsKeyId: string | undefined;
  /** Segments on their way at once. */
  readonly concurrency: number;
  readonly bytesPerSecond: number;
  /** A request in which nothing moves is given up. */
  readonly timeoutMillis: number;
  /** Footage that waits longer makes the server not ready. */
  readonly warnAfterMicros: number;
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const DEFAULT_PORT = 8080;
export const DEFAULT_RTMP = { host: '0.0.0.0', port: 1935 } as const;
/**
 * A camera has half a fragment in memory, usually: 217 of 4 Mbit/s need 110 MB, and twice that when their key frames come
 * together. It is taken when it is needed, so much is allowed: what a slow disk cannot take yet has to be somewhere.
 */
const LEAST_BUFFER_BYTES = 512 * 2 ** 20;
const BUFFER_SHARE = 1 / 8;

export const defaultBufferBytes = (memoryBytes: number): number =>
  Math.max(LEAST_BUFFER_BYTES, Math.floor(BUFFER_SHARE * memoryBytes));

export const DEFAULT_RECORD = {
  segmentMicros: 60_000_000,
  fragmentMicros: 2_000_000,
  syncMicros: 5_000_000,
  workers: 1,
  bufferBytes: defaultBufferBytes(usableMemory()),
} as const;

/**
 * A thread looks at 300 pictures a second, a decoder makes 80 of 1080p from key frames; a stream of 640x360 takes a
 * hundredth of a core.
 */
export const DEFAULT_MOTION: MotionConfig = {
  decoders: availableParallelism() < 4 ? 1 : 2,
  streams: 16 * availableParallelism(),
  workers: 1,
};

const DAY_MICROS = 86_400_000_000;
export const DEFAULT_RETENTION = {
  continuousMicros: 30 * DAY_MICROS,
  motionMicros: 30 * DAY_MICROS,
  eventMicros: 30 * DAY_MICROS,
  localMicros: DAY_MICROS,
  maximumMicros: 30 * DAY_MICROS,
} as const;
export const DEFAULT_DETECT: DetectConfig = {
  enabled: true,
  source: undefined,
  frames: 'auto',
  fps: 5,
  zones: [],
};
export const DEFAULT_S3 = {
  region: 'us-east-1',
  concurrency: 4,
  timeoutMillis: 20_000,
  warnAfterMicros: 3_600_000_000,
} as const;

/** What runs without a configuration file: no cameras, everything in one folder. */
export function defaultConfig(dataFolder: string): Config {
  return {
    server: { host: '127.0.0.1', port: DEFAULT_PORT },
    rtmp: undefined,
    catalog: { sqlite: join(dataFolder, 'catalog.db') },
    storage: { path: join(dataFolder, 'segments'), reserveBytes: undefined, dropStill: false, s3: undefined },
    retention: DEFAULT_RETENTION,
    record: DEFAULT_RECORD,
    motion: DEFAULT_MOTION,
    udpPorts: undefined,
    prices: undefined,
    ffmpegPath: undefined,
    logLevel: 'info',
    webhooks: [],
    cameras: [],
  };
}
