/**
 * The samples of one fragment, as columns: the recorder fills it a frame at a time and the writer turns it into
 * a `trun`, with no object a sample.
 */
export interface SampleTable {
  readonly count: number;
  /** Bytes of each sample. */
  readonly sizes: Uint32Array;
  /** Ticks until the next sample in decoding order. */
  readonly durations: Uint32Array;
  /** Presentation minus decoding time, ticks; all zero unless the stream has B-frames. */
  readonly compositionOffsets: Int32Array;
  /** 1 for a random access point, else 0. */
  readonly keys: Uint8Array;
}
