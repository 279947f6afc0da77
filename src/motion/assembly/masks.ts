import { difference, OTHER_ROW, ROW } from './rows';

export function consensus(
  frame: usize,
  level: usize,
  factor: usize,
  samples: usize,
  raw: usize,
  pixels: i32,
  count: i32,
  threshold: i32,
): void {
  const base = i8x16.splat(<i8>threshold);
  const half = i16x8.splat(32);
  const one = i8x16.splat(1);
  const two = i8x16.splat(2);
  for (let p = 0; p < pixels; p += 16) {
    const value = v128.load(frame + p);
    const own = v128.load(factor + p);
    const low = i16x8.shr_u(i16x8.add(i16x8.extmul_low_i8x16_u(own, base), half), 6);
    const high = i16x8.shr_u(i16x8.add(i16x8.extmul_high_i8x16_u(own, base), half), 6);
    const most = i8x16.narrow_i16x8_u(low, high);
    const off = i8x16.gt_u(difference(value, v128.load(level + p)), most);
    if (!v128.any_true(off)) {
      v128.store(raw + p, i8x16.splat(0));
      continue;
    }
    let agree = i8x16.splat(0);
    for (let s = 0, q = samples + p; s < count; s++, q += pixels) {
      agree = i8x16.sub(agree, i8x16.le_u(difference(value, v128.load(q)), most));
    }
    v128.store(raw + p, v128.and(v128.and(off, i8x16.lt_u(agree, two)), one));
  }
}

/** Set where more than `above` of the 5x5 pixels are. */
export function boxCount(source: usize, target: usize, width: i32, height: i32, above: i32): void {
  const one = i8x16.splat(1);
  const limit = i8x16.splat(<i8>above);
  pad(ROW, width, 0);
  for (let y = 0; y < height; y++) {
    const first = max(0, y - 2);
    const last = min(height - 1, y + 2);
    let any = i8x16.splat(0);
    for (let x = 0; x < width; x += 16) {
      let sum = i8x16.splat(0);
      for (let row = first; row <= last; row++) sum = i8x16.add(sum, v128.load(source + row * width + x));
      v128.store(ROW + x, sum);
      any = v128.or(any, sum);
    }
    const line = target + y * width;
    if (!v128.any_true(any)) {
      memory.fill(line, 0, width);
      continue;
    }
    for (let x = 0; x < width; x += 16) {
      const p = ROW + x;
      const sides = i8x16.add(
        i8x16.add(v128.load(p - 2), v128.load(p - 1)),
        i8x16.add(v128.load(p + 1), v128.load(p + 2)),
      );
      v128.store(line + x, v128.and(i8x16.gt_u(i8x16.add(sides, v128.load(p)), limit), one));
    }
  }
}

export function erode(source: usize, target: usize, width: i32, height: i32): void {
  pad(ROW, width, 1);
  for (let y = 0; y < height; y++) {
    const first = max(0, y - 2);
    const last = min(height - 1, y + 2);
    for (let x = 0; x < width; x += 16) {
      let all = v128.load(source + y * width + x);
      for (let row = first; row <= last; row++) all = v128.and(all, v128.load(source + row * width + x));
      v128.store(ROW + x, all);
    }
    for (let x = 0; x < width; x += 16) {
      const p = ROW + x;
      const sides = v128.and(
        v128.and(v128.load(p - 2), v128.load(p - 1)),
        v128.and(v128.load(p + 1), v128.load(p + 2)),
      );
      v128.store(target + y * width + x, v128.and(sides, v128.load(p)));
    }
  }
}

function pad(row: usize, width: i32, value: u8): void {
  memory.fill(row - 16, value, 16);
  memory.fill(row + width, value, 16);
}

export function novelty(
  frame: usize,
  raw: usize,
  samples: usize,
  lowest: usize,
  highest: usize,
  target: usize,
  width: i32,
  height: i32,
  from: i32,
  to: i32,
  count: i32,
  reach: i32,
  levels: i32,
): void {
  const pixels = width * height;
  const margin = i8x16.splat(<i8>levels);
  const top = max(0, from - reach);
  const bottom = min(height, to + reach);
  for (let p = top * width; p < bottom * width; p += 16) {
    let low = i8x16.splat(-1);
    let low2 = low;
    let high = i8x16.splat(0);
    let high2 = high;
    for (let s = 0, q = samples + p; s < count; s++, q += pixels) {
      const value = v128.load(q);
      low2 = i8x16.min_u(low2, i8x16.max_u(low, value));
      low = i8x16.min_u(low, value);
      high2 = i8x16.max_u(high2, i8x16.min_u(high, value));
      high = i8x16.max_u(high, value);
    }
    v128.store(lowest + p, low2);
    v128.store(highest + p, high2);
  }
  pad(ROW, width, 255);
  pad(OTHER_ROW, width, 0);
  for (let y = from; y < to; y++) {
    const first = max(0, y - reach) * width;
    const last = min(height - 1, y + reach) * width;
    for (let x = 0; x < width; x += 16) {
      let low = i8x16.splat(-1);
      let high = i8x16.splat(0);
      for (let row = first; row <= last; row += width) {
        low = i8x16.min_u(low, v128.load(lowest + row + x));
        high = i8x16.max_u(high, v128.load(highest + row + x));
      }
      v128.store(ROW + x, low);
      v128.store(OTHER_ROW + x, high);
    }
    for (let x = 0; x < width; x += 16) {
      const p = y * width + x;
      const set = v128.load(raw + p);
      if (!v128.any_true(set)) {
        v128.store(target + p, set);
        continue;
      }
      let low = i8x16.splat(-1);
      let high = i8x16.splat(0);
      for (let k = x - reach; k <= x + reach; k++) {
        low = i8x16.min_u(low, v128.load(ROW + k));
        high = i8x16.max_u(high, v128.load(OTHER_ROW + k));
      }
      const value = v128.load(frame + p);
      const below = i8x16.lt_u(i8x16.add_sat_u(value, margin), low);
      const above = i8x16.gt_u(value, i8x16.add_sat_u(high, margin));
      v128.store(target + p, v128.and(v128.or(below, above), set));
    }
  }
}
