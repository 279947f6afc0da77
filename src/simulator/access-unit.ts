import { type NalRole, nalRole, startsPicture, type VideoCodec } from './nal-unit.ts';

/** One picture as the encoder made it: its NAL units in order. */
export interface AccessUnit {
  readonly nals: readonly Buffer[];
  /** Decoding can start here. */
  readonly key: boolean;
}

/**
 * Groups NAL units into access units (H.264 section 7.4.1.2.3, H.265 section 7.4.2.4.4): a new one begins at the
 * first slice of a picture, or at whatever may only stand before slices.
 */
export function groupAccessUnits(nals: readonly Buffer[], codec: VideoCodec): AccessUnit[] {
  const units: AccessUnit[] = [];
  let current: Buffer[] = [];
  let hasSlice = false;
  let key = false;
  for (const nal of nals) {
    const role = nalRole(nal, codec);
    if (hasSlice && beginsUnit(nal, role, codec)) {
      units.push({ nals: current, key });
      current = [];
      hasSlice = false;
      key = false;
    }
    current.push(nal);
    if (role === 'key-slice') key = true;
    if (role === 'key-slice' || role === 'slice') hasSlice = true;
  }
  if (hasSlice) units.push({ nals: current, key });
  return units;
}

function beginsUnit(nal: Buffer, role: NalRole, codec: VideoCodec): boolean {
  switch (role) {
    case 'slice':
    case 'key-slice':
      return startsPicture(nal, codec);
    case 'parameters':
    case 'leading':
      return true;
    case 'trailing':
      return false;
  }
}
