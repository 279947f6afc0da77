const START_CODE = Buffer.from([0, 0, 1]);

/**
 * The NAL units of an Annex B byte stream (ITU-T H.264 and H.265, annex B), as views into it. Bytes before the
 * first start code and zeros after a NAL unit (of which a four-byte start code brings one) are no part of any.
 */
export function splitNals(bytes: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  let at = bytes.indexOf(START_CODE);
  while (at >= 0) {
    const start = at + START_CODE.length;
    at = bytes.indexOf(START_CODE, start);
    let end = at < 0 ? bytes.length : at;
    while (end > start && bytes[end - 1] === 0) end--;
    if (end > start) nals.push(bytes.subarray(start, end));
  }
  return nals;
}
