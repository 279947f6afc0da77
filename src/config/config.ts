import { join } from 'node:path';

/** A validated configuration: units are in the names, defaults are filled in. */
export interface Config {
  readonly server: { readonly host: string; readonly port: number };
  readonly catalog: { readonly sqlite: string };
  readonly storage: { readonly path: string };
  readonly record: {
    readonly segmentMicros: number;
    readonly fragmentMicros: number;
    readonly syncMicros: number;
    /** Threads that receive and write. */
    readonly workers: number;
    /** Memory for frames on their way to disk. */
    readonly bufferBytes: number;
  };
  /** `undefined`: the bundled one. */
  readonly ffmpegPath: string | undefined;
  readonly logLevel: LogLevel;
  readonly cameras: readonly CameraConfig[];
}

export interface CameraConfig {
  readonly id: string;
  readonly name: string;
  /** RTSP URL, with its password. */
  readonly source: string;
  readonly enabled: boolean;
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const DEFAULT_PORT = 8080;
export const DEFAULT_RECORD = {
  segmentMicros: 60_000_000,
  fragmentMicros: 2_000_000,
  syncMicros: 5_000_000,
  workers: 1,
  bufferBytes: 512 * 2 ** 20,
} as const;

/** What runs without a configuration file: no cameras, everything in one folder. */
export function defaultConfig(dataFolder: string): Config {
  return {
    server: { host: '127.0.0.1', port: DEFAULT_PORT },
    catalog: { sqlite: join(dataFolder, 'catalog.db') },
    storage: { path: join(dataFolder, 'segments') },
    record: DEFAULT_RECORD,
    ffmpegPath: undefined,
    logLevel: 'info',
    cameras: [],
  };
}
