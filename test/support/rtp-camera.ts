import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CameraHub } from '../../src/ingest/camera-hub.ts';
import type { Fragment, FragmentSink } from '../../src/ingest/fragment.ts';
import { fragmentHead } from '../../src/media/mp4/fragment-writer.ts';
import { buildInitSegment } from '../../src/media/mp4/init-segment.ts';
import { ParameterSets } from '../../src/media/parameter-sets.ts';
import { SlabPool } from '../../src/media/slab-pool.ts';
import type { VideoConfig } from '../../src/media/video-config.ts';
import { VideoReceiver } from '../../src/rtsp/video-receiver.ts';
import { mediaTicks, monoMicros, wallMicros } from '../../src/time/units.ts';
import { nalsOf } from './frames.ts';
import { rtpPacket } from './rtp.ts';
import { decodeNumbers } from './video.ts';

const run = promisify(execFile);

/** One recorded picture. */
export interface Recorded {
  readonly nals: readonly Buffer[];
  readonly key: boolean;
  /** Presentation time in the run. */
  readonly ticks: number;
  readonly durationTicks: number;
}

/** A fragment as it is written to disk. */
export interface RecordedFragment {
  readonly config: VideoConfig;
  readonly startsRun: boolean;
  readonly key: boolean;
  readonly startTicks: number;
  readonly endTicks: number;
  readonly wallStart: number;
  readonly wallEnd: number;
  readonly pictures: readonly Recorded[];
  readonly bytes: Buffer;
}

class Recorder implements FragmentSink {
  readonly recordedTicks = 0;
  readonly blocked = undefined;
  readonly fragments: RecordedFragment[] = [];
  readonly runsEnded: string[] = [];

  fragment({ data, config, startsRun, key, wallStart, wallEnd }: Fragment): void {
    const payload = Buffer.concat(data.slices);
    const { samples, startTicks, endTicks, payloadBytes } = data;
    const pictures: Recorded[] = [];
    let at = 0;
    let decode = startTicks;
    for (let i = 0; i < samples.count; i++) {
      const size = samples.sizes[i] ?? 0;
      const durationTicks = samples.durations[i] ?? 0;
      pictures.push({
        nals: [...nalsOf(payload.subarray(at, at + size))].map((nal) => Buffer.from(nal)),
        key: samples.keys[i] === 1,
        ticks: decode + (samples.compositionOffsets[i] ?? 0),
        durationTicks,
      });
      at += size;
      decode += durationTicks;
    }
    const head = fragmentHead({
      sequence: this.fragments.length + 1,
      mediaStart: mediaTicks(startTicks),
      wallStart,
      samples,
      payloadBytes,
    });
    const bytes = Buffer.concat([head, payload]);
    this.fragments.push({
      ...{ config, startsRun, key, startTicks, endTicks, wallStart, wallEnd, pictures, bytes },
    });
    data.release();
  }

  runEnded(_at: number, cause: string): void {
    this.runsEnded.push(cause);
  }

  missing(): void {}
}

export interface PacketOptions {
  readonly timestamp?: number;
  readonly marker?: boolean;
  readonly sequence?: number;
  readonly ssrc?: number;
  readonly payloadType?: number;
}

/** Everything between a camera's packets and what is written of them, and the clocks that go with it. */
export class RtpCamera {
  readonly recorder = new Recorder();
  readonly pool = new SlabPool({ slabBytes: 4_096, budgetBytes: 1 << 26 });
  readonly hub: CameraHub;
  readonly receiver: VideoReceiver;
  /** Of the next packet. */
  sequence = 65_500;
  timestamp = 4_294_900_000;
  /** Microseconds since the start, of its arrival. */
  now = 0;
  readonly sets: ParameterSets;

  readonly #wallStart = 1_795_453_200_000_000;

  constructor(
    options: {
      readonly codec?: 'h264' | 'h265';
      readonly sets?: ParameterSets;
      readonly ordered?: boolean;
      readonly fragmentTicks?: number;
      readonly payloadType?: number;
    } = {},
  ) {
    const { codec = 'h264' } = options;
    const { fragmentTicks = 180_000 } = options;
    this.hub = new CameraHub({ pool: this.pool, sink: this.recorder, fragmentTicks });
    this.receiver = new VideoReceiver({
      ...{
        codec,
        sink: this.hub,
        payloadType: options.payloadType ?? 96,
        clockRate: 90_000,
        channels: { rtp: 0, rtcp: 1 },
        ssrc: 7,
      },
      ordered: options.ordered ?? true,
    });
    this.#arrive();
    this.sets = options.sets ?? new ParameterSets(codec);
    this.hub.begin(this.sets);
  }

  /** The time by our clock. */
  get wall(): number {
    return this.#wallStart + Math.round(this.now);
  }

  /** One packet, in the middle of a larger buffer that is used again. */
  packet(payload: Uint8Array, options: PacketOptions = {}): void {
    const { timestamp = this.timestamp, sequence = this.sequence, ...rest } = options;
    this.datagram(rtpPacket({ ...rest, timestamp, sequence, payload }));
    this.sequence = (sequence + 1) & 0xffff;
  }

  datagram(bytes: Uint8Array, channel = 0): void {
    this.#arrive();
    const shared = Buffer.concat([Buffer.alloc(9, 0xee), bytes, Buffer.alloc(9)]);
    this.receiver.frame(channel, shared, 9, 9 + bytes.length);
    shared.fill(0xee);
  }

  /** The packets of one picture, the last one with the marker, and a 25th of a second. */
  picture(payloads: readonly Uint8Array[], options: PacketOptions & { readonly ticks?: number } = {}): void {
    const { ticks = 3_600, marker = true, ...rest } = options;
    for (const [i, payload] of payloads.entries()) {
      this.packet(payload, { ...rest, marker: marker && i === payloads.length - 1 });
    }
    this.pass(ticks);
  }

  /** Time passes, for the camera and for us. */
  pass(ticks: number): void {
    this.timestamp = (this.timestamp + ticks) >>> 0;
    this.now += (ticks * 100) / 9;
  }

  /** Packets that never arrive. */
  lose(count = 1): void {
    this.sequence = (this.sequence + count) & 0xffff;
  }

  tick(): void {
    this.receiver.tick(monoMicros(this.now));
  }

  /** Ends the recording; every picture of it. */
  end(): readonly Recorded[] {
    this.hub.end('offline');
    return this.pictures;
  }

  get pictures(): readonly Recorded[] {
    return this.recorder.fragments.flatMap(({ pictures }) => pictures);
  }

  /** The fragments of one configuration as one file, decoded by ffmpeg: the numbers that the pictures show. */
  decode(config = this.recorder.fragments[0]?.config): Promise<number[]> {
    return this.#withFile(config, (path) => decodeNumbers(path, { ffmpeg: 'ffmpeg' }));
  }

  /** What ffmpeg says when it decodes everything, and how many pictures come out. */
  async decodeAll(config = this.recorder.fragments[0]?.config): Promise<{ said: string; frames: number }> {
    return await this.#withFile(config, async (path) => {
      const args = ['-v', 'error', '-nostdin', '-i', path, '-map', '0:v', '-f', 'framemd5', '-'];
      const { stdout, stderr } = await run('ffmpeg', args, { timeout: 60_000 });
      return { said: stderr, frames: stdout.split('\n').filter((line) => /^\d/.test(line)).length };
    });
  }

  async #withFile<T>(config: VideoConfig | undefined, use: (path: string) => Promise<T>): Promise<T> {
    if (!config) throw new Error('nothing was recorded');
    const folder = await mkdtemp(join(tmpdir(), 'vigie-rtp-'));
    try {
      const path = join(folder, 'recorded.mp4');
      const fragments = this.recorder.fragments.filter((fragment) => fragment.config === config);
      await writeFile(
        path,
        Buffer.concat([buildInitSegment(config), ...fragments.map(({ bytes }) => bytes)]),
      );
      return await use(path);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #arrive(): void {
    this.hub.arrivalMono = monoMicros(Math.round(this.now));
    this.hub.arrivalWall = wallMicros(this.wall);
  }
}
