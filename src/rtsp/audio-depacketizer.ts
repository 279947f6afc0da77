import type { AudioSink } from '../media/access-unit-sink.ts';
import { AacDepacketizer } from './audio-depacketizer-aac.ts';
import { LatmDepacketizer } from './audio-depacketizer-latm.ts';
import type { AudioMedia } from './audio-media.ts';

/** Takes the payload of RTP packets, in order, and hands frames of sound on. One an audio track. */
export interface AudioDepacketizer {
  /**
   * @param buffer shared read buffer; the payload is [start, end) and only valid during the call
   * @param timestamp RTP timestamp, unsigned 32-bit
   * @param missing packets that are missing right before this one; -1: the source counts anew
   */
  packet(
    buffer: Buffer,
    start: number,
    end: number,
    timestamp: number,
    marker: boolean,
    missing: number,
  ): void;
  /** Packets and frames dropped because they made no sense, or a part of them was lost. */
  readonly damaged: number;
}

export function audioDepacketizer(audio: AudioMedia, sink: AudioSink): AudioDepacketizer {
  switch (audio.packing.kind) {
    case 'aac':
      return new AacDepacketizer(audio.config, audio.packing, sink);
    case 'latm':
      return new LatmDepacketizer(audio.config, audio.packing, sink);
    case 'plain':
      return new PlainDepacketizer(audio.config.bytesPerSample, sink);
  }
}

/** G.711, PCM (RFC 3551 section 4.5) and Opus (RFC 7587): a packet is a frame, of whatever length (K2). */
class PlainDepacketizer implements AudioDepacketizer {
  damaged = 0;

  readonly #bytesPerSample: number;
  readonly #sink: AudioSink;

  constructor(bytesPerSample: number, sink: AudioSink) {
    this.#bytesPerSample = Math.max(1, bytesPerSample);
    this.#sink = sink;
  }

  packet(buffer: Buffer, start: number, end: number, timestamp: number): void {
    // Half a sample at the end would shift every sample behind it.
    const whole = end - ((end - start) % this.#bytesPerSample);
    if (whole > start) this.#sink.audioFrame(timestamp, buffer, start, whole);
    if (whole !== end) this.damaged++;
  }
}
