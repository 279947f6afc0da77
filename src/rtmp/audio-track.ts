import type { AudioSink } from '../media/access-unit-sink.ts';
import { aacAudioConfig, parseAudioSpecificConfig } from '../media/aac/audio-specific-config.ts';
import { type AudioConfig, onVideoClock, sameAudio, uncompressedConfig } from '../media/audio-config.ts';
import { describedOpus, opusBox } from '../media/opus.ts';
import type { AudioTag } from './audio-tag.ts';

/** Timestamps of RTMP are milliseconds. */
const CLOCK_RATE = 1_000;
const G711_RATE = 8_000;
const MAX_CONFIG_BYTES = 1_024;

/** Audio messages of one publisher as frames of sound. What is not recorded here is passed over. */
export class AudioTrack {
  readonly #sink: AudioSink;
  #config: AudioConfig | undefined;

  constructor(sink: AudioSink) {
    this.#sink = sink;
  }

  /** `tag` has been read from `bytes`, and is a `config` that ends at `end`. */
  config(tag: AudioTag, bytes: Buffer, end: number): void {
    const data = Uint8Array.from(
      bytes.subarray(tag.dataStart, Math.min(end, tag.dataStart + MAX_CONFIG_BYTES)),
    );
    const config =
      tag.codec === 'aac' ? aacConfig(data) : tag.codec === 'opus' ? opusTrackConfig(data) : undefined;
    if (config) this.#use(config);
  }

  /** @param timestamp milliseconds, unsigned 32-bit */
  frame(tag: AudioTag, bytes: Buffer, end: number, timestamp: number): void {
    if (end <= tag.dataStart) return;
    if (tag.codec === 'pcma' || tag.codec === 'pcmu') {
      if (this.#config?.codec !== tag.codec || this.#config.channels !== tag.channels) {
        this.#use(g711Config(tag.codec, tag.channels));
      }
    }
    if (this.#config?.codec === tag.codec) this.#sink.audioFrame(timestamp, bytes, tag.dataStart, end);
  }

  /** Encoders send their configuration again and again: only another one is news. */
  #use(config: AudioConfig): void {
    if (this.#config && sameAudio(this.#config, config)) return;
    this.#config = config;
    this.#sink.beginAudio(config);
  }
}

function aacConfig(data: Uint8Array): AudioConfig | undefined {
  const aac = parseAudioSpecificConfig(data);
  return aac && onVideoClock(aacAudioConfig(aac, data, CLOCK_RATE), CLOCK_RATE);
}

function opusTrackConfig(head: Uint8Array): AudioConfig | undefined {
  const box = opusBox(head);
  return box && onVideoClock(describedOpus(box), CLOCK_RATE);
}

const g711Config = (codec: 'pcma' | 'pcmu', channels: number): AudioConfig =>
  onVideoClock(uncompressedConfig(codec === 'pcma' ? 'alaw' : 'ulaw', G711_RATE, channels), CLOCK_RATE);
