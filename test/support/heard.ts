import type { MediaSink } from '../../src/media/access-unit-sink.ts';
import type { AudioConfig } from '../../src/media/audio-config.ts';
import { monoMicros, wallMicros } from '../../src/time/units.ts';

/** Keeps the sound that a receiver hands on. */
export class HeardSink implements MediaSink {
  arrivalWall = wallMicros(0);
  arrivalMono = monoMicros(0);
  readonly configs: AudioConfig[] = [];
  readonly frames: { readonly timestamp: number; readonly bytes: Buffer }[] = [];

  beginAudio(config: AudioConfig): void {
    this.configs.push(config);
  }

  audioFrame(timestamp: number, source: Buffer, start: number, end: number): void {
    this.frames.push({ timestamp, bytes: Buffer.from(source.subarray(start, end)) });
  }

  begin(): void {}
  beginNal(): void {}
  writeByte(): void {}
  write(): void {}
  endNal(): void {}
  parameterSet(): void {}
  endAccessUnit(): void {}
  abandonAccessUnit(): void {}
}
