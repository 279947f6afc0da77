import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { aacAudioConfig, parseAudioSpecificConfig } from '../../src/media/aac/audio-specific-config.ts';
import { type AudioConfig, uncompressedConfig } from '../../src/media/audio-config.ts';
import { readFragmentHead } from '../../src/media/mp4/fragment-reader.ts';
import { fragmentHead } from '../../src/media/mp4/fragment-writer.ts';
import { buildInitSegment, hideSound, readInit } from '../../src/media/mp4/init-segment.ts';
import { opusConfig } from '../../src/media/opus.ts';
import { SlabPool } from '../../src/media/slab-pool.ts';
import { SoundCollector, type SoundRun } from '../../src/media/sound-collector.ts';
import { mediaTicks, wallMicros } from '../../src/time/units.ts';
import { walkBytes } from '../support/recorded.ts';
import { aacConfig } from '../support/sound.ts';
import { type EncodedVideo, encodeVideo } from '../support/video.ts';

const ALAW = uncompressedConfig('alaw', 8_000, 1);
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

let video: EncodedVideo;

beforeAll(async () => {
  video = await encodeVideo({ frames: 2, gop: 2 });
});

const pictures = {
  count: 2,
  sizes: Uint32Array.of(10, 20),
  durations: Uint32Array.of(3_600, 3_600),
  compositionOffsets: new Int32Array(2),
  keys: Uint8Array.of(1, 0),
};

describe('fragments with sound', () => {
  it('are read back as they were written', () => {
    const frames = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 900 }), duration: fc.integer({ min: 1, max: 9_000 }) }),
      { minLength: 1, maxLength: 50 },
    );
    const same = fc
      .record({ size: fc.constant(160), duration: fc.constant(160) })
      .chain((frame) => fc.array(fc.constant(frame), { minLength: 1, maxLength: 50 }));
    fc.assert(
      fc.property(fc.oneof(frames, same), fc.integer({ min: 0, max: 2 ** 40 }), (list, mediaStart) => {
        const samples = {
          count: list.length,
          sizes: Uint32Array.from(list, ({ size }) => size),
          durations: Uint32Array.from(list, ({ duration }) => duration),
        };
        const payloadBytes = sum(samples.sizes);
        const head = fragmentHead({
          ...{ sequence: 3, mediaStart: mediaTicks(900), wallStart: wallMicros(0) },
          ...{ samples: pictures, payloadBytes: 30, sound: { mediaStart, samples, payloadBytes } },
        });
        const reading = readFragmentHead(head, 0);
        expect(reading).toMatchObject({
          kind: 'head',
          head: {
            ...{ totalBytes: head.length + 30 + payloadBytes, payloadOffset: head.length, payloadBytes: 30 },
            ...{ mediaStart: 900, durationTicks: 7_200, samples: pictures },
            sound: { mediaStart, payloadOffset: head.length + 30, payloadBytes, samples },
          },
        });
      }),
    );
  });

  it('that end early ask for more, and that are changed anywhere make no reader throw', () => {
    const samples = { count: 2, sizes: Uint32Array.of(3, 4), durations: Uint32Array.of(160, 320) };
    const head = fragmentHead({
      ...{ sequence: 1, mediaStart: mediaTicks(0), wallStart: wallMicros(0) },
      ...{ samples: pictures, payloadBytes: 30, sound: { mediaStart: 5, samples, payloadBytes: 7 } },
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

  it('are walked like others, and cut where the sound is torn', async () => {
    const init = buildInitSegment(video.config, ALAW);
    const frame = video.frames[0]?.data ?? Buffer.alloc(0);
    const fragment = (sequence: number, media: number): Uint8Array => {
      const samples = { count: 1, sizes: Uint32Array.of(320), durations: Uint32Array.of(320) };
      const head = fragmentHead({
        ...{ sequence, mediaStart: mediaTicks(media), wallStart: wallMicros(1_000_000 + media * 100) },
        samples: {
          ...{ count: 1, sizes: Uint32Array.of(frame.length), durations: Uint32Array.of(3_600) },
          ...{ compositionOffsets: new Int32Array(1), keys: Uint8Array.of(1) },
        },
        ...{ payloadBytes: frame.length, sound: { mediaStart: media, samples, payloadBytes: 320 } },
      });
      return Buffer.concat([head, frame, Buffer.alloc(320)]);
    };
    const first = fragment(1, 0);
    const file = Buffer.concat([init, first, fragment(2, 3_600)]);
    const whole = await walkBytes(file);
    expect(whole).toMatchObject({ goodBytes: file.length, problem: undefined, durationTicks: 7_200 });
    expect(whole.initInfo?.sound).toMatchObject({ codecs: 'alaw', timescale: 8_000 });
    const torn = await walkBytes(file.subarray(0, file.length - 1));
    expect(torn.goodBytes).toBe(init.length + first.length);
  });
});

describe('a head with sound', () => {
  const heAac = parseAudioSpecificConfig(Uint8Array.of(0xeb, 0x09, 0x88, 0x00));
  const configs: readonly AudioConfig[] = [
    aacConfig(16_000, 1),
    ...(heAac ? [aacAudioConfig(heAac, Uint8Array.of(0xeb, 0x09, 0x88, 0x00), 48_000)] : []),
    ALAW,
    uncompressedConfig('ulaw', 16_000, 2),
    uncompressedConfig('twos', 48_000, 2),
    uncompressedConfig('sowt', 96_000, 1),
    opusConfig(2),
  ];

  it('says what it is, and the video is what it was', () => {
    const silent = readInit(buildInitSegment(video.config));
    expect(silent?.sound).toBeUndefined();
    for (const config of configs) {
      const init = readInit(buildInitSegment(video.config, config));
      expect(init?.sound).toMatchObject({ codecs: config.codecs, timescale: config.sampleRate });
      expect(init?.sampleEntry).toEqual(silent?.sampleEntry);
    }
  });

  it('can be hidden without a byte being moved', () => {
    for (const config of configs) {
      const init = buildInitSegment(video.config, config);
      const hidden = hideSound(init);
      expect(readInit(hidden)).toMatchObject({ codec: 'h264', sound: undefined, bytes: init.length });
      expect([...hidden].filter((byte, i) => byte !== init[i])).toHaveLength(4);
    }
    const silent = buildInitSegment(video.config);
    expect(hideSound(silent)).toEqual(silent);
  });

  it('that is changed anywhere makes no reader throw', () => {
    for (const config of [aacConfig(16_000, 1), opusConfig(2)]) {
      const init = buildInitSegment(video.config, config);
      for (let at = 0; at < init.length; at++) {
        for (const value of [0, 0xff]) {
          const changed = Uint8Array.from(init);
          changed[at] = value;
          readInit(changed);
          hideSound(changed);
        }
      }
    }
  });
});

describe('collected sound', () => {
  it('comes out as it went in, and gives its memory back', () => {
    const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 100 }), { maxLength: 60 });
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 9 }), (list, each) => {
        const pool = new SlabPool({ slabBytes: 64, budgetBytes: 64 * 1024 });
        const collector = new SoundCollector(pool);
        const runs: SoundRun[] = [];
        for (const [i, frame] of list.entries()) {
          expect(collector.add(Buffer.from(frame), 0, frame.length, i * 100, 100)).toBe(true);
          if (i % each === each - 1) {
            runs.push(collector.take(ALAW, collector.countBefore((i - 1) * 100), 7));
          }
        }
        runs.push(collector.take(ALAW, collector.count, 7));
        expect(Buffer.concat(runs.flatMap((run) => run.slices))).toEqual(Buffer.concat(list));
        expect(runs.flatMap((run) => [...run.samples.sizes])).toEqual(list.map((frame) => frame.length));
        for (const run of runs) {
          expect(sum(run.samples.sizes)).toBe(run.payloadBytes);
          run.release();
        }
        collector.clear();
        expect(pool.takenBytes).toBe(0);
      }),
    );
  });

  it('leaves a frame out when the budget is used up, and only that', () => {
    const pool = new SlabPool({ slabBytes: 64, budgetBytes: 128 });
    const collector = new SoundCollector(pool);
    expect(collector.add(Buffer.alloc(60, 1), 0, 60, 0, 60)).toBe(true);
    expect(collector.add(Buffer.alloc(100, 2), 0, 100, 60, 100)).toBe(false);
    expect(collector.add(Buffer.alloc(60, 3), 0, 60, 160, 60)).toBe(true);
    const run = collector.take(ALAW, 2, 0, 300);
    expect(Buffer.concat(run.slices)).toEqual(Buffer.concat([Buffer.alloc(60, 1), Buffer.alloc(60, 3)]));
    expect([...run.samples.durations]).toEqual([160, 140]);
    run.release();
    collector.clear();
    expect(pool.takenBytes).toBe(0);
  });

  it('is bounded in frames', () => {
    const collector = new SoundCollector(new SlabPool({ slabBytes: 1 << 16, budgetBytes: 1 << 20 }));
    let taken = 0;
    for (let i = 0; i < 5_000; i++) if (collector.add(Buffer.alloc(1), 0, 1, i, 1)) taken++;
    expect(taken).toBe(2_048);
  });
});
