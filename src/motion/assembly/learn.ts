/** See `learn` in ../kernel/learn.ts, which this does for 16 pixels at a time. */
export function learn(
  frame: usize,
  raw: usize,
  lastRaw: usize,
  verdict: usize,
  factor: usize,
  blink: usize,
  mean: usize,
  slot: usize,
  quickSlot: usize,
  objectSlot: usize,
  width: i32,
  height: i32,
  turn: i32,
  objectTurn: i32,
  meanShift: i32,
  quickShift: i32,
  calm: i32,
  parity: i32,
  factorOne: i32,
  blinkStep: i32,
  blinkMost: i32,
): void {
  const zero = i8x16.splat(0);
  const one = i8x16.splat(1);
  const all = i8x16.splat(-1);
  const ones = i8x16.splat(<i8>factorOne);
  const step = i8x16.splat(<i8>blinkStep);
  const most = i8x16.splat(<i8>blinkMost);
  const six = i8x16.splat(6);
  const two = i8x16.splat(2);
  const calmest = i8x16.splat(<i8>calm);
  const fallFast = i8x16.splat(4);
  // -1 is nobody's turn, -2 everybody's, objects included.
  const warm = turn === -2;
  const quick = turn === -1 ? zero : all;
  const odd = i8x16(0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1);
  const ghostTurn = parity ? v128.not(odd) : odd;
  for (let y = 0, p = 0; y < height; y++) {
    const turns =
      y & 1
        ? i8x16(2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1)
        : i8x16(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
    const slow = warm ? all : i8x16.eq(turns, i8x16.splat(<i8>turn));
    const parked = warm ? zero : i8x16.eq(turns, i8x16.splat(<i8>objectTurn));
    for (let x = 0; x < width; x += 16, p += 16) {
      const foreground = v128.load(raw + p);
      const last = v128.load(lastRaw + p);
      const found = v128.load(verdict + p);
      const before = v128.load(factor + p);
      const wasRestless = v128.load(blink + p);
      const eventful = v128.or(
        v128.or(v128.or(foreground, last), v128.or(found, wasRestless)),
        v128.xor(before, ones),
      );
      const nothing = !v128.any_true(eventful);
      if (nothing && !v128.any_true(slow)) continue;
      const value = v128.load(frame + p);
      if (nothing) {
        blend(slot + p, value, slow);
        moveMeans(mean + 2 * p, value, slow, meanShift);
        continue;
      }
      v128.store(lastRaw + p, foreground);
      const background = i8x16.eq(found, zero);
      const object = i8x16.eq(found, one);
      const ghost = i8x16.eq(found, two);
      const off = i8x16.eq(foreground, one);
      const changed = i8x16.ne(foreground, last);
      const more = i8x16.min_u(i8x16.add_sat_u(wasRestless, step), most);
      const restless = v128.bitselect(more, i8x16.sub_sat_u(wasRestless, one), changed);
      v128.store(blink + p, v128.bitselect(restless, wasRestless, background));
      const low = i16x8.shr_u(i16x8.extmul_low_i8x16_u(restless, six), 6);
      const high = i16x8.shr_u(i16x8.extmul_high_i8x16_u(restless, six), 6);
      const rise = i8x16.add(i8x16.narrow_i16x8_u(low, high), one);
      const fall = v128.bitselect(
        fallFast,
        v128.and(i8x16.le_u(restless, calmest), one),
        i8x16.le_u(restless, two),
      );
      const lower = i8x16.max_u(i8x16.sub_sat_u(before, fall), ones);
      const after = v128.bitselect(i8x16.add_sat_u(before, rise), lower, off);
      v128.store(factor + p, v128.bitselect(after, before, background));
      const dropped = v128.and(v128.and(background, off), quick);
      const still = v128.and(v128.andnot(background, off), slow);
      const intoSlot = warm ? v128.or(still, object) : still;
      if (v128.any_true(intoSlot)) blend(slot + p, value, intoSlot);
      const intoQuick = v128.or(dropped, v128.and(ghost, ghostTurn));
      if (v128.any_true(intoQuick)) blend(quickSlot + p, value, intoQuick);
      const intoObject = v128.and(object, parked);
      if (v128.any_true(intoObject)) blend(objectSlot + p, value, intoObject);
      if (v128.any_true(still)) moveMeans(mean + 2 * p, value, still, meanShift);
      if (v128.any_true(dropped)) moveMeans(mean + 2 * p, value, dropped, quickShift);
      if (v128.any_true(ghost)) moveMeans(mean + 2 * p, value, ghost, 1);
    }
  }
}

function blend(at: usize, value: v128, mask: v128): void {
  v128.store(at, v128.bitselect(value, v128.load(at), mask));
}

function moveMeans(at: usize, value: v128, mask: v128, shift: i32): void {
  moveHalf(at, i16x8.extend_low_i8x16_u(value), i16x8.extend_low_i8x16_s(mask), shift);
  moveHalf(at + 16, i16x8.extend_high_i8x16_u(value), i16x8.extend_high_i8x16_s(mask), shift);
}

function moveHalf(at: usize, value: v128, mask: v128, shift: i32): void {
  const before = v128.load(at);
  const after = i16x8.add(i16x8.sub(before, i16x8.shr_u(before, shift)), i16x8.shl(value, 8 - shift));
  v128.store(at, v128.bitselect(after, before, mask));
}
