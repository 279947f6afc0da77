/**
 * One read of a file and one write to a socket: large enough that the cost is copying bytes and not calls, small
 * enough that a stream holds little.
 */
export const BLOCK_BYTES = 1024 * 1024;
/** Blocks kept for the next stream when nobody needs them. */
const SPARE_BLOCKS = 16;

const spare: Buffer[] = [];

/** Memory for one block. How many are out is bounded by who may stream, not here. */
export const takeBlock = (): Buffer => spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);

/** Only for a block that neither the disk nor a socket still uses; one in doubt is left to the collector. */
export function returnBlock(block: Buffer): void {
  if (spare.length < SPARE_BLOCKS) spare.push(block);
}
