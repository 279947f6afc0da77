import { MediaTimeline } from '../../../src/time/media-timeline.ts';
import { mediaTicks, monoMicros, wallMicros } from '../../../src/time/units.ts';
import { WallModel } from '../../../src/time/wall-model.ts';
import { type FuzzTarget, hold } from '../target.ts';

const START = 1_795_453_200_000_000;
const RECORD_BYTES = 6;
const REORDER_TICKS = 90_000;

/** Frames: four bytes of timestamp, two of time since the frame before, in milliseconds. */
export const target: FuzzTarget = {
  name: 'media-timeline',
  tokens: [
    [0, 0, 0x0e, 0x10],
    [0xff, 0xff, 0xff, 0xff],
    [0x80, 0, 0, 0],
    [0, 40],
    [0, 0],
  ].map((token) => Buffer.from(token)),
  run(bytes) {
    const timeline = new MediaTimeline();
    const wall = new WallModel(wallMicros(START));
    let mono = 0;
    let latest = 0;
    let wallBefore = START;
    for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
      mono += bytes.readUInt16BE(at + 4) * 1_000;
      const ticks = timeline.place(bytes.readUInt32BE(at), monoMicros(mono));
      hold(Number.isSafeInteger(ticks), 'a placed time is an integer');
      hold(ticks >= latest - REORDER_TICKS, `${ticks} is more than a second before ${latest}`);
      latest = Math.max(latest, ticks);
      wall.observe(ticks, wallMicros(START + mono));
      if (at === RECORD_BYTES) wall.settle();
      const shown = wall.wallAt(mediaTicks(latest));
      hold(Number.isSafeInteger(shown), 'a wall time is an integer');
      if (at > RECORD_BYTES) hold(shown >= wallBefore, 'wall time never goes back');
      wallBefore = shown;
    }
  },
};
