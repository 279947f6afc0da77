import type { SenderClock } from '../time/sender-clock.ts';
import type { MonoMicros, WallMicros } from '../time/units.ts';
import type { AudioConfig } from './audio-config.ts';
import type { ParameterSets } from './parameter-sets.ts';

/**
 * Where a depacketizer puts what it unpacks: NAL units of the picture being received, byte ranges of the shared
 * read buffer that must be copied or forgotten before the call returns.
 */
export interface AccessUnitSink {
  beginNal(): void;
  writeByte(value: number): void;
  write(source: Buffer, start: number, end: number): void;
  endNal(): void;
  /** A whole VPS, SPS or PPS: it belongs into the decoder configuration, not into the samples. */
  parameterSet(source: Buffer, start: number, end: number): void;
  /**
   * Every NAL unit of the picture has been written.
   * @param timestamp RTP timestamp, unsigned 32-bit
   * @param key decoding can start here
   */
  endAccessUnit(timestamp: number, key: boolean): void;
  /** A part of the picture was lost: what was written of it is void. */
  abandonAccessUnit(): void;
  /** Packets were lost, with whole pictures in them perhaps, before what comes next: that may lean on them. */
  packetsMissing?(): void;
}

/** The access units of one camera with what else must be known of them: what a receiver of video writes to. */
export interface VideoSink extends AccessUnitSink {
  /** When the bytes that are handed on next were read; set once a read. */
  arrivalWall: WallMicros;
  arrivalMono: MonoMicros;
  /** Where a receiver of RTP puts what the camera says of its clock; outlives the connection. */
  readonly senderClock?: SenderClock;
  /** A new stream begins; its parameter sets may be known from the session description. */
  begin(sets: ParameterSets): void;
}

/** Where the sound of a camera goes. What comes of it, or does not come, never holds up the video. */
export interface AudioSink {
  /** The camera has sound, or another one than before. May be called again, and before or after `begin`. */
  beginAudio(config: AudioConfig): void;
  /**
   * One coded frame: an AAC access unit, an Opus packet, or any number of uncompressed samples.
   * @param timestamp of its first sample, in ticks of `AudioConfig.clockRate`, unsigned 32-bit; on the video's own time
   *   base where the configuration says `sharesVideoClock`
   * @param source shared read buffer; the frame is [start, end) and only valid during the call
   */
  audioFrame(timestamp: number, source: Buffer, start: number, end: number): void;
}

/** What a camera's source writes to. */
export interface MediaSink extends VideoSink, AudioSink {}
