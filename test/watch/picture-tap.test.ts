import { beforeAll, describe, expect, it } from 'vitest';
import { CameraHub } from '../../src/ingest/camera-hub.ts';
import type { Fragment, FragmentSink } from '../../src/ingest/fragment.ts';
import { createH264QuantiserReader } from '../../src/media/h264/slice-quantiser.ts';
import { AccessUnitAssembler } from '../../src/rtsp/access-unit-assembler.ts';
import { NAL_KEY_SLICE, NAL_SLICE } from '../../src/rtsp/nal-syntax.ts';
import { INTER } from '../../src/rtsp/random-access.ts';
import { SlabPool } from '../../src/media/slab-pool.ts';
import { monoMicros, wallMicros } from '../../src/time/units.ts';
import { type GateReason, MotionGate } from '../../src/watch/gate.ts';
import { PictureTap } from '../../src/watch/picture-tap.ts';
import { WatchOutbox } from '../../src/watch/watch-outbox.ts';
import type { PassedPicture, WatchedFrames, WatchedPicture } from '../../src/watch/watched-picture.ts';
import { nalsOf, setNalsOf, setsOf } from '../support/frames.ts';
import { type EncodedVideo, encodeVideo } from '../support/video.ts';

const START = 1_795_453_200_000_000;
const FRAME_MICROS = 40_000;
const GOP = 25;

/** What a recorder gets: when each fragment begins, and how much there is in all. */
class Recorded implements FragmentSink {
  readonly recordedTicks = 0;
  readonly blocked = undefined;
  readonly starts: number[] = [];
  readonly bytes: Buffer[] = [];
  samples = 0;

  fragment({ data, wallStart }: Fragment): void {
    this.starts.push(wallStart);
    this.bytes.push(Buffer.concat(data.slices));
    this.samples += data.samples.count;
    data.release();
  }
  runEnded(): void {}
  missing(): void {}
}

/** Notes what it is shown, and may be told what to say. */
class NotingGate extends MotionGate {
  readonly shown: { readonly bytes: number; readonly qp: number | undefined }[] = [];
  says: GateReason | undefined;

  override keyFrame(...shown: Parameters<MotionGate['keyFrame']>): GateReason {
    const reason = super.keyFrame(...shown);
    return this.says ?? reason;
  }

  override picture(bytes: number, qp: number | undefined): void {
    this.shown.push({ bytes, qp });
    super.picture(bytes, qp);
  }
}

interface WatchedHub {
  readonly hub: CameraHub;
  readonly tap: PictureTap;
  readonly gate: NotingGate;
  readonly outbox: WatchOutbox;
  readonly recorded: Recorded;
  readonly pictures: WatchedPicture[];
  readonly passed: PassedPicture[];
  readonly shed: () => number;
  /** Puts pictures in, in the order of decoding, over and over. */
  readonly feed: (
    count: number,
    from?: EncodedVideo,
    options?: { first?: number; lateMicros?: number },
  ) => void;
  /** Hands over what there is, and takes it. */
  readonly take: () => void;
}

/** @param slabBytes small, so that pictures lie across several */
function watchedHub(
  video: EncodedVideo,
  frames: WatchedFrames,
  { slabBytes = 512, budgetBytes = 1 << 24, isPressed = (): boolean => false } = {},
): WatchedHub {
  const pictures: WatchedPicture[] = [];
  const passed: PassedPicture[] = [];
  let shed = 0;
  const outbox = new WatchOutbox({
    ...{ budgetBytes, isPressed },
    send: (report, dropped) => {
      pictures.push(...report.pictures);
      passed.push(...report.passed);
      shed += dropped;
    },
  });
  const gate = new NotingGate();
  const tap = new PictureTap({ cameraNo: 7, frames, outbox, firstStream: 100, gate });
  const recorded = new Recorded();
  const pool = new SlabPool({ slabBytes, budgetBytes: 1 << 24 });
  const hub = new CameraHub({ pool, sink: recorded, fragmentTicks: 180_000, tap });
  hub.begin(setsOf(video.config));
  let fed = 0;
  return {
    ...{ hub, tap, gate, outbox, recorded, pictures, passed },
    shed: () => shed,
    feed(count, from = video, { first = 0, lateMicros = 0 } = {}) {
      const ticksOf = (i: number): number =>
        Math.floor(i / from.frames.length) * from.frames.length * from.ticksPerFrame +
        (from.frames[i % from.frames.length]?.ticks ?? 0);
      const begin = (fed * FRAME_MICROS * 9) / 100 - ticksOf(first);
      for (let i = first; i < first + count; i++) {
        const frame = from.frames[i % from.frames.length];
        if (!frame) throw new Error('There is no such picture.');
        const mono = fed * FRAME_MICROS;
        hub.arrivalMono = monoMicros(mono + lateMicros);
        hub.arrivalWall = wallMicros(START + mono + lateMicros);
        for (const nal of nalsOf(frame.data)) {
          hub.beginNal();
          hub.write(Buffer.from(nal), 0, nal.length);
          hub.endNal();
        }
        hub.endAccessUnit(begin + ticksOf(i), frame.key);
        fed++;
      }
    },
    take() {
      outbox.flush();
      outbox.taken();
    },
  };
}

/** What a decoder is told of a video. */
const toldOf = ({ config }: EncodedVideo): Uint8Array =>
  Uint8Array.from(setsOf(config).config()?.decoderConfig ?? []);

let video: EncodedVideo;
let reordered: EncodedVideo;
let noise: EncodedVideo;

beforeAll(async () => {
  [video, reordered, noise] = await Promise.all([
    encodeVideo({ frames: GOP, gop: GOP, slices: 2 }),
    encodeVideo({ frames: 2 * GOP, gop: GOP, bFrames: 2 }),
    encodeVideo({ frames: GOP, gop: GOP, bitrate: '2M' }),
  ]);
}, 60_000);

describe('the tap of a camera', () => {
  it('hands over key frames as they are recorded, and when they were taken', () => {
    const { feed, take, pictures, recorded, hub } = watchedHub(video, 'keys');
    feed(4 * GOP);
    hub.end('offline');
    take();
    const key = Buffer.from(video.frames[0]?.data ?? []);
    expect(pictures).toHaveLength(4);
    for (const [index, picture] of pictures.entries()) {
      expect(Buffer.compare(Buffer.from(picture.sample), key)).toBe(0);
      expect(recorded.bytes[index]?.indexOf(picture.sample)).toBe(0);
      expect(picture.at).toBe(recorded.starts[index]);
    }
    expect(pictures.map(({ elapsedTicks }) => elapsedTicks)).toEqual([0, 90_000, 90_000, 90_000]);
    expect(new Set(pictures.map(({ stream }) => stream))).toEqual(new Set([100]));
    expect(pictures[0]).toMatchObject({ cameraNo: 7, key: true, reason: 'learning' });
    expect(pictures[0]?.config.decoderConfig).toEqual(toldOf(video));
    // Samples are moved to another thread: none may share its memory with anything.
    for (const { sample } of pictures) expect(sample.buffer.byteLength).toBe(sample.length);
    expect(recorded.samples).toBe(4 * GOP);
  });

  it('says when pictures were taken that came late in a burst, as the recording does', () => {
    const { feed, take, pictures, recorded, hub } = watchedHub(video, 'keys');
    // A camera that begins with what it has stored: the first pictures are 3 s late.
    feed(GOP / 5, video, { lateMicros: 3_000_000 });
    feed(GOP - GOP / 5, video, { first: GOP / 5 });
    feed(GOP);
    hub.end('offline');
    take();
    expect(pictures.map(({ at }) => at)).toEqual(recorded.starts);
    expect(pictures[0]?.at).toBe(START);
  });

  it('shows the gate what pictures between key frames cost, with their quantiser', () => {
    const { feed, gate } = watchedHub(video, 'keys');
    feed(2 * GOP);
    const reader = createH264QuantiserReader(video.config.decoderConfig);
    const expected = video.frames.slice(1).map(({ data }) => {
      const slice = [...nalsOf(data)].find((nal) => [1, 5].includes((nal[0] ?? 0) & 0x1f));
      return { bytes: data.length, qp: slice && reader?.read(slice) };
    });
    expect(expected.every(({ qp }) => qp !== undefined)).toBe(true);
    expect(gate.shown).toEqual([...expected, ...expected]);
  });

  it('passes over what rests, and hands over what does not', () => {
    const { feed, take, pictures, passed, tap } = watchedHub(video, 'auto');
    // Until the gate is believed, five minutes and more, all key frames are handed over.
    for (let i = 0; i < 300; i++) {
      feed(GOP);
      take();
      tap.seen(false, monoMicros(i * GOP * FRAME_MICROS));
    }
    const believed = pictures.length;
    expect(passed).toEqual([]);
    feed(9 * GOP);
    take();
    expect(passed.length).toBeGreaterThan(7);
    expect(pictures.length - believed).toBeLessThan(2);
    // It is looked at every ten seconds in any case: so not in the next few.
    feed(3 * GOP);
    take();
    const before = pictures.length;
    feed(GOP, noise);
    feed(1);
    take();
    // That group was no quiet one: its end is the next key frame. What came into view just before it began shows in its
    // own key frame, which was passed over.
    const [earlier, busy] = pictures.slice(before);
    expect([earlier?.reason, busy?.reason]).toEqual(['earlier', 'busy']);
    expect(passed.at(-1)?.at).toBe(earlier?.at);
    expect(Buffer.from(earlier?.sample ?? [])).toEqual(Buffer.from(noise.frames[0]?.data ?? []));
    expect(busy?.elapsedTicks).toBe(90_000);
  });

  it('follows what the detector saw moving', () => {
    const { feed, take, pictures, tap } = watchedHub(video, 'keys');
    for (let i = 0; i < 40; i++) {
      feed(GOP);
      take();
      tap.seen(i === 30, monoMicros(i * GOP * FRAME_MICROS));
    }
    const reasons = pictures.map(({ reason }) => reason);
    expect(reasons.slice(0, 30)).not.toContain('following');
    expect(reasons[31]).toBe('following');
  });

  it('hands over what is between key frames where they are far apart', () => {
    const keys = watchedHub(video, 'keys');
    const auto = watchedHub(video, 'auto');
    for (const { feed, take, hub } of [keys, auto]) {
      feed(GOP);
      // The next key frame comes after 6 s: the group between is unknown as a long one until then.
      for (let i = 0; i < 5; i++) feed(GOP - 1, video, { first: 1 });
      feed(GOP);
      feed(10, video, { first: 1 });
      hub.end('offline');
      take();
    }
    expect(keys.pictures.map(({ key }) => key)).toEqual([true, true]);
    expect(auto.pictures.map(({ key }) => key)).toEqual([true, true, ...Array<boolean>(GOP + 9).fill(false)]);
    for (const { sample } of auto.pictures.slice(2, GOP + 1)) expect(sample.length).toBeGreaterThan(0);
    expect(Buffer.from(auto.pictures[2]?.sample ?? [])).toEqual(Buffer.from(video.frames[1]?.data ?? []));
  });

  it('hands over one picture where it is only time to look, however far key frames are apart', () => {
    const { feed, take, hub, gate, pictures } = watchedHub(video, 'auto');
    feed(GOP);
    for (let i = 0; i < 5; i++) feed(GOP - 1, video, { first: 1 });
    gate.says = 'floor';
    feed(GOP);
    for (let i = 0; i < 5; i++) feed(GOP - 1, video, { first: 1 });
    gate.says = 'busy';
    feed(GOP);
    hub.end('offline');
    take();
    expect(pictures.map(({ key }) => key)).toEqual([
      true,
      true,
      true,
      ...Array<boolean>(GOP - 1).fill(false),
    ]);
  });

  it('hands over everything where that is wanted, in the order of decoding, with time that only grows', () => {
    const { feed, take, pictures, hub, gate } = watchedHub(reordered, 'all');
    feed(2 * GOP, reordered);
    hub.end('offline');
    take();
    expect(pictures.map(({ key }) => key)).toEqual(reordered.frames.map(({ key }) => key));
    for (const [index, { sample }] of pictures.entries()) {
      expect(Buffer.from(sample)).toEqual(Buffer.from(reordered.frames[index]?.data ?? []));
    }
    expect(pictures[0]?.elapsedTicks).toBe(0);
    for (const { elapsedTicks } of pictures.slice(1)) expect(elapsedTicks).toBeGreaterThan(0);
    const total = pictures.reduce((sum, { elapsedTicks }) => sum + elapsedTicks, 0);
    expect(Math.abs(total - (2 * GOP - 1) * reordered.ticksPerFrame)).toBeLessThanOrEqual(
      2 * reordered.ticksPerFrame,
    );
    // Nobody asks the gate, so nothing is read for it.
    expect(gate.shown).toEqual([]);
    expect(pictures.every(({ reason }) => reason === 'always')).toBe(true);
  });

  it('leaves out what leans on a picture that was lost', () => {
    const { feed, take, pictures, hub } = watchedHub(video, 'all');
    feed(10);
    hub.beginNal();
    hub.write(Buffer.alloc(50, 1), 0, 50);
    hub.abandonAccessUnit();
    feed(GOP - 10, video, { first: 10 });
    feed(5);
    hub.end('offline');
    take();
    expect(pictures.map(({ key }) => key)).toEqual([
      true,
      ...Array<boolean>(9).fill(false),
      true,
      ...Array<boolean>(4).fill(false),
    ]);
  });

  it('leaves out what leans on a picture that was lost as a whole, which only numbers of packets tell', () => {
    const { take, pictures, hub } = watchedHub(noise, 'all');
    const assembler = new AccessUnitAssembler(hub);
    for (const [index, { data, key, ticks }] of [...noise.frames, ...noise.frames].entries()) {
      if (index === 10) continue;
      const timestamp = ticks + Math.floor(index / GOP) * GOP * noise.ticksPerFrame;
      hub.arrivalMono = monoMicros(index * FRAME_MICROS);
      assembler.beginPacket(timestamp, index === 11, false);
      const slice = [...nalsOf(data)].at(-1) ?? Buffer.alloc(0);
      const kind = key ? NAL_KEY_SLICE : NAL_SLICE;
      assembler.nal(kind, true, INTER, Buffer.from(slice), 0, slice.length);
      assembler.endPacket(true);
    }
    hub.end('offline');
    take();
    const keys = pictures.map(({ key }) => key);
    expect(keys.slice(0, 12)).toEqual([true, ...Array<boolean>(9).fill(false), true, false]);
  });

  it('calls what cannot be decoded together another stream', () => {
    const { feed, take, pictures, hub } = watchedHub(video, 'keys');
    feed(2 * GOP);
    for (const set of setNalsOf(noise.config)) hub.parameterSet(Buffer.from(set), 0, set.length);
    feed(GOP, noise);
    hub.begin(setsOf(video.config));
    feed(GOP);
    hub.end('offline');
    take();
    expect(pictures.map(({ stream, elapsedTicks }) => [stream, elapsedTicks])).toEqual([
      [100, 0],
      [100, 90_000],
      [101, 0],
      [102, 0],
    ]);
    expect(pictures[2]?.config.decoderConfig).toEqual(toldOf(noise));
  });

  it('costs no picture of the recording and no more than its budget where nobody takes anything', () => {
    const largest = Math.max(...noise.frames.map(({ data }) => data.length));
    const { feed, outbox, recorded, hub, shed, pictures } = watchedHub(noise, 'all', {
      budgetBytes: 4 * largest,
    });
    for (let i = 0; i < 20; i++) {
      feed(GOP, noise);
      outbox.flush();
      expect(outbox.bytes).toBeLessThanOrEqual(4 * largest);
    }
    hub.end('offline');
    expect(recorded.samples).toBe(20 * GOP);
    // One report is on its way, whatever else there is.
    expect(pictures.length).toBeLessThan(2 * GOP);
    const handed = pictures.length;
    outbox.taken();
    outbox.flush();
    outbox.taken();
    // What was dropped is counted; pictures that lean on it are not asked for.
    expect(shed()).toBeGreaterThanOrEqual(18);
    expect(pictures.length).toBeGreaterThanOrEqual(handed);
    expect(outbox.bytes).toBe(0);
  });

  it('hands over nothing while whoever records has no room to spare, and counts that', () => {
    let pressed = false;
    const { feed, take, pictures, shed, recorded, hub } = watchedHub(video, 'keys', {
      isPressed: () => pressed,
    });
    feed(GOP);
    pressed = true;
    feed(2 * GOP);
    pressed = false;
    feed(GOP);
    hub.end('offline');
    take();
    expect(pictures.map(({ key }) => key)).toEqual([true, true]);
    expect(shed()).toBe(2);
    expect(recorded.samples).toBe(4 * GOP);
  });

  it('is gone from the way of a recording when it fails', () => {
    const { feed, recorded, hub, gate, outbox, take, shed } = watchedHub(video, 'keys');
    gate.keyFrame = () => {
      throw new Error('a mistake');
    };
    feed(2 * GOP);
    hub.end('offline');
    expect(recorded.samples).toBe(2 * GOP);
    take();
    expect(shed()).toBe(2);
    expect(outbox.bytes).toBe(0);
  });
});
