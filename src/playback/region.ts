import { type Box, HEAT } from '../catalog/motion.ts';

/** A cell counts when more than so much of its width and height lies in the region: a hand draws no exact borders. */
const LEAST_SHARE = 0.1;

/** Which cells of the map of where motion was are in a region; at least one. */
export function cellsIn(region: Box): readonly number[] {
  const columns = within(region.x, region.width, HEAT.columns);
  const rows = within(region.y, region.height, HEAT.rows);
  return rows.flatMap((row) => columns.map((column) => row * HEAT.columns + column));
}

/** How much moved in the cells in that minute, 0 to 1: in the one in which most did. */
export function movedIn(heat: Uint8Array | null, cells: readonly number[]): number {
  let most = 0;
  if (heat) for (const cell of cells) most = Math.max(most, heat[cell] ?? 0);
  return most / 255;
}

export const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

function within(from: number, length: number, cells: number): number[] {
  const first = Math.min(cells - 1, Math.floor(from * cells + LEAST_SHARE));
  const last = Math.min(cells - 1, Math.max(first, Math.ceil((from + length) * cells - LEAST_SHARE) - 1));
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
