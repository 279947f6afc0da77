const START_CODE = Buffer.of(0, 0, 1);
/** `lengthBytes` of a stream in which start codes stand between NAL units. */
export const ANNEX_B = 0;

/** Called for each NAL unit, which is [start, end). */
export type NalVisitor = (source: Buffer, start: number, end: number) => void;

/**
 * The NAL units of an access unit, which come as in a file (a length of `lengthBytes` bytes in front of each,
 * ISO/IEC 14496-15) or as in a broadcast (a start code in front of each, Annex B). What makes no sense ends it.
 * @returns whether everything made sense
 */
export function visitNals(
  source: Buffer,
  start: number,
  end: number,
  lengthBytes: number,
  visit: NalVisitor,
): boolean {
  return lengthBytes === ANNEX_B
    ? visitAnnexB(source, start, end, visit)
    : visitPrefixed(source, start, end, lengthBytes, visit);
}

function visitPrefixed(
  source: Buffer,
  start: number,
  end: number,
  lengthBytes: number,
  visit: NalVisitor,
): boolean {
  let at = start;
  while (at + lengthBytes <= end) {
    const length = source.readUIntBE(at, lengthBytes);
    at += lengthBytes;
    if (at + length > end) return false;
    if (length > 0) visit(source, at, at + length);
    at += length;
  }
  return at === end;
}

/** Zeros may stand before a start code (Annex B.1), and no NAL unit ends with one. */
function visitAnnexB(source: Buffer, start: number, end: number, visit: NalVisitor): boolean {
  let code = findStartCode(source, start, end);
  if (code < 0) return false;
  while (code >= 0) {
    const nalStart = code + START_CODE.length;
    code = findStartCode(source, nalStart, end);
    let nalEnd = code < 0 ? end : code;
    while (nalEnd > nalStart && source[nalEnd - 1] === 0) nalEnd--;
    if (nalEnd > nalStart) visit(source, nalStart, nalEnd);
  }
  return true;
}

function findStartCode(source: Buffer, from: number, end: number): number {
  const at = source.subarray(from, end).indexOf(START_CODE);
  return at < 0 ? -1 : from + at;
}
