import { type AdtsHeader, configOfAdts, createAdtsHeader, readAdtsHeader } from '../media/aac/adts.ts';
import { aacAudioConfig, parseAudioSpecificConfig } from '../media/aac/audio-specific-config.ts';
import type { AudioSink } from '../media/access-unit-sink.ts';
import { type AudioConfig, sameAudio } from '../media/audio-config.ts';
import { AacClock, aacClockRate } from './aac-clock.ts';
import type { AudioDepacketizer } from './audio-depacketizer.ts';

/** How AU headers are laid out, from `fmtp` (RFC 3640 section 4.1). */
export interface AacPacking {
  readonly kind: 'aac';
  /** Bits of each field of an AU header. */
  readonly sizeLength: number;
  /** `undefined`: not told. */
  readonly indexLength: number | undefined;
  readonly indexDeltaLength: number | undefined;
  /** Of `rtpmap`. */
  readonly clockRate: number;
}

/** RFC 3640 section 3.3.6, for cameras that leave it out (E28). */
const USUAL_INDEX_LENGTH = 3;
/** An AAC frame has 768 bytes a channel at most (ISO/IEC 14496-3 section 4.5.1.1). */
const MAX_FRAME_BYTES = 16 * 1024;

/**
 * AAC over RTP, RFC 3640: whole frames, one or several a packet, or one in fragments.
 *
 *     +-----------------------+----------------+----------------+---------+----------+----------+----
 *     | bits of headers, 16   | size | index   | size | delta   | padding | frame 1  | frame 2  | …
 *     +-----------------------+----------------+----------------+---------+----------+----------+----
 *
 * What cameras make of it (K1): no headers at all, headers of no length, ADTS in front of each frame with or without
 * headers; and an ADTS header then tells better than the session description what the sound is.
 */
export class AacDepacketizer implements AudioDepacketizer {
  damaged = 0;

  readonly #packing: AacPacking;
  readonly #sink: AudioSink;
  #config: AudioConfig;
  #clock: AacClock;
  #timestamp = 0;
  /** A frame that comes in fragments. */
  readonly #frame = Buffer.allocUnsafe(MAX_FRAME_BYTES);
  #frameBytes = 0;
  #frameWanted = 0;
  readonly #adts: AdtsHeader = createAdtsHeader();
  #fingerprint = -1;

  constructor(config: AudioConfig, packing: AacPacking, sink: AudioSink) {
    this.#config = config;
    this.#packing = packing;
    this.#sink = sink;
    this.#clock = new AacClock(config, packing.clockRate);
  }

  packet(
    buffer: Buffer,
    start: number,
    end: number,
    timestamp: number,
    _marker: boolean,
    missing: number,
  ): void {
    if (missing !== 0 || timestamp !== this.#timestamp) this.#abandon();
    this.#timestamp = timestamp;
    // The fragments of a frame are one packet to the clock.
    if (this.#frameWanted === 0) this.#clock.beginPacket(timestamp, missing);
    if (end - start < 2) {
      this.#abandon();
      this.damaged++;
      return;
    }
    const headerBits = buffer.readUInt16BE(start);
    // So many bits of headers that they must be something else: ADTS without any.
    if (readAdtsHeader(buffer, start, end, this.#adts)) this.#adtsFrames(buffer, start, end);
    else if (headerBits === 0) this.#whole(buffer, start + 2, end);
    else this.#withHeaders(buffer, start + 2, end, headerBits);
  }

  #withHeaders(buffer: Buffer, headersAt: number, end: number, headerBits: number): void {
    const { sizeLength } = this.#packing;
    // Where the camera does not say, so many headers of the usual length, or else without an index.
    const usual = headerBits % (sizeLength + USUAL_INDEX_LENGTH) === 0 ? USUAL_INDEX_LENGTH : 0;
    const { indexLength = usual, indexDeltaLength = usual } = this.#packing;
    const payloadAt = headersAt + ((headerBits + 7) >> 3);
    const headersEnd = headersAt * 8 + headerBits;
    let bit = headersAt * 8;
    let at = payloadAt;
    if (payloadAt > end) {
      this.#abandon();
      this.damaged++;
      return;
    }
    for (let frames = 0; bit + sizeLength <= headersEnd && at < end; frames++) {
      const size = bitsAt(buffer, bit, sizeLength);
      bit += sizeLength;
      const indexBits = frames === 0 ? indexLength : indexDeltaLength;
      const index = bitsAt(buffer, bit, indexBits);
      bit += indexBits;
      if (size === 0 || (frames > 0 && index !== 0)) {
        // Interleaved frames (section 3.2.3.2) belong between others: no camera sends them.
        this.damaged++;
        return;
      }
      if (at + size > end || this.#frameWanted > 0) {
        this.#fragment(buffer, at, end, size);
        return;
      }
      this.#whole(buffer, at, at + size);
      at += size;
    }
  }

  /** One fragment a packet, each with the size of the whole frame (section 3.2.3.1). */
  #fragment(buffer: Buffer, start: number, end: number, size: number): void {
    if (this.#frameWanted > 0 && this.#frameWanted !== size) this.#abandon();
    if (this.#frameBytes + end - start > Math.min(size, MAX_FRAME_BYTES)) {
      this.#abandon();
      this.damaged++;
      return;
    }
    this.#frameWanted = size;
    this.#frameBytes += buffer.copy(this.#frame, this.#frameBytes, start, end);
    if (this.#frameBytes < size) return;
    this.#frameWanted = 0;
    this.#frameBytes = 0;
    this.#whole(this.#frame, 0, size);
  }

  #whole(source: Buffer, start: number, end: number): void {
    if (readAdtsHeader(source, start, end, this.#adts)) this.#adtsFrames(source, start, end);
    else if (end > start) this.#sink.audioFrame(this.#clock.next(), source, start, end);
  }

  /** Frames with ADTS in front of each, up to the first thing that is none. */
  #adtsFrames(source: Buffer, start: number, end: number): void {
    const adts = this.#adts;
    let at = start;
    while (at < end) {
      if (!readAdtsHeader(source, at, end, adts) || at + adts.frameBytes > end) {
        this.damaged++;
        return;
      }
      if (adts.fingerprint !== this.#fingerprint) this.#believe(adts);
      const frameAt = at + adts.headerBytes;
      at += adts.frameBytes;
      if (at > frameAt) this.#sink.audioFrame(this.#clock.next(), source, frameAt, at);
    }
  }

  /** What stands in front of every frame is right; the session description may say nothing, or something else. */
  #believe(adts: AdtsHeader): void {
    this.#fingerprint = adts.fingerprint;
    const bytes = configOfAdts(adts);
    const aac = bytes && parseAudioSpecificConfig(bytes);
    // ADTS cannot tell of SBR: a description that announces it for this core is the better one.
    if (!aac || (aac.sampleRate === this.#config.sampleRate && aac.channels === this.#config.channels))
      return;
    const { clockRate } = this.#packing;
    const config = aacAudioConfig(aac, bytes, aacClockRate(aac.sampleRate, aac.outputRate, clockRate));
    if (sameAudio(config, this.#config)) return;
    this.#config = config;
    this.#clock = new AacClock(config, clockRate);
    this.#clock.beginPacket(this.#timestamp, 0);
    this.#sink.beginAudio(config);
  }

  #abandon(): void {
    if (this.#frameWanted > 0) this.damaged++;
    this.#frameWanted = 0;
    this.#frameBytes = 0;
  }
}

/** Up to 16 bits from a bit position on; the caller has seen that they are there. */
function bitsAt(buffer: Buffer, bit: number, count: number): number {
  let value = 0;
  for (let i = bit; i < bit + count; i++)
    value = (value << 1) | (((buffer[i >> 3] ?? 0) >> (7 - (i & 7))) & 1);
  return value;
}
