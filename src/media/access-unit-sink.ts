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
