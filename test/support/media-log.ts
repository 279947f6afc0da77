import type { MediaSink } from '../../src/media/access-unit-sink.ts';
import type { AudioConfig } from '../../src/media/audio-config.ts';
import type { ParameterSets } from '../../src/media/parameter-sets.ts';
import { monoMicros, wallMicros } from '../../src/time/units.ts';

/** A sink that writes down what it is told, one line each. */
export class MediaLog implements MediaSink {
  readonly lines: string[] = [];
  readonly audio: AudioConfig[] = [];
  arrivalWall = wallMicros(0);
  arrivalMono = monoMicros(0);

  begin(sets: ParameterSets): void {
    this.lines.push(`begin ${sets.codec}`);
  }
  beginNal(): void {
    this.lines.push('nal');
  }
  writeByte(value: number): void {
    this.lines.push(`byte ${value}`);
  }
  write(source: Buffer, start: number, end: number): void {
    this.lines.push(`${this.lines.pop()} ${source.toString('hex', start, end)}`);
  }
  endNal(): void {}
  parameterSet(source: Buffer, start: number, end: number): void {
    this.lines.push(`set ${source.toString('hex', start, end)}`);
  }
  endAccessUnit(timestamp: number, key: boolean): void {
    this.lines.push(`picture ${timestamp}${key ? ' key' : ''}`);
  }
  abandonAccessUnit(): void {
    this.lines.push('abandoned');
  }
  beginAudio(config: AudioConfig): void {
    this.audio.push(config);
    this.lines.push(`sound ${config.codecs} ${config.sampleRate} ${config.channels}`);
  }
  audioFrame(timestamp: number, source: Buffer, start: number, end: number): void {
    this.lines.push(`frame ${timestamp} ${source.toString('hex', start, end)}`);
  }
}
