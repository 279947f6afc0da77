import { beforeAll, describe, expect, it } from 'vitest';
import { CameraHub } from '../../src/ingest/camera-hub.ts';
import type { Fragment, FragmentSink } from '../../src/ingest/fragment.ts';
import type { FragmentData } from '../../src/media/fragment-builder.ts';
import { SlabPool } from '../../src/media/slab-pool.ts';
import { monoMicros, ticksToMicros, type WallMicros, wallMicros } from '../../src/time/units.ts';
import { nalsOf, setNalsOf, setsOf } from '../support/frames.ts';
import { type EncodedVideo, encodeVideo } from '../support/video.ts';

const START = 1_795_453_200_000_000;
const GOP = 50;
const FRAME_MICROS = 40_000;

/** Keeps what it is given, as numbers. */
class Sink implements FragmentSink {
  readonly recordedTicks = 0;
  readonly blocked = undefined;
  readonly fragments: (Pick<Fragment, 'wallStart' | 'wallEnd' | 'key' | 'startsRun' | 'config'> & {
    readonly samples: number;
    readonly start: number;
    readonly end: number;
  })[] = [];
  readonly ended: { readonly at: WallMicros; readonly cause: string }[] = [];
  /** A slow disk: what it has not written yet. */
  readonly waiting: FragmentData[] = [];
  keep = false;

  fragment({ data, ...fragment }: Fragment): void {
    this.fragments.push({
      ...fragment,
      samples: data.samples.count,
      start: data.startTicks,
      end: data.endTicks,
    });
    if (this.keep) this.waiting.push(data);
    else data.release();
  }

  runEnded(at: WallMicros, cause: string): void {
    this.ended.push({ at, cause });
  }

  missing(): void {
    throw new Error('a hub never says that');
  }
}

let video: EncodedVideo;
let larger: EncodedVideo;

beforeAll(async () => {
  video = await encodeVideo({ frames: GOP, gop: GOP });
  larger = await encodeVideo({ frames: GOP, gop: GOP, width: 320, height: 192 });
});

function createHub(options: { fragmentTicks?: number; budgetBytes?: number } = {}) {
  const sink = new Sink();
  const pool = new SlabPool({ slabBytes: 4_096, budgetBytes: options.budgetBytes ?? 1 << 24 });
  const hub = new CameraHub({ pool, sink, fragmentTicks: options.fragmentTicks ?? 180_000 });
  hub.begin(setsOf(video.config));
  let mono = 0;
  const feed = (frames: number, from: EncodedVideo = video, wallShift = 0, first = 0): void => {
    for (let i = first; i < first + frames; i++) {
      const frame = from.frames[i % from.frames.length];
      if (!frame) continue;
      hub.arrivalMono = monoMicros(mono);
      hub.arrivalWall = wallMicros(START + mono + wallShift);
      for (const nal of nalsOf(frame.data)) {
        hub.beginNal();
        hub.write(Buffer.from(nal), 0, nal.length);
        hub.endNal();
      }
      hub.endAccessUnit((mono * 9) / 100, frame.key);
      mono += FRAME_MICROS;
    }
  };
  return { hub, sink, pool, feed };
}

const total = (sink: Sink): number => sink.fragments.reduce((sum, { samples }) => sum + samples, 0);

describe('camera hub', () => {
  it('makes one fragment of each group of pictures, joined to the tick and the microsecond', () => {
    const { hub, sink, feed } = createHub();
    feed(4 * GOP);
    hub.end('offline');
    expect(sink.fragments.map(({ samples, key, startsRun }) => [samples, key, startsRun])).toEqual([
      [GOP, true, true],
      [GOP, true, false],
      [GOP, true, false],
      [GOP, true, false],
    ]);
    for (const [i, fragment] of sink.fragments.entries()) {
      const before = sink.fragments[i - 1];
      if (!before) continue;
      expect(fragment.start).toBe(before.end);
      expect(fragment.wallStart).toBe(before.wallEnd);
    }
    expect(sink.ended).toEqual([{ at: START + 4 * GOP * FRAME_MICROS, cause: 'offline' }]);
  });

  it('starts with a key frame', () => {
    const { hub, sink, feed } = createHub();
    feed(30, video, 0, 20);
    expect(hub.running).toBe(false);
    feed(GOP + 1);
    expect(sink.fragments.map(({ samples, key }) => [samples, key])).toEqual([[GOP, true]]);
  });

  it('cuts a long group of pictures', () => {
    const { hub, sink, feed } = createHub({ fragmentTicks: 45_000 });
    feed(2 * GOP);
    hub.end('offline');
    expect(total(sink)).toBe(2 * GOP);
    for (const { start, end } of sink.fragments) expect(end - start).toBeLessThanOrEqual(45_000 + 3_600);
    expect(sink.fragments.filter(({ key }) => key)).toHaveLength(2);
  });

  it('begins a new configuration at the key frame that brings it, within the run', () => {
    const { hub, sink, feed } = createHub();
    feed(GOP);
    for (const set of setNalsOf(larger.config)) hub.parameterSet(Buffer.from(set), 0, set.length);
    feed(GOP, larger);
    hub.end('offline');
    expect(
      sink.fragments.map(({ config, samples, startsRun }) => [config.width, samples, startsRun]),
    ).toEqual([
      [160, GOP, true],
      [320, GOP, false],
    ]);
    expect(sink.fragments[1]?.start).toBe(sink.fragments[0]?.end);
  });

  it('begins a new run with the key frame after the clock was set, and loses no frame', () => {
    const { hub, sink, feed } = createHub();
    const hour = 3_600_000_000;
    feed(GOP + 20);
    hub.restartAtKey();
    feed(GOP - 20, video, hour, 20);
    feed(GOP, video, hour);
    hub.end('offline');
    expect(total(sink)).toBe(3 * GOP);
    expect(sink.fragments.map(({ startsRun }) => startsRun)).toEqual([true, false, true]);
    expect(sink.ended[0]?.cause).toBe('clock-step');
    const [, second, third] = sink.fragments;
    // The run before ends by the old clock, the new one starts by the new.
    expect(second?.wallEnd).toBe(START + 2 * GOP * FRAME_MICROS);
    expect(third?.wallStart).toBe(START + 2 * GOP * FRAME_MICROS + hour);
    expect((third?.wallEnd ?? 0) - (third?.wallStart ?? 0)).toBe(ticksToMicros((GOP * 3_600) as never));
  });

  it('drops a picture of which a part was lost, and keeps time', () => {
    const { hub, sink, feed } = createHub();
    feed(10);
    hub.beginNal();
    hub.write(Buffer.alloc(50, 1), 0, 50);
    hub.abandonAccessUnit();
    feed(GOP - 10, video, 0, 10);
    hub.end('offline');
    expect(total(sink)).toBe(GOP);
    expect(hub.counters.framesDamaged).toBe(1);
  });

  it('ends the run when the buffers are full, says so, and starts again when they are not', () => {
    const { hub, sink, pool, feed } = createHub({ budgetBytes: 64 * 1_024 });
    sink.keep = true;
    for (let i = 0; i < 40 && !hub.overloaded; i++) feed(GOP);
    expect(hub.overloaded).toBe(true);
    expect(sink.ended.at(-1)?.cause).toBe('overload');
    expect(pool.takenBytes).toBeLessThanOrEqual(pool.budgetBytes);
    const before = sink.fragments.length;
    sink.keep = false;
    for (const data of sink.waiting) data.release();
    feed(2 * GOP + 1);
    expect(hub.overloaded).toBe(false);
    expect(sink.fragments.length).toBeGreaterThan(before);
    expect(sink.fragments[before]).toMatchObject({ startsRun: true, key: true });
  });
});
