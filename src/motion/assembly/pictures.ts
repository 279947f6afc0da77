import { byte, difference, ROW } from './rows';

export function smooth(source: usize, target: usize, width: i32, height: i32): void {
  const eight = i16x8.splat(8);
  for (let y = 0; y < height; y++) {
    const row = source + y * width;
    const above = y === 0 ? row : row - width;
    const below = y === height - 1 ? row : row + width;
    for (let x = 0; x < width; x += 16) {
      const a = v128.load(above + x);
      const b = v128.load(row + x);
      const c = v128.load(below + x);
      const low = i16x8.add(
        i16x8.add(i16x8.extend_low_i8x16_u(a), i16x8.extend_low_i8x16_u(c)),
        i16x8.shl(i16x8.extend_low_i8x16_u(b), 1),
      );
      const high = i16x8.add(
        i16x8.add(i16x8.extend_high_i8x16_u(a), i16x8.extend_high_i8x16_u(c)),
        i16x8.shl(i16x8.extend_high_i8x16_u(b), 1),
      );
      v128.store(ROW + 2 * x, low);
      v128.store(ROW + 2 * x + 16, high);
    }
    store<u16>(ROW - 2, load<u16>(ROW));
    store<u16>(ROW + 2 * width, load<u16>(ROW + 2 * width - 2));
    const line = target + y * width;
    for (let x = 0; x < width; x += 16) {
      v128.store(line + x, i8x16.narrow_i16x8_u(across(ROW + 2 * x, eight), across(ROW + 2 * x + 16, eight)));
    }
  }
}

function across(at: usize, eight: v128): v128 {
  const sides = i16x8.add(v128.load(at - 2), v128.load(at + 2));
  const middle = i16x8.add(i16x8.shl(v128.load(at), 1), eight);
  return i16x8.shr_u(i16x8.add(sides, middle), 4);
}

export function levels(mean: usize, target: usize, pixels: i32): void {
  const half = i16x8.splat(128);
  for (let p = 0; p < pixels; p += 16) {
    const low = i16x8.shr_u(i16x8.add(v128.load(mean + 2 * p), half), 8);
    const high = i16x8.shr_u(i16x8.add(v128.load(mean + 2 * p + 16), half), 8);
    v128.store(target + p, i8x16.narrow_i16x8_u(low, high));
  }
}

export function halve(source: usize, target: usize, width: i32, height: i32): void {
  const half = width >> 1;
  const two = i16x8.splat(2);
  for (let y = 0; y < height >> 1; y++) {
    const row = source + 2 * y * width;
    const line = target + y * half;
    let x = 0;
    for (; x + 8 <= half; x += 8) {
      const above = i16x8.extadd_pairwise_i8x16_u(v128.load(row + 2 * x));
      const below = i16x8.extadd_pairwise_i8x16_u(v128.load(row + width + 2 * x));
      const mean = i16x8.shr_u(i16x8.add(i16x8.add(above, below), two), 2);
      store<u64>(line + x, i64x2.extract_lane(i8x16.narrow_i16x8_u(mean, mean), 0));
    }
    for (; x < half; x++) {
      const p = row + 2 * x;
      store<u8>(line + x, (byte(p) + byte(p + 1) + byte(p + width) + byte(p + width + 1) + 2) >> 2);
    }
  }
}

export function contrast(
  source: usize,
  means: usize,
  target: usize,
  width: i32,
  height: i32,
  shift: i32,
): void {
  const meansWidth = width >> shift;
  const meansLast = (height >> shift) - 1;
  const middle = i8x16.splat(-128);
  // Each mean for as many pixels as it stands for.
  const spread =
    shift === 2
      ? i8x16(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3)
      : shift === 1
        ? i8x16(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7)
        : i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (let y = 0; y < height; y++) {
    const row = means + min(y >> shift, meansLast) * meansWidth;
    const line = y * width;
    let x = 0;
    for (; x + 16 <= width; x += 16) {
      const value = v128.load(source + line + x);
      const mean = i8x16.swizzle(v128.load(row + (x >> shift)), spread);
      const brighter = i8x16.add_sat_u(middle, i8x16.sub_sat_u(value, mean));
      v128.store(target + line + x, i8x16.sub_sat_u(brighter, i8x16.sub_sat_u(mean, value)));
    }
    for (; x < width; x++) {
      const value = 128 + byte(source + line + x) - byte(row + (x >> shift));
      store<u8>(target + line + x, max(0, min(255, value)));
    }
  }
}

export function texture(source: usize, target: usize, width: i32, height: i32, gradient: i32): void {
  const steep = i8x16.splat(<i8>gradient);
  memory.fill(target, 0, width * height);
  for (let y = 1; y < height - 1; y++) {
    const line = y * width;
    let x = 1;
    for (; x + 16 < width; x += 16) {
      const p = source + line + x;
      const along = difference(v128.load(p - 1), v128.load(p + 1));
      const down = difference(v128.load(p - width), v128.load(p + width));
      v128.store(target + line + x, i8x16.ge_u(i8x16.max_u(along, down), steep));
    }
    for (; x < width - 1; x++) {
      const p = source + line + x;
      const most = max(abs(byte(p - 1) - byte(p + 1)), abs(byte(p - width) - byte(p + width)));
      if (most >= gradient) store<u8>(target + line + x, 255);
    }
  }
}

export function misfit(
  still: usize,
  moved: usize,
  textured: usize,
  width: i32,
  left: i32,
  right: i32,
  top: i32,
  bottom: i32,
  dx: i32,
  dy: i32,
  cap: i32,
): i32 {
  const most = i8x16.splat(<i8>cap);
  let sums = i32x4.splat(0);
  let rest = 0;
  for (let y = top; y < bottom; y++) {
    const row = y * width;
    const other = moved + row + dy * width + dx;
    let x = left;
    for (; x + 16 <= right; x += 16) {
      const off = difference(v128.load(still + row + x), v128.load(other + x));
      const counted = v128.and(i8x16.min_u(off, most), v128.load(textured + row + x));
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(counted)));
    }
    for (; x < right; x++) {
      if (byte(textured + row + x)) rest += min(cap, abs(byte(still + row + x) - byte(other + x)));
    }
  }
  return (
    rest +
    i32x4.extract_lane(sums, 0) +
    i32x4.extract_lane(sums, 1) +
    i32x4.extract_lane(sums, 2) +
    i32x4.extract_lane(sums, 3)
  );
}
