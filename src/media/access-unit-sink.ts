import type { MonoMicros, WallMicros } from '../time/units.ts';
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
}

/** The access units of one camera with what else must be known of them: what a receiver of video writes to. */
export interface VideoSink extends AccessUnitSink {
  /** When the bytes that are handed on next were read; set once a read. */
  arrivalWall: WallMicros;
  arrivalMono: MonoMicros;
  /** A new stream begins; its parameter sets may be known from the session description. */
  begin(sets: ParameterSets): void;
}
