import { type AacConfig, readAudioSpecificConfig } from '../media/aac/audio-specific-config.ts';
import type { AudioSink } from '../media/access-unit-sink.ts';
import type { AudioConfig } from '../media/audio-config.ts';
import { BitReader } from '../media/bit-reader.ts';
import { AacClock } from './aac-clock.ts';
import type { AudioDepacketizer } from './audio-depacketizer.ts';

/** AAC in LATM whose configuration stands in the session description. */
export interface LatmPacking {
  readonly kind: 'latm';
  /** Frames in one AudioMuxElement. */
  readonly framesPerElement: number;
  /** Of `rtpmap`. */
  readonly clockRate: number;
}

const MAX_ELEMENT_BYTES = 64 * 1024;
const LENGTH_GOES_ON = 255;

/**
 * AAC over RTP in the older way, `MP4A-LATM` of RFC 6416 (RFC 3016): an AudioMuxElement (ISO/IEC 14496-3 section
 * 1.7.3), in as many packets as it takes, the last of them marked. Each frame in it has its length in front, in bytes
 * that are added up until one is not 255.
 */
export class LatmDepacketizer implements AudioDepacketizer {
  damaged = 0;

  readonly #packing: LatmPacking;
  readonly #sink: AudioSink;
  readonly #clock: AacClock;
  readonly #element = Buffer.allocUnsafe(MAX_ELEMENT_BYTES);
  #bytes = 0;
  /** The rest of an element of which a part was lost is void. */
  #skipping = false;

  constructor(config: AudioConfig, packing: LatmPacking, sink: AudioSink) {
    this.#packing = packing;
    this.#sink = sink;
    this.#clock = new AacClock(config, packing.clockRate);
  }

  packet(
    buffer: Buffer,
    start: number,
    end: number,
    timestamp: number,
    marker: boolean,
    missing: number,
  ): void {
    if (missing !== 0 && this.#bytes > 0) this.#skip();
    if (this.#bytes === 0) this.#clock.beginPacket(timestamp, missing);
    if (!this.#skipping && this.#bytes + end - start > MAX_ELEMENT_BYTES) this.#skip();
    if (this.#skipping) {
      this.#skipping = !marker;
      return;
    }
    if (marker && this.#bytes === 0) {
      this.#frames(buffer, start, end);
      return;
    }
    this.#bytes += buffer.copy(this.#element, this.#bytes, start, end);
    if (!marker) return;
    const length = this.#bytes;
    this.#bytes = 0;
    this.#frames(this.#element, 0, length);
  }

  #frames(source: Buffer, start: number, end: number): void {
    let at = start;
    for (let frame = 0; frame < this.#packing.framesPerElement; frame++) {
      let length = 0;
      let part = LENGTH_GOES_ON;
      while (part === LENGTH_GOES_ON && at < end) {
        part = source[at++] as number;
        length += part;
      }
      if (part === LENGTH_GOES_ON || length === 0 || at + length > end) {
        this.damaged++;
        return;
      }
      this.#sink.audioFrame(this.#clock.next(), source, at, at + length);
      at += length;
    }
  }

  #skip(): void {
    this.damaged++;
    this.#bytes = 0;
    this.#skipping = true;
  }
}

/**
 * StreamMuxConfig (ISO/IEC 14496-3 section 1.7.3.1) of one program with one layer of AAC, all in one time.
 * @returns `undefined` when it is another kind, or cut short
 */
export function parseStreamMuxConfig(
  bytes: Uint8Array,
): { readonly aac: AacConfig; readonly framesPerElement: number } | undefined {
  const bits = new BitReader(bytes);
  const version = bits.bit();
  const sameTimeFraming = bits.flag();
  const framesPerElement = bits.bits(6) + 1;
  const programs = bits.bits(4);
  const layers = bits.bits(3);
  if (version !== 0 || !sameTimeFraming || programs !== 0 || layers !== 0) return undefined;
  const aac = readAudioSpecificConfig(bits);
  const frameLengthType = bits.bits(3);
  return aac && frameLengthType === 0 && !bits.overrun ? { aac, framesPerElement } : undefined;
}
