/**
 * Breaks the server on purpose, as a defect in it would: loaded before it (`node --import`), in every thread. `VIGIE_BROKEN`
 * says how. Nothing in the server itself knows of this.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FragmentBuilder } from '../../src/media/fragment-builder.ts';
import { SegmentFile } from '../../src/record/segment-file.ts';

/** Of each camera: its frame of this number is left out, and its write of this number made twice. */
const FRAME = 40;
const WRITE = 3;
const STALL_MILLIS = 200;

const counts = new WeakMap<object, number>();
function countOf(of: object): number {
  const count = (counts.get(of) ?? 0) + 1;
  counts.set(of, count);
  return count;
}

const { commit } = FragmentBuilder.prototype as {
  readonly commit: (this: FragmentBuilder, ticks: number, key: boolean) => boolean;
};
const { append } = SegmentFile.prototype as {
  readonly append: (this: SegmentFile, pieces: readonly Uint8Array[]) => Promise<void>;
};

switch (process.env['VIGIE_BROKEN']) {
  case 'a-frame-dropped':
    FragmentBuilder.prototype.commit = function (ticks, key) {
      if (countOf(this) !== FRAME || key) return commit.call(this, ticks, key);
      this.discard();
      return true;
    };
    break;
  case 'a-group-doubled':
    SegmentFile.prototype.append = async function (pieces) {
      await append.call(this, pieces);
      if (countOf(this) === WRITE) await append.call(this, pieces);
    };
    break;
  case 'writes-stall':
    SegmentFile.prototype.append = async function (pieces) {
      await sleep(STALL_MILLIS);
      await append.call(this, pieces);
    };
    break;
  default:
}
