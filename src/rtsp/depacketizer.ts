/** Takes the payload of RTP packets, in order, and hands NAL units on. One a video track. */
export interface Depacketizer {
  /**
   * @param buffer shared read buffer; the payload is [start, end) and only valid during the call
   * @param timestamp RTP timestamp, unsigned 32-bit
   * @param lost packets are missing right before this one
   */
  packet(buffer: Buffer, start: number, end: number, timestamp: number, marker: boolean, lost: boolean): void;
  /** Pictures dropped because of lost or senseless packets. */
  readonly damaged: number;
}
