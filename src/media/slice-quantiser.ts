/**
 * The quantiser of a picture, from the head of its first slice: how coarsely it is coded says how much a byte of it
 * means, and it costs a few dozen bits to read, no decoding.
 */
export interface SliceQuantiserReader {
  /**
   * @param slice the beginning of a slice's NAL unit, its header included; 96 bytes are enough
   * @returns QP, at most 51, and below 0 for more than 8 bits a sample; `undefined` when the head cannot be read
   */
  read(slice: Uint8Array): number | undefined;
}
