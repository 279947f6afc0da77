/** Rows that a kernel keeps while it works, below everything else in the memory, with room for 16 bytes at each end. */
export const ROW: usize = 1024 + 16;
export const OTHER_ROW: usize = ROW + 4096 + 32;

/** A plane's bytes at an address, one by one. */
export function byte(at: usize): i32 {
  return <i32>load<u8>(at);
}

/** |a - b| of unsigned bytes. */
export function difference(a: v128, b: v128): v128 {
  return v128.or(i8x16.sub_sat_u(a, b), i8x16.sub_sat_u(b, a));
}
