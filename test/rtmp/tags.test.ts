import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AudioTag } from '../../src/rtmp/audio-tag.ts';
import { VideoTag } from '../../src/rtmp/video-tag.ts';

const video = (...parts: readonly (string | readonly number[])[]): VideoTag => {
  const tag = new VideoTag();
  const bytes = join(parts);
  // What stands around a message is none of its business.
  tag.read(Buffer.concat([Buffer.of(9, 9), bytes, Buffer.of(9)]), 2, 2 + bytes.length);
  return tag;
};
const audio = (...parts: readonly (string | readonly number[])[]): AudioTag => {
  const tag = new AudioTag();
  const bytes = join(parts);
  tag.read(bytes, 0, bytes.length);
  return tag;
};
const join = (parts: readonly (string | readonly number[])[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  );

describe('video messages', () => {
  it.each([
    ['AVC configuration', video([0x17, 0, 0, 0, 0, 1]), 'config', 'h264', 0, 7],
    ['AVC key frame', video([0x17, 1, 0, 0, 80, 1]), 'frame', 'h264', 80, 7],
    ['AVC frame', video([0x27, 1, 0, 0, 0, 1]), 'frame', 'h264', 0, 7],
    ['AVC frame, shown before it is decoded', video([0x27, 1, 0xff, 0xff, 0xd8, 1]), 'frame', 'h264', -40, 7],
    ['the earliest there is', video([0x27, 1, 0x80, 0, 0, 1]), 'frame', 'h264', -8_388_608, 7],
    ['HEVC as number 12', video([0x1c, 0, 0, 0, 0, 1]), 'config', 'h265', 0, 7],
    ['enhanced HEVC configuration', video([0x90], 'hvc1', [1]), 'config', 'h265', 0, 7],
    ['enhanced HEVC frame', video([0xa1], 'hvc1', [0xff, 0xff, 0xff, 1]), 'frame', 'h265', -1, 10],
    ['enhanced HEVC frame without its time', video([0xa3], 'hvc1', [1]), 'frame', 'h265', 0, 7],
    ['enhanced AVC', video([0x91], 'avc1', [0, 0, 40, 1]), 'frame', 'h264', 40, 10],
    [
      'with nanoseconds before it',
      video([0x97, 2, 0, 0, 7, 0x01], 'hvc1', [0, 0, 40, 1]),
      'frame',
      'h265',
      40,
      15,
    ],
    [
      'with a long extension',
      video(
        [0x97, 255, 1, 0],
        Array.from({ length: 257 }, () => 7),
        [0x03],
        'hvc1',
        [1],
      ),
      'frame',
      'h265',
      0,
      268,
    ],
    ['one track', video([0x96, 0x01], 'hvc1', [0, 0, 0, 40, 1]), 'frame', 'h265', 40, 12],
    [
      'many tracks, the first of them',
      video([0x96, 0x13], 'hvc1', [0, 0, 0, 1, 5, 1, 0, 0, 1, 6]),
      'frame',
      'h265',
      0,
      12,
    ],
  ])('L9: %s', (_what, tag, kind, codec, compositionMillis, dataStart) => {
    expect(tag).toMatchObject({ kind, codec, compositionMillis, dataStart });
  });

  it('L9: of many tracks the data of the first one ends where its size says', () => {
    expect(video([0x96, 0x13], 'hvc1', [0, 0, 0, 1, 5, 1, 0, 0, 1, 6])).toMatchObject({
      dataStart: 12,
      dataEnd: 13,
    });
    expect(video([0x96, 0x03], 'hvc1', [1, 5])).toMatchObject({ kind: 'other' });
  });

  it.each([
    ['av01', video([0x91], 'av01', [1])],
    ['vp09', video([0x91], 'vp09', [1])],
    ['codec 2', video([0x12, 1, 1, 1, 1])],
    ['codec 4', video([0x14, 1, 1, 1, 1])],
    ['unknown', video([0x91], '\u0001\u0002<>', [1])],
  ])('of %s are not supported, and say so', (codecName, tag) => {
    expect(tag).toMatchObject({ kind: 'unsupported', codecName });
  });

  it.each([
    ['a command', video([0x57, 0])],
    ['an enhanced command', video([0xd1], 'hvc1')],
    ['the end of a sequence', video([0x17, 2, 0, 0, 0])],
    ['metadata', video([0x94], 'hvc1', [1])],
  ])('that hold %s are passed over', (_what, tag) => {
    expect(tag.kind).toBe('other');
  });

  it.each([
    ['nothing', video()],
    ['half a header', video([0x17, 1, 0])],
    ['half a code', video([0x91], 'hv')],
    ['half a time', video([0xa1], 'hvc1', [0, 0])],
    ['an extension longer than they are', video([0x97, 200, 0])],
    [
      'extensions without end',
      video(Array.from({ length: 40 }, (_, i) => (i === 0 ? 0x97 : i % 3 === 0 ? 0x07 : 0))),
    ],
    ['a track longer than they are', video([0x96, 0x13], 'hvc1', [0, 0, 0, 9, 5])],
  ])('L7: that hold %s are broken', (_what, tag) => {
    expect(tag.kind).toBe('broken');
  });

  it('L7: any bytes at all are read without throwing, and never beyond their end', () => {
    const tag = new VideoTag();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        if (tag.read(Buffer.from(bytes), 0, bytes.length) !== 'frame') return;
        expect(tag.dataStart).toBeLessThanOrEqual(tag.dataEnd);
        expect(tag.dataEnd).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});

describe('audio messages', () => {
  it.each([
    ['AAC configuration', audio([0xaf, 0, 0x12, 0x10]), 'config', 'aac', 2],
    ['AAC', audio([0xaf, 1, 1]), 'frame', 'aac', 2],
    ['A-law', audio([0x72, 1]), 'frame', 'pcma', 1],
    ['µ-law', audio([0x82, 1]), 'frame', 'pcmu', 1],
    ['enhanced AAC', audio([0x91], 'mp4a', [1]), 'frame', 'aac', 5],
    ['Opus configuration', audio([0x90], 'Opus', [1]), 'config', 'opus', 5],
    ['Opus', audio([0x91], 'Opus', [1]), 'frame', 'opus', 5],
  ])('of %s', (_what, tag, kind, codec, dataStart) => {
    expect(tag).toMatchObject({ kind, codec, dataStart });
  });

  it('of codecs that are not recorded are passed over, and broken ones are broken', () => {
    for (const tag of [audio([0x2f, 1]), audio([0x91], 'fLaC', [1]), audio([0x92], 'Opus')])
      expect(tag.kind).toBe('other');
    for (const tag of [audio(), audio([0xaf]), audio([0x91], 'Op')]) expect(tag.kind).toBe('broken');
  });
});
