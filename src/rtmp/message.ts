/** Message types (Adobe RTMP 1.0, sections 5.4 and 7.1). */
export const MESSAGE = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowSize: 5,
  peerBandwidth: 6,
  audio: 8,
  video: 9,
  commandAmf3: 17,
  data: 18,
  command: 20,
} as const;

/** One message; the same object for all of a connection, valid until the call that hands it over returns. */
export interface RtmpMessage {
  type: number;
  /** Message stream: 0 for the connection itself. */
  streamId: number;
  /** Milliseconds, unsigned 32-bit, from any zero. */
  timestamp: number;
  /** Its bytes are the first `length` of this. */
  payload: Buffer;
  length: number;
}
