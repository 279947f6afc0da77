import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repairSegmentFile } from '../../../src/record/segment-recovery.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** A real file: cut where it is torn, never changed otherwise. */
export const target: FuzzTarget = {
  name: 'segment-repair',
  maxBytes: 64 * 1024,
  cost: 100,
  tokens: ['moov', 'moof', 'mdat', 'uuid', '\0\0\0\x08', '\0\0\0\x01', '\0\0\0\0'],
  async run(bytes) {
    const folder = mkdtempSync(join(tmpdir(), 'vigie-fuzz-'));
    try {
      await repaired(join(folder, 'segment.mp4'), bytes);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function repaired(path: string, bytes: Uint8Array): Promise<void> {
  writeFileSync(path, bytes);
  const first = await repairSegmentFile(path);
  hold(first !== undefined, 'the file is there');
  const kept = readFileSync(path);
  hold(kept.equals(bytes.subarray(0, kept.length)), 'what is kept is as it was');
  hold(kept.length === (first.fragments.length > 0 ? first.goodBytes : bytes.length), 'what is void is gone');
  const second = await repairSegmentFile(path);
  hold(second?.goodBytes === first.goodBytes, 'a repaired file is left as it is');
  hold(readFileSync(path).length === kept.length, 'and keeps its length');
}
