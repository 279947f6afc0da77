import { crc32 } from 'node:zlib';
import type { WallMicros } from '../time/units.ts';
import { createState, type MotionState, restoreState, saveState } from './layout.ts';
import { createTamperState, openTamperState, type TamperState } from './tamper.ts';

/** All that is learnt of how a camera's picture usually is. */
export interface CameraModel {
  readonly motion: MotionState;
  readonly tamper: TamperState;
}

export const createModel = (width: number, height: number): CameraModel => ({
  motion: createState(width, height),
  tamper: createTamperState(width, height),
});

/**
 * As it is kept in a file:
 *
 *     "VgCM" | version | when, µs (64 bit float) | bytes of motion | bytes of tamper | CRC-32 of these two | motion | tamper
 */
const MAGIC = 0x5667_434d;
const VERSION = 1;
const HEAD_BYTES = 28;
/** An older one knows another light, and other parked cars. */
const MOST_AGE_MICROS = 86_400_000_000;

/** A copy, to be made while nobody looks at a picture of this camera. */
export function packModel({ motion, tamper }: CameraModel, at: WallMicros): Buffer {
  const [motionBytes, tamperBytes] = [motion.shared.byteLength, tamper.shared.byteLength];
  const bytes = Buffer.allocUnsafeSlow(HEAD_BYTES + motionBytes + tamperBytes);
  bytes.set(saveState(motion), HEAD_BYTES);
  bytes.set(new Uint8Array(tamper.shared), HEAD_BYTES + motionBytes);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(VERSION, 4);
  bytes.writeDoubleBE(at, 8);
  bytes.writeUInt32BE(motionBytes, 16);
  bytes.writeUInt32BE(tamperBytes, 20);
  bytes.writeUInt32BE(crc32(bytes.subarray(HEAD_BYTES)), 24);
  return bytes;
}

/** @returns `undefined` for one that is too old, of another version or size, cut short, or something else */
export function unpackModel(
  bytes: Buffer,
  now: WallMicros,
  width: number,
  height: number,
): CameraModel | undefined {
  if (bytes.length < HEAD_BYTES || bytes.readUInt32BE(0) !== MAGIC || bytes.readUInt32BE(4) !== VERSION)
    return undefined;
  const age = now - bytes.readDoubleBE(8);
  if (!(age >= 0 && age <= MOST_AGE_MICROS)) return undefined;
  const [motionBytes, tamperBytes] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (bytes.length !== HEAD_BYTES + motionBytes + tamperBytes) return undefined;
  if (crc32(bytes.subarray(HEAD_BYTES)) !== bytes.readUInt32BE(24)) return undefined;
  const motion = restoreState(bytes.subarray(HEAD_BYTES, HEAD_BYTES + motionBytes));
  if (motion?.width !== width || motion.height !== height) return undefined;
  const shared = new SharedArrayBuffer(tamperBytes);
  new Uint8Array(shared).set(bytes.subarray(HEAD_BYTES + motionBytes));
  const tamper = openTamperState(shared, width, height);
  return tamper && { motion, tamper };
}
