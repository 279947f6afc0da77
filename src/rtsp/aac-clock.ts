import type { AudioConfig } from '../media/audio-config.ts';

/**
 * Timestamps of AAC frames, of which only the first of a packet comes with one. Where the RTP clock cannot be that of
 * the sound (I20), what the timestamps count is anybody's guess: then frames are counted, and lost packets taken for
 * as long as the one before them.
 */
export class AacClock {
  readonly #samplesPerFrame: number;
  readonly #ticksPerFrame: number;
  readonly #counts: boolean;
  #packet = 0;
  #frames = 0;
  #framesBefore = 0;

  /** @param config with the clock rate that `aacClockRate` chose */
  constructor(config: AudioConfig, rtpClockRate: number) {
    this.#samplesPerFrame = config.samplesPerFrame;
    this.#ticksPerFrame = (config.samplesPerFrame * config.clockRate) / config.sampleRate;
    this.#counts = config.clockRate !== rtpClockRate;
  }

  beginPacket(timestamp: number, missing: number): void {
    if (this.#counts) {
      const lost = Math.max(0, missing) * this.#framesBefore;
      this.#packet += (this.#frames + lost) * this.#samplesPerFrame;
      this.#framesBefore = this.#frames;
    } else {
      this.#packet = timestamp;
    }
    this.#frames = 0;
  }

  /** Of the packet's next frame. */
  next(): number {
    return (this.#packet + Math.round(this.#frames++ * this.#ticksPerFrame)) >>> 0;
  }
}

/** The clock rate that an AAC stream's timestamps are taken to have: that of `rtpmap` if it can be true (I20). */
export function aacClockRate(sampleRate: number, outputRate: number, rtpClockRate: number): number {
  const credible = rtpClockRate === sampleRate || rtpClockRate === outputRate || rtpClockRate === 90_000;
  return credible ? rtpClockRate : sampleRate;
}
