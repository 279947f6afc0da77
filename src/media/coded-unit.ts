/** A coded picture that is being received: NAL units, each behind its length in four bytes, wherever they lie. */
export interface CodedUnit {
  readonly unitBytes: number;
  /**
   * Copies what begins at `offset` into `target`, as much as there is and fits; allocates nothing.
   * @returns bytes copied
   */
  peek(offset: number, target: Uint8Array): number;
}
