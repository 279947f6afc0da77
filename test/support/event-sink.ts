import type { MediaSink } from '../../src/media/access-unit-sink.ts';
import type { AudioConfig } from '../../src/media/audio-config.ts';
import type { ParameterSets } from '../../src/media/parameter-sets.ts';
import { monoMicros, wallMicros } from '../../src/time/units.ts';

export interface SinkPicture {
  readonly timestamp: number;
  readonly key: boolean;
  readonly nals: readonly Buffer[];
}

/** Keeps everything that a source writes. */
export class EventSink implements MediaSink {
  arrivalWall = wallMicros(0);
  arrivalMono = monoMicros(0);
  sets: ParameterSets | undefined;
  readonly inBandSets: Buffer[] = [];
  readonly pictures: SinkPicture[] = [];
  readonly audio: AudioConfig[] = [];
  readonly sound: { readonly timestamp: number; readonly bytes: Buffer }[] = [];
  abandoned = 0;
  #nals: Buffer[] = [];
  #nal: Buffer[] = [];

  begin(sets: ParameterSets): void {
    this.sets = sets;
  }

  beginNal(): void {
    this.#nal = [];
  }

  writeByte(value: number): void {
    this.#nal.push(Buffer.of(value));
  }

  write(source: Buffer, start: number, end: number): void {
    this.#nal.push(Buffer.from(source.subarray(start, end)));
  }

  endNal(): void {
    this.#nals.push(Buffer.concat(this.#nal));
  }

  parameterSet(source: Buffer, start: number, end: number): void {
    this.inBandSets.push(Buffer.from(source.subarray(start, end)));
    this.sets?.put(source.subarray(start, end));
  }

  endAccessUnit(timestamp: number, key: boolean): void {
    this.pictures.push({ timestamp, key, nals: this.#nals });
    this.#nals = [];
  }

  abandonAccessUnit(): void {
    this.abandoned++;
    this.#nals = [];
  }

  beginAudio(config: AudioConfig): void {
    this.audio.push(config);
  }

  audioFrame(timestamp: number, source: Buffer, start: number, end: number): void {
    this.sound.push({ timestamp, bytes: Buffer.from(source.subarray(start, end)) });
  }
}
