/** What a decoder must know before the first picture, and what a person wants to know about the stream. */
export interface VideoConfig {
  readonly codec: 'h264' | 'h265';
  /** RFC 6381 codecs parameter, as in `avc1.640028` or `hvc1.1.6.L120.90`. */
  readonly codecs: string;
  /** Pixels after cropping; 0 when the sequence parameter set could not be read: that never stops a recording. */
  readonly width: number;
  readonly height: number;
  /** Width to height of one pixel, `{1, 1}` when the stream does not say. */
  readonly pixelAspect: { readonly width: number; readonly height: number };
  /** Frames per second as the stream declares it, for display only: durations come from timestamps. 0 = not declared. */
  readonly declaredFrameRate: number;
  /** Payload of the `avcC` or `hvcC` box (ISO/IEC 14496-15), without its box header. */
  readonly decoderConfig: Uint8Array;
}
