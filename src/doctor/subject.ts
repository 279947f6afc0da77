import type { CameraConfig, Config } from '../config/config.ts';

/** What is to run on this machine. */
export interface Subject {
  readonly config: Config;
  /** The file that it was read from; `undefined`: the defaults. */
  readonly configFile: string | undefined;
  /** Those that are enabled, or as many as are planned. */
  readonly cameras: number;
  /** Of each camera. */
  readonly bitrateBps: number;
  /** A server is at work with this catalog. */
  readonly running: boolean;
}

export const enabledCameras = ({ config }: Subject): readonly CameraConfig[] =>
  config.cameras.filter(({ enabled }) => enabled);

/** Bytes that arrive and are written. */
export const bytesPerSecond = ({ cameras, bitrateBps }: Subject): number => (cameras * bitrateBps) / 8;
