/** Half the side of the squares: 5x5. */
const REACH = 2;

/** Counts of the set pixels around each pixel, compared with a limit: majority above 12, dilation above 0. */
export function boxCount(
  memory: Uint8Array,
  source: number,
  target: number,
  width: number,
  height: number,
  above: number,
): void {
  const columns = new Uint8Array(width + 2 * REACH);
  for (let y = 0; y < height; y++) {
    columns.fill(0);
    const [first, last] = [Math.max(0, y - REACH), Math.min(height - 1, y + REACH)];
    for (let row = first; row <= last; row++) {
      const start = source + row * width;
      for (let x = 0; x < width; x++) (columns[x + REACH] as number) += memory[start + x] as number;
    }
    for (let x = 0; x < width; x++) {
      let count = 0;
      for (let k = 0; k <= 2 * REACH; k++) count += columns[x + k] as number;
      memory[target + y * width + x] = count > above ? 1 : 0;
    }
  }
}

/** 1 where all of the 5x5 pixels are set; outside the picture all are, so that nothing is lost at its edge. */
export function erode(
  memory: Uint8Array,
  source: number,
  target: number,
  width: number,
  height: number,
): void {
  const columns = new Uint8Array(width + 2 * REACH);
  for (let y = 0; y < height; y++) {
    columns.fill(1);
    const [first, last] = [Math.max(0, y - REACH), Math.min(height - 1, y + REACH)];
    for (let row = first; row <= last; row++) {
      const start = source + row * width;
      for (let x = 0; x < width; x++) (columns[x + REACH] as number) &= memory[start + x] as number;
    }
    for (let x = 0; x < width; x++) {
      let all = 1;
      for (let k = 0; k <= 2 * REACH; k++) all &= columns[x + k] as number;
      memory[target + y * width + x] = all;
    }
  }
}
