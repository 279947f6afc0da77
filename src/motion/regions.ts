import type { Components } from './components.ts';
import { BOX_CELL, HEAT_COLUMNS, HEAT_ROWS, MAX_BOXES } from './settings.ts';
import type { Shift } from './shift.ts';
import { countPixel, createCounted, weigh } from './zones/counted.ts';
import type { ZoneRaster } from './zones/zone-raster.ts';

/** Where something moves, pixels of the frame. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** Pixels in it that move. */
  readonly area: number;
}

export interface Regions {
  /** Largest first. */
  readonly boxes: readonly Box[];
  /** The share of each cell that moves, 0 to 255; rows of 16 from the top left. */
  readonly heat: Uint8Array;
  /** Pixels that move. */
  readonly area: number;
  /** The share of the picture that the largest blob of them counts for. */
  readonly largest: number;
  /** Names of the zones that something is in. */
  readonly zones: readonly string[];
}

/**
 * Sums up what moves for people and for the store, as far as it counts in a zone: blobs whose cells touch are one box,
 * since a person is often a head, a jacket and a pair of legs.
 */
export function summarise(
  found: Components,
  verdicts: Uint8Array,
  shift: Shift,
  raster: ZoneRaster,
): Regions {
  const { width, height } = raster;
  const [columns, rows] = [Math.ceil(width / BOX_CELL), Math.ceil(height / BOX_CELL)];
  const cells = new Uint16Array(columns * rows);
  const heat = new Uint32Array(HEAT_COLUMNS * HEAT_ROWS);
  const counted = createCounted(found, verdicts, raster);
  let area = 0;
  for (let run = 0; run < found.runs; run++) {
    const blob = found.blob[run] as number;
    const accepted = counted.accepted[blob] as number;
    const y = (found.row[run] as number) + shift.y;
    if (accepted === 0 || y < 0 || y >= height) continue;
    const heatRow = Math.floor((y * HEAT_ROWS) / height) * HEAT_COLUMNS;
    const cellRow = Math.floor(y / BOX_CELL) * columns;
    const end = Math.min(width, (found.end[run] as number) + shift.x);
    for (let x = Math.max(0, (found.start[run] as number) + shift.x); x < end; x++) {
      const bits = (raster.bits[y * width + x] as number) & accepted;
      if (bits === 0) continue;
      (heat[heatRow + Math.floor((x * HEAT_COLUMNS) / width)] as number)++;
      (cells[cellRow + Math.floor(x / BOX_CELL)] as number)++;
      area++;
      countPixel(counted, raster, blob, bits);
    }
  }
  const cellPixels = (width * height) / heat.length;
  const { largest, touched } = weigh(counted, raster);
  return {
    boxes: joinCells(cells, columns, rows, width, height),
    heat: Uint8Array.from(heat, (count) => Math.min(255, Math.ceil((count * 255) / cellPixels))),
    ...{ area, largest, zones: touched },
  };
}

/** Boxes around cells that touch, corners included. */
function joinCells(cells: Uint16Array, columns: number, rows: number, width: number, height: number): Box[] {
  const boxes: Box[] = [];
  const queue: number[] = [];
  for (let first = 0; first < cells.length; first++) {
    if (cells[first] === 0) continue;
    let [left, right, top, bottom, area] = [columns, 0, rows, 0, 0];
    queue.push(first);
    while (queue.length > 0) {
      const cell = queue.pop() as number;
      const pixels = cells[cell] as number;
      if (pixels === 0) continue;
      cells[cell] = 0;
      area += pixels;
      const [x, y] = [cell % columns, Math.floor(cell / columns)];
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      for (let ny = Math.max(0, y - 1); ny <= Math.min(rows - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(columns - 1, x + 1); nx++) {
          if (cells[ny * columns + nx] !== 0) queue.push(ny * columns + nx);
        }
      }
    }
    boxes.push({
      left: left * BOX_CELL,
      top: top * BOX_CELL,
      right: Math.min(width, (right + 1) * BOX_CELL),
      bottom: Math.min(height, (bottom + 1) * BOX_CELL),
      area,
    });
  }
  return boxes.toSorted((a, b) => b.area - a.area).slice(0, MAX_BOXES);
}
