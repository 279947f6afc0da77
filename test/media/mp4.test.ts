import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAvcC } from '../../src/media/h264/decoder-config.ts';
import { fragmentHead } from '../../src/media/mp4/fragment-writer.ts';
import { readFragmentHead } from '../../src/media/mp4/fragment-reader.ts';
import { buildInitSegment, readInit } from '../../src/media/mp4/init-segment.ts';
import type { SampleTable } from '../../src/media/mp4/sample-table.ts';
import { buildSegmentIdentity, parseSegmentIdentity } from '../../src/media/mp4/segment-identity.ts';
import { mediaTicks, wallMicros } from '../../src/time/units.ts';
import { walkBytes } from '../support/recorded.ts';
import { type EncodedVideo, encodeVideo } from '../support/video.ts';

const START = wallMicros(1_795_453_200_123_457);

const sampleArbitrary = fc.record({
  size: fc.integer({ min: 1, max: 2_000 }),
  duration: fc.integer({ min: 1, max: 900_000 }),
  offset: fc.integer({ min: -90_000, max: 90_000 }),
  key: fc.boolean(),
});

interface Sample {
  readonly size: number;
  readonly duration: number;
  readonly offset: number;
  readonly key: boolean;
}

const tableOf = (samples: readonly Sample[]): SampleTable => ({
  count: samples.length,
  sizes: Uint32Array.from(samples, ({ size }) => size),
  durations: Uint32Array.from(samples, ({ duration }) => duration),
  compositionOffsets: Int32Array.from(samples, ({ offset }) => offset),
  keys: Uint8Array.from(samples, ({ key }) => (key ? 1 : 0)),
});

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

describe('fragments', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(
        fc.array(sampleArbitrary, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.integer({ min: 0, max: 4e15 }),
        (list, mediaStart, wallStart) => {
          const samples = tableOf(list);
          const payloadBytes = sum(samples.sizes);
          const head = fragmentHead({
            sequence: 7,
            mediaStart: mediaTicks(mediaStart),
            wallStart: wallMicros(wallStart),
            samples,
            payloadBytes,
          });
          const reading = readFragmentHead(head, 0);
          expect(reading).toEqual({
            kind: 'head',
            head: {
              totalBytes: head.length + payloadBytes,
              payloadOffset: head.length,
              payloadBytes,
              sequence: 7,
              mediaStart,
              wallStart,
              durationTicks: sum(samples.durations),
              samples,
            },
          });
        },
      ),
    );
  });

  it('that end early ask for more, and that are changed anywhere make no reader throw', () => {
    const samples = tableOf([
      { size: 10, duration: 3_600, offset: 0, key: true },
      { size: 20, duration: 3_600, offset: 7_200, key: false },
    ]);
    const head = fragmentHead({
      ...{ sequence: 1, mediaStart: mediaTicks(0), wallStart: START, samples, payloadBytes: 30 },
    });
    for (let length = 0; length < head.length; length++) {
      expect(readFragmentHead(head.subarray(0, length), 0).kind).toBe('needs');
    }
    for (let at = 0; at < head.length; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const changed = Uint8Array.from(head);
        changed[at] = value;
        expect(['head', 'needs', 'broken']).toContain(readFragmentHead(changed, 0).kind);
      }
    }
  });
});

describe('segments', () => {
  let video: EncodedVideo;
  let file: Uint8Array;
  let ends: number[];

  beforeAll(async () => {
    video = await encodeVideo({ frames: 20, gop: 5 });
    const init = buildInitSegment(video.config);
    const identity = buildSegmentIdentity({ cameraNo: 3, cameraId: 'gare-ü', start: START, runStart: START });
    const pieces: Uint8Array[] = [init, identity];
    ends = [];
    for (let first = 0; first < 20; first += 5) {
      const frames = video.frames.slice(first, first + 5);
      const samples = tableOf(
        frames.map(({ data, key }) => ({ size: data.length, duration: 3_600, offset: 0, key })),
      );
      pieces.push(
        fragmentHead({
          sequence: first / 5 + 1,
          mediaStart: mediaTicks(first * 3_600),
          wallStart: wallMicros(START + first * 40_000),
          samples,
          payloadBytes: sum(samples.sizes),
        }),
        ...frames.map(({ data }) => data),
      );
      ends.push(sum(pieces.map((piece) => piece.length)));
    }
    file = Buffer.concat(pieces);
  });

  it('are walked from their first byte to their last', async () => {
    const found = await walkBytes(file);
    expect(found).toMatchObject({
      problem: undefined,
      goodBytes: file.length,
      identity: { cameraNo: 3, cameraId: 'gare-ü', start: START, runStart: START },
      mediaStart: 0,
      wallStart: START,
      wallEnd: START + 800_000,
      durationTicks: 72_000,
    });
    expect(found.fragments.map(({ samples, key }) => [samples, key])).toEqual(
      Array.from({ length: 4 }, () => [5, true]),
    );
  });

  it('cut at any byte keep exactly the fragments that are whole', async () => {
    for (let length = 0; length < file.length; length++) {
      const { fragments, goodBytes } = await walkBytes(file.subarray(0, length));
      const whole = ends.filter((end) => end <= length).length;
      expect(fragments.length).toBe(whole);
      if (whole > 0) expect(goodBytes).toBe(ends[whole - 1]);
    }
  });

  it('with zeros behind, as a direct write leaves them, keep all of their fragments', async () => {
    for (const zeros of [1, 7, 8, 15, 16, 100, 4_095]) {
      const found = await walkBytes(Buffer.concat([file, Buffer.alloc(zeros)]));
      expect([found.fragments.length, found.goodBytes]).toEqual([4, file.length]);
      expect(found.problem).toBeDefined();
    }
  });

  it('with any byte changed neither throw nor claim more than there is', async () => {
    for (let at = 0; at < file.length; at += 3) {
      const changed = Uint8Array.from(file);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      const { goodBytes, fragments } = await walkBytes(changed);
      expect(goodBytes).toBeLessThanOrEqual(file.length);
      expect(fragments.length).toBeLessThanOrEqual(4);
    }
  });

  it('begin with what a decoder has to know', () => {
    const init = readInit(file);
    expect(init).toMatchObject({ codec: 'h264', width: 160, height: 96, timescale: 90_000 });
    expect(Buffer.compare(init?.decoderConfig ?? Buffer.alloc(0), video.config.decoderConfig)).toBe(0);
    expect(parseAvcC(init?.decoderConfig ?? new Uint8Array())?.sps).toHaveLength(1);
  });

  it('say of themselves what the catalog has to know, or nothing', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 32 - 1),
        fc.string({ maxLength: 64, unit: 'grapheme' }),
        (cameraNo, cameraId) => {
          const identity = { cameraNo, cameraId, start: START, runStart: wallMicros(5) };
          const box = buildSegmentIdentity(identity);
          expect(parseSegmentIdentity(box)).toEqual(identity);
          expect(parseSegmentIdentity(box.subarray(0, box.length - 1))).toBeUndefined();
        },
      ),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseSegmentIdentity(bytes)));
  });
});
