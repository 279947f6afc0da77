import { Field, Plane } from './layout.ts';
import { FACTOR_ONE, LONGEST_INTERVAL_TICKS, RESETTLE_TICKS, SAMPLES } from './settings.ts';
import type { Shift } from './shift.ts';
import type { Workspace } from './workspace.ts';

/** Brings the frame to where the model would have seen it; what came into view is taken from the model. */
export function shiftFrame({ memory, width, height, at }: Workspace, shift: Shift): void {
  memory.copyWithin(at.between, at.frame, at.frame + width * height);
  memory.copyWithin(at.frame, at.level, at.level + width * height);
  const [left, right] = [Math.max(0, -shift.x), Math.min(width, width - shift.x)];
  for (let y = Math.max(0, -shift.y); y < Math.min(height, height - shift.y); y++) {
    const from = at.between + (y + shift.y) * width + shift.x;
    memory.copyWithin(at.frame + y * width + left, from + left, from + right);
  }
}

/**
 * A camera that is off by the same again and again does not shake: it was nudged, and stays. Then the model moves
 * along, and what it lost at one side is as in the frame at the other. Returns whether it did.
 */
export function resettle(work: Workspace, header: Int32Array, shift: Shift, elapsedTicks: number): boolean {
  const [x, y] = [header[Field.shiftX] as number, header[Field.shiftY] as number];
  const stays = (shift.x !== 0 || shift.y !== 0) && Math.abs(shift.x - x) <= 1 && Math.abs(shift.y - y) <= 1;
  if (!stays) {
    [header[Field.shiftX], header[Field.shiftY], header[Field.sinceShift]] = [shift.x, shift.y, 0];
    return false;
  }
  const since = (header[Field.sinceShift] as number) + Math.min(LONGEST_INTERVAL_TICKS, elapsedTicks);
  header[Field.sinceShift] = since;
  if (since < RESETTLE_TICKS) return false;
  moveModel(work, shift);
  [header[Field.shiftX], header[Field.shiftY], header[Field.sinceShift]] = [0, 0, 0];
  return true;
}

function moveModel(work: Workspace, shift: Shift): void {
  const { kernel, memory, width, height, pixels, at } = work;
  kernel.smooth(at.input, at.frame, width, height);
  for (let plane = 0; plane < SAMPLES; plane++) {
    movePlane(work, at.samples + plane * pixels, 1, shift, (p) => memory[at.frame + p] as number);
  }
  movePlane(work, at.mean, 2, shift, (p) => (p & 1 ? (memory[at.frame + (p >> 1)] as number) : 0));
  for (let plane = Plane.factor; plane < Plane.count; plane++) {
    movePlane(work, at.state + plane * pixels, 1, shift, () => (plane === Plane.factor ? FACTOR_ONE : 0));
  }
}

/** Moves a plane of `bytes` a pixel, and fills what came into view. */
function movePlane(
  { memory, width, height }: Workspace,
  plane: number,
  bytes: number,
  { x, y }: Shift,
  fill: (byte: number) => number,
): void {
  const [row, size] = [width * bytes, width * height * bytes];
  const old = memory.slice(plane, plane + size);
  for (let line = 0; line < height; line++) {
    const from = line - y;
    for (let byte = 0; byte < row; byte++) {
      const source = byte - x * bytes;
      const known = from >= 0 && from < height && source >= 0 && source < row;
      memory[plane + line * row + byte] = known
        ? (old[from * row + source] as number)
        : fill(line * row + byte);
    }
  }
}
