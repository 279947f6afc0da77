/**
 * Where a camera's segments should end. Boundaries come every `segmentMicros` of wall time, each camera at its own
 * offset: 217 files must not roll in the same second. Multiples of an odd constant modulo 2^16 spread any run of
 * numbers evenly.
 * @returns the first boundary after `start`
 */
export function nextBoundary(cameraNo: number, start: number, segmentMicros: number): number {
  const offset = Math.floor((((cameraNo * 40_503) % 65_536) * segmentMicros) / 65_536);
  const into = (((start - offset) % segmentMicros) + segmentMicros) % segmentMicros;
  return start - into + segmentMicros;
}
