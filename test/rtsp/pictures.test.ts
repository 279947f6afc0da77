import { describe, expect, it } from 'vitest';
import { H264, H265, type NalUnits } from '../support/nal-units.ts';
import { aggregate, fragment } from '../support/rtp.ts';
import { type Recorded, RtpCamera } from '../support/rtp-camera.ts';

/** Everything that was recorded, once the last picture is known to be whole. */
function recorded(camera: RtpCamera, units: NalUnits): readonly Recorded[] {
  camera.packet(units.delimiter);
  return camera.end();
}

const nalsOf = (pictures: readonly Recorded[]): (readonly Buffer[])[] => pictures.map(({ nals }) => nals);

describe.each([H264, H265])('pictures of $codec', (units) => {
  const { codec, sets, key, inter, more, delimiter, information } = units;
  const fragments = (nal: Buffer, size = 10): Buffer[] => fragment(nal, size, codec);
  const create = (): RtpCamera => new RtpCamera({ codec });
  /** Changes the FU header of one fragment. */
  const withFlags = (payload: Buffer, change: (flags: number) => number): Buffer => {
    const changed = Buffer.from(payload);
    const at = codec === 'h264' ? 1 : 2;
    changed[at] = change(changed[at] ?? 0);
    return changed;
  };
  /** Well-behaved pictures, after which a marker is believed. */
  const behave = (camera: RtpCamera, count = 10): Buffer[] => {
    const sent: Buffer[] = [];
    for (let i = 0; i < count; i++) {
      const nal = i === 0 ? key(1) : inter(2 * i + 1);
      sent.push(nal);
      camera.picture(i === 0 ? [...sets, nal] : [nal]);
    }
    return sent;
  };

  it('J1 no marker at all: the next timestamp, or the next first slice, ends a picture', () => {
    const camera = create();
    camera.picture([...sets, key(1), more(key(3))], { marker: false });
    for (let i = 2; i < 12; i++) camera.picture([inter(2 * i + 1)], { marker: false });
    // Two pictures of one timestamp.
    camera.picture([inter(51), inter(53)], { marker: false });
    const pictures = recorded(camera, units);
    expect(nalsOf(pictures)).toEqual([
      [key(1), more(key(3))],
      ...Array.from({ length: 10 }, (_, i) => [inter(2 * (i + 2) + 1)]),
      [inter(51)],
      [inter(53)],
    ]);
    expect(camera.hub.counters.framesDamaged).toBe(0);
  });

  it('J2 marker on parameter sets ends nothing', () => {
    const camera = create();
    const [first, ...rest] = behave(camera);
    for (const set of sets) camera.packet(set, { marker: true });
    camera.picture([key(31)]);
    expect(nalsOf(recorded(camera, units))).toEqual([first, ...rest, key(31)].map((nal) => [nal]));
  });

  it('J3 marker on supplemental information ends nothing', () => {
    const camera = create();
    const sent = behave(camera);
    camera.packet(information, { marker: true });
    camera.picture([key(31)]);
    expect(nalsOf(recorded(camera, units)).at(-1)).toEqual([information, key(31)]);
    expect(camera.hub.counters).toMatchObject({ frames: sent.length + 1, framesDamaged: 0 });
  });

  it('keeps information of any length, in fragments', () => {
    const camera = create();
    const long = Buffer.concat([information.subarray(0, -1), Buffer.alloc(9_000, 7)]);
    camera.picture([
      ...sets.flatMap((set) => fragments(set)),
      ...fragments(information),
      ...fragments(long),
      key(1),
    ]);
    expect(nalsOf(recorded(camera, units))).toEqual([[information, long, key(1)]]);
  });

  it('J4 parameter sets and information with the timestamp of the picture before belong to the next', () => {
    const camera = create();
    behave(camera);
    const before = (camera.timestamp - 3_600) >>> 0;
    for (const set of sets) camera.packet(set, { timestamp: before });
    camera.packet(information, { timestamp: before, marker: true });
    camera.picture([key(31)]);
    camera.picture([inter(33)]);
    const pictures = recorded(camera, units);
    expect(nalsOf(pictures).slice(-2)).toEqual([[information, key(31)], [inter(33)]]);
    expect(pictures.map(({ ticks }) => ticks)).toEqual(pictures.map((_, i) => i * 3_600));
    expect(camera.hub.counters.framesDamaged).toBe(0);
  });

  it('J5 marker in mid-picture: from the beginning of a stream no picture is torn', () => {
    const camera = create();
    for (let i = 0; i < 12; i++) {
      const nal = i === 0 ? key(1) : inter(2 * i + 1);
      if (i === 0) for (const set of sets) camera.packet(set);
      camera.packet(nal, { marker: true });
      camera.picture([more(nal)]);
    }
    const pictures = recorded(camera, units);
    expect(pictures.map(({ nals }) => nals.length)).toEqual(Array.from({ length: 12 }, () => 2));
    expect(camera.hub.counters.framesDamaged).toBe(0);
  });

  it('J5 marker in mid-picture, later: one picture suffers, and markers are believed no more', () => {
    const camera = create();
    behave(camera);
    for (let i = 0; i < 3; i++) {
      camera.packet(inter(41), { marker: true });
      camera.picture([more(inter(41))]);
    }
    const pictures = recorded(camera, units);
    expect(pictures.slice(-3).map(({ nals }) => nals.length)).toEqual([1, 2, 2]);
    expect(camera.hub.counters.framesDamaged).toBe(1);
  });

  it('J5 marker within the fragments of a slice ends nothing', () => {
    const camera = create();
    behave(camera);
    const pieces = fragments(inter(41, 60));
    for (const [i, piece] of pieces.entries())
      camera.packet(piece, { marker: i === 2 || i === pieces.length - 1 });
    expect(nalsOf(recorded(camera, units)).at(-1)).toEqual([inter(41, 60)]);
  });

  it('J6 FU with S and E both set is a whole unit', () => {
    const camera = create();
    camera.picture([...sets, ...fragments(key(1, 5))]);
    camera.picture(fragments(inter(3, 5)));
    expect(nalsOf(recorded(camera, units))).toEqual([[key(1, 5)], [inter(3, 5)]]);
  });

  it('J7 empty fragments and empty packets change nothing, not even the first one', () => {
    const camera = create();
    camera.picture([...sets, key(1)]);
    const [first = Buffer.alloc(0), ...rest] = fragments(inter(3));
    const headBytes = codec === 'h264' ? 2 : 3;
    const emptyMiddle = withFlags(first.subarray(0, headBytes), (flags) => flags & 0x3f);
    camera.picture([
      first.subarray(0, headBytes),
      Buffer.alloc(0),
      withFlags(first, (flags) => flags & 0x3f),
      emptyMiddle,
      Buffer.of(first[0] ?? 0),
      ...rest,
    ]);
    expect(nalsOf(recorded(camera, units))).toEqual([[key(1)], [inter(3)]]);
    expect(camera.hub.counters.framesDamaged).toBe(0);
  });

  it('J8 FU header type differs in later fragments: the first one counts', () => {
    const camera = create();
    const [first = Buffer.alloc(0), ...rest] = fragments(key(1));
    camera.picture([...sets, first, ...rest.map((piece) => withFlags(piece, (flags) => (flags & 0xe0) | 1))]);
    expect(nalsOf(recorded(camera, units))).toEqual([[key(1)]]);
  });

  it('J9 reserved and forbidden bits set are no reason to drop anything', () => {
    const camera = create();
    const reserved = (piece: Buffer): Buffer =>
      codec === 'h264' ? withFlags(piece, (flags) => flags | 0x20) : piece;
    const forbidden = (nal: Buffer): Buffer =>
      Buffer.concat([Buffer.of((nal[0] ?? 0) | 0x80), nal.subarray(1)]);
    camera.picture([...sets, ...fragments(key(1)).map(reserved)]);
    camera.picture([forbidden(inter(3))]);
    camera.picture(fragments(forbidden(inter(5))));
    // What a decoder would refuse is set right.
    expect(nalsOf(recorded(camera, units))).toEqual([[key(1)], [inter(3)], [inter(5)]]);
  });

  it('J10 marker without END: the unit is whole when no packet is missing', () => {
    const camera = create();
    for (let i = 0; i < 12; i++) {
      const nal = i === 0 ? key(1) : inter(2 * i + 1);
      const pieces = fragments(nal).map((piece) => withFlags(piece, (flags) => flags & 0xbf));
      camera.picture(i === 0 ? [...sets, ...pieces] : pieces);
    }
    expect(nalsOf(recorded(camera, units))).toEqual([
      [key(1)],
      ...Array.from({ length: 11 }, (_, i) => [inter(2 * (i + 1) + 1)]),
    ]);
    expect(camera.hub.counters.framesDamaged).toBe(0);
  });

  it('J11 END not set and the next unit starts: both are whole', () => {
    const camera = create();
    camera.picture([...sets, key(1)]);
    const open = fragments(inter(3)).map((piece) => withFlags(piece, (flags) => flags & 0xbf));
    camera.picture([...open, more(inter(5))]);
    camera.picture([...open, ...fragments(more(inter(7)))]);
    expect(nalsOf(recorded(camera, units)).slice(1)).toEqual([
      [inter(3), more(inter(5))],
      [inter(3), more(inter(7))],
    ]);
  });

  it('J11 END lost with its packet: that picture is dropped and the next one is not', () => {
    const camera = create();
    camera.picture([...sets, key(1)]);
    camera.picture(fragments(inter(3)).slice(0, -1), { marker: false });
    camera.lose();
    camera.picture([inter(5)]);
    expect(nalsOf(recorded(camera, units))).toEqual([[key(1)], [inter(5)]]);
    expect(camera.hub.counters.framesDamaged).toBe(1);
    expect(camera.receiver.packetsLost).toBe(1);
  });

  it('J12 fragment with a gap: that picture is discarded as a whole, the loss counted, the next one kept', () => {
    for (let missing = 0; missing < 4; missing++) {
      const camera = create();
      behave(camera);
      for (const [i, piece] of fragments(inter(31), 9).entries()) {
        if (i === missing) camera.lose();
        else camera.packet(piece, { marker: i === 3 });
      }
      camera.pass(3_600);
      camera.picture([inter(33)]);
      const pictures = nalsOf(recorded(camera, units));
      expect(pictures.at(-1)).toEqual([inter(33)]);
      expect(pictures).toHaveLength(11);
      expect(camera.receiver.packetsLost).toBe(1);
      expect(camera.hub.counters.framesDamaged).toBe(1);
    }
  });

  it('J12 a loss does not cost a second picture of the same timestamp', () => {
    const camera = create();
    behave(camera);
    const [first = Buffer.alloc(0), , ...rest] = fragments(inter(31));
    camera.packet(first);
    camera.lose();
    for (const [i, piece] of rest.entries()) camera.packet(piece, { marker: i === rest.length - 1 });
    camera.picture([inter(33)]);
    expect(nalsOf(recorded(camera, units)).at(-1)).toEqual([inter(33)]);
  });

  it('J13 J14 aggregates with zero padding and entries of no length', () => {
    const camera = create();
    const empty = Buffer.alloc(0);
    camera.picture([
      Buffer.concat([aggregate([...sets, empty, key(1), empty], codec), Buffer.alloc(5)]),
      Buffer.concat([aggregate([more(key(3))], codec), Buffer.alloc(1)]),
    ]);
    expect(nalsOf(recorded(camera, units))).toEqual([[key(1), more(key(3))]]);
  });

  it('J14 an aggregate that ends before its last entry does drops the picture, no other', () => {
    const camera = create();
    camera.picture([...sets, key(1)]);
    camera.picture([aggregate([inter(3), more(inter(5))], codec).subarray(0, -3)]);
    camera.picture([inter(7)]);
    expect(nalsOf(recorded(camera, units))).toEqual([[key(1)], [inter(7)]]);
  });

  it('J18 zeros after a unit are no part of it', () => {
    const camera = create();
    const zeros = Buffer.alloc(6);
    behave(camera);
    camera.picture([Buffer.concat([inter(31), zeros])]);
    camera.picture([aggregate([Buffer.concat([inter(33), zeros])], codec)]);
    camera.picture(fragments(Buffer.concat([inter(35), zeros]), 8));
    expect(nalsOf(recorded(camera, units)).slice(-3)).toEqual([[inter(31)], [inter(33)], [inter(35)]]);
  });

  it('J19 delimiter and information first, parameter sets between them', () => {
    const camera = create();
    for (let i = 0; i < 12; i++) camera.picture([delimiter, ...sets, information, key(2 * i + 1)]);
    expect(nalsOf(recorded(camera, units))).toEqual(
      Array.from({ length: 12 }, (_, i) => [delimiter, information, key(2 * i + 1)]),
    );
  });

  it('J20 the slices of a picture are one picture, its parameter sets are said once', () => {
    const camera = create();
    for (let i = 0; i < 12; i++) {
      const nal = key(2 * i + 1);
      camera.picture([...sets, nal, more(nal), ...fragments(more(nal))]);
    }
    const pictures = recorded(camera, units);
    expect(nalsOf(pictures)).toEqual(
      Array.from({ length: 12 }, (_, i) => {
        const nal = key(2 * i + 1);
        return [nal, more(nal), more(nal)];
      }),
    );
    expect(new Set(camera.recorder.fragments.map(({ config }) => config)).size).toBe(1);
  });

  it('J21 unknown types of units and of packets are passed over', () => {
    const camera = create();
    const unknown =
      codec === 'h264'
        ? [0, 22, 23, 25, 26, 27, 29, 30, 31].map((type) => Buffer.of(0x60 | type, 0x99, 1, 2, 3))
        : [10, 22, 24, 41, 47, 50, 63].map((type) => Buffer.of(type << 1, 0x01, 0x99, 1, 2, 3));
    camera.picture([...sets, ...unknown, key(1)]);
    camera.picture([inter(3), ...unknown, more(inter(5)), ...unknown.flatMap((nal) => fragments(nal, 2))]);
    // Filler of an encoder with a constant rate.
    const filler = codec === 'h264' ? Buffer.of(0x0c, 0xff, 0xff, 0x80) : Buffer.of(38 << 1, 1, 0xff, 0x80);
    camera.picture([inter(7), ...fragments(Buffer.concat([filler, Buffer.alloc(40, 0xff)]))]);
    expect(nalsOf(recorded(camera, units))).toEqual([[key(1)], [inter(3), more(inter(5))], [inter(7)]]);
    expect(camera.hub.counters.framesDamaged).toBe(0);
  });

  it('J34 a unit, a picture, a number of units without end are given up, and the next picture is recorded', () => {
    const camera = create();
    behave(camera);
    const piece = Buffer.concat([fragments(inter(3)).at(1) ?? Buffer.alloc(0), Buffer.alloc(60_000, 5)]);
    const endless = withFlags(piece, (flags) => flags & 0x3f);
    camera.packet(fragments(inter(3))[0] ?? Buffer.alloc(0));
    let most = 0;
    for (let i = 0; i < 400; i++) {
      camera.packet(endless);
      most = Math.max(most, camera.pool.takenBytes);
    }
    camera.pass(3_600);
    expect(most).toBeLessThan(13 * 1024 * 1024);
    for (let i = 0; i < 5_000; i++) camera.packet(more(inter(5)));
    camera.pass(3_600);
    for (let i = 0; i < 5_000; i++) camera.packet(information);
    camera.picture([inter(7)]);
    camera.picture([inter(9)]);
    expect(nalsOf(recorded(camera, units)).at(-1)).toEqual([inter(9)]);
    expect(camera.recorder.runsEnded).toEqual(['offline']);
    expect(camera.pool.takenBytes).toBe(0);
  });
});
