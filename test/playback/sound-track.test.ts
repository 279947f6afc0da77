import { describe, expect, it } from 'vitest';
import { type SoundDescription, soundTrack } from '../../src/playback/clip/sound-track.ts';

const RATE = 8_000;
const ENTRY: SoundDescription = { timescale: RATE, sampleEntry: Uint8Array.of(1) };
const FRAME = 800;

/** A fragment of a second that begins `seconds` into its run and into the clip, with ten frames from `first` on. */
function piece(seconds: number, clipSeconds: number, options: { first?: number; joins?: boolean } = {}) {
  const { first = seconds * RATE, joins = true } = options;
  const count = 10;
  return {
    sound: {
      mediaStart: first,
      payloadOffset: 0,
      payloadBytes: count * 5,
      samples: {
        ...{ count, sizes: new Uint32Array(count).fill(5), durations: new Uint32Array(count).fill(FRAME) },
        ...{ compositionOffsets: new Int32Array(count), keys: new Uint8Array(count).fill(1) },
      },
    },
    ...{ description: ENTRY, clipTicks: clipSeconds * 90_000, mediaStart: seconds * 90_000, joins, at: 0 },
  };
}

describe('the sound of a clip', () => {
  it('begins a frame before what is heard first, and an edit list leaves that out', () => {
    const track = soundTrack(27_000, () => 180_000);
    expect(track.add(piece(7, 0))).toEqual({ offset: 2 * 5, length: 8 * 5 });
    expect(track.add(piece(8, 1))).toEqual({ offset: 0, length: 10 * 5 });
    expect(track.build(153_000)?.edit).toEqual({ emptyTicks: 0, mediaTicks: 800, durationTicks: 153_000 });
  });

  it('ends with the clip', () => {
    const track = soundTrack(0, () => 45_000);
    expect(track.add(piece(0, 0)).length).toBe(5 * 5);
    expect(track.build(45_000)?.edit.durationTicks).toBe(45_000);
  });

  it('that begins later is preceded by nothing', () => {
    const track = soundTrack(9_000, () => 180_000);
    track.add(piece(3, 0, { first: 3.5 * RATE }));
    expect(track.build(171_000)?.edit).toEqual({
      ...{ emptyTicks: 36_000, mediaTicks: 0, durationTicks: 90_000 },
    });
  });

  it('has its gaps: between runs, and where frames are missing', () => {
    const track = soundTrack(0, () => 900_000);
    track.add(piece(4, 0));
    // The next fragment lacks its first half, then another run begins three seconds later.
    track.add(piece(5, 1, { first: 5.5 * RATE }));
    track.add(piece(0, 5, { joins: false }));
    const built = track.build(540_000);
    expect(built?.columns.durations).toEqual([
      ...[9, FRAME, 1, FRAME + 0.5 * RATE, 9, FRAME, 1, FRAME + 2.5 * RATE, 10, FRAME],
    ]);
    expect(built?.columns.ticks).toBe(6 * RATE);
  });

  it('of another rate is put on the time of the first', () => {
    const track = soundTrack(0, () => 900_000);
    track.add(piece(0, 0));
    const other = piece(1, 1, { first: 2 * RATE });
    track.add({ ...other, description: { timescale: 2 * RATE, sampleEntry: Uint8Array.of(2) } });
    const built = track.build(180_000);
    expect(built?.columns.durations).toEqual([10, FRAME, 10, FRAME / 2]);
    expect(built?.sampleEntries).toHaveLength(2);
  });

  it('is no track where there is none', () => {
    expect(soundTrack(0, () => 90_000).build(90_000)).toBeUndefined();
  });
});
