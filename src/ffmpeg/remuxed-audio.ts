import type { AudioSink } from '../media/access-unit-sink.ts';
import { configOfAdts, createAdtsHeader, readAdtsHeader } from '../media/aac/adts.ts';
import { aacAudioConfig, parseAudioSpecificConfig } from '../media/aac/audio-specific-config.ts';
import { type AudioConfig, onVideoClock, uncompressedConfig } from '../media/audio-config.ts';
import { describedOpus, opusBox, opusConfig } from '../media/opus.ts';
import { MEDIA_TICKS_PER_SECOND } from '../time/units.ts';
import type { NutStream } from './nut-headers.ts';

type Codec = AudioConfig['codec'];

/** Tags of what is recorded. PCM of 16 bits only: `PSD` is little-endian, its mirror image big-endian. */
const CODECS: ReadonlyMap<string, Codec> = new Map([
  ...['mp4a', 'MP4A', '\u00ff\0\0\0', '\u0002\u0016\0\0', '\u0000\u0016\0\0'].map(
    (tag) => [tag, 'aac'] as const,
  ),
  ...['alaw', '\u0006\0\0\0'].map((tag) => [tag, 'pcma'] as const),
  ...['ulaw', '\u0007\0\0\0'].map((tag) => [tag, 'pcmu'] as const),
  ...['PSD\u0010', '\u0010DSP', 'sowt', 'twos'].map((tag) => [tag, 'pcm'] as const),
  ...['Opus', 'OPUS', 'opus'].map((tag) => [tag, 'opus'] as const),
]);
const LITTLE_ENDIAN: ReadonlySet<string> = new Set(['PSD\u0010', 'sowt']);

export const audioCodec = ({ kind, tag }: NutStream): Codec | undefined =>
  kind === 'audio' ? CODECS.get(tag) : undefined;

/** Writes the sound of one stream to a sink. What cannot be understood is left out: video goes on without it. */
export class RemuxedAudio {
  readonly #stream: NutStream;
  readonly #codec: Codec;
  readonly #sink: AudioSink;
  readonly #adts = createAdtsHeader();
  #begun = false;

  constructor(stream: NutStream, codec: Codec, sink: AudioSink) {
    this.#stream = stream;
    this.#codec = codec;
    this.#sink = sink;
  }

  frame(pts: number, source: Buffer, start: number, end: number): void {
    const adts = this.#adts;
    const hasHeader = this.#codec === 'aac' && readAdtsHeader(source, start, end, adts);
    const from = hasHeader ? start + adts.headerBytes : start;
    if (from >= end) return;
    if (!this.#begun) {
      const config = this.#configOf(hasHeader);
      if (!config) return;
      this.#begun = true;
      this.#sink.beginAudio(config);
    }
    this.#sink.audioFrame(this.#timestamp(pts), source, from, end);
  }

  /** As the pictures have it. */
  #timestamp(pts: number): number {
    const { numerator, denominator } = this.#stream.timeBase;
    return Math.round(pts * ((numerator * MEDIA_TICKS_PER_SECOND) / denominator)) >>> 0;
  }

  /** @param hasHeader there is an ADTS header, which tells all: a broadcast describes its AAC nowhere else */
  #configOf(hasHeader: boolean): AudioConfig | undefined {
    const config = this.#codecConfig(hasHeader);
    return config && onVideoClock(config, MEDIA_TICKS_PER_SECOND);
  }

  #codecConfig(hasHeader: boolean): AudioConfig | undefined {
    const { tag, channels, sampleRate, decoderConfig } = this.#stream;
    switch (this.#codec) {
      case 'aac': {
        const described = hasHeader ? configOfAdts(this.#adts) : new Uint8Array(decoderConfig);
        const aac = described && parseAudioSpecificConfig(described);
        return aac && aacAudioConfig(aac, described, MEDIA_TICKS_PER_SECOND);
      }
      case 'opus': {
        const box = opusBox(decoderConfig);
        return box ? describedOpus(box) : opusConfig(channels);
      }
      case 'pcma':
      case 'pcmu':
      case 'pcm':
        if (sampleRate === 0 || channels === 0) return undefined;
        return uncompressedConfig(this.#sampleEntry(tag), sampleRate, channels);
    }
  }

  #sampleEntry(tag: string): 'alaw' | 'ulaw' | 'sowt' | 'twos' {
    if (this.#codec === 'pcma') return 'alaw';
    if (this.#codec === 'pcmu') return 'ulaw';
    return LITTLE_ENDIAN.has(tag) ? 'sowt' : 'twos';
  }
}
