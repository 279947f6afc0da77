import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect } from 'vitest';
import { CameraHub } from '../../src/ingest/camera-hub.ts';
import {
  type CameraSource,
  createSourceMemory,
  openSource,
  type SourceFailure,
  type SourceMemory,
  type SourceSpec,
} from '../../src/ingest/camera-source.ts';
import type { Fragment, FragmentSink } from '../../src/ingest/fragment.ts';
import { SlabPool } from '../../src/media/slab-pool.ts';
import { RtmpInbox } from '../../src/rtmp/rtmp-inbox.ts';
import type { PortRange } from '../../src/rtsp/udp-ports.ts';
import { systemClock } from '../../src/time/clock.ts';
import { type BadCamera, FRAMES, type Script, startBadCamera } from './bad-camera.ts';

const FRAGMENT_TICKS = 180_000;
const TICK_MILLIS = 20;

/** One viewing of a camera as the recorder does it: from the source to fragments, which are counted. */
export interface Viewing {
  /** What `play` said. */
  readonly failure: SourceFailure | undefined;
  readonly source: CameraSource;
  readonly hub: CameraHub;
  readonly memory: SourceMemory;
  /** Why it ended by itself. */
  readonly ended: () => SourceFailure | undefined;
  readonly bytes: () => number;
  /** Waits until so many whole pictures have come, then ends the recording: how many are in its fragments. */
  recorded(pictures: number, seconds?: number): Promise<number>;
  stop(): Promise<void>;
}

/** Everything of an RTSP source but its address. */
export type RtspOptions = Omit<Extract<SourceSpec, { readonly kind: 'rtsp' }>, 'kind' | 'url'>;

export interface ViewingOptions {
  readonly memory?: SourceMemory;
  readonly timeoutMillis?: number;
  readonly udpPorts?: PortRange;
  readonly audio?: boolean;
}

export class CountingSink implements FragmentSink {
  readonly recordedTicks = 0;
  readonly blocked = undefined;
  samples = 0;

  fragment({ data }: Fragment): void {
    this.samples += data.samples.count;
    data.release();
  }

  runEnded(): void {}

  missing(): void {}
}

const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

export async function view(
  url: string,
  spec: RtspOptions = {},
  options: ViewingOptions = {},
): Promise<Viewing> {
  const memory = options.memory ?? createSourceMemory();
  const sink = new CountingSink();
  const pool = new SlabPool({ slabBytes: 16_384, budgetBytes: 1 << 26 });
  const hub = new CameraHub({ pool, sink, fragmentTicks: FRAGMENT_TICKS });
  let ended: SourceFailure | undefined;
  let bytes = 0;
  const source = openSource(
    { cameraNo: 1, audio: options.audio ?? false, source: { kind: 'rtsp', url, ...spec } },
    {
      readBuffer,
      rtmp: new RtmpInbox(),
      timeoutMillis: options.timeoutMillis ?? 5_000,
      udpPorts: options.udpPorts,
    },
    memory,
    hub,
    {
      onBytes: (count) => {
        bytes += count;
        hub.arrivalWall = systemClock.wall();
        hub.arrivalMono = systemClock.mono();
      },
      onEnd: (failure) => {
        ended = failure;
      },
    },
  );
  const failure = await source.play();
  const timer = setInterval(() => source.tick(systemClock.mono()), TICK_MILLIS);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    source.stop();
    await memory.rtsp.free;
  };
  return {
    failure,
    source,
    hub,
    memory,
    ended: () => ended,
    bytes: () => bytes,
    async recorded(pictures, seconds = 10) {
      const end = performance.now() + seconds * 1000;
      while (hub.counters.frames < pictures && performance.now() < end) await sleep(10);
      await stop();
      hub.end('offline');
      return sink.samples;
    },
    stop,
  };
}

/** Cameras that are gone after each test of a file. */
export function badCameras(): {
  readonly cameraThat: (script: Script) => Promise<BadCamera>;
  /** How many of the FRAMES pictures that such a camera sends are recorded. */
  readonly recordedOf: (script: Script, spec?: RtspOptions) => Promise<number>;
} {
  const cameras: BadCamera[] = [];
  afterEach(async () => {
    for (const camera of cameras.splice(0)) await camera.close();
  });
  const cameraThat = async (script: Script): Promise<BadCamera> => {
    const camera = await startBadCamera(script);
    cameras.push(camera);
    return camera;
  };
  return {
    cameraThat,
    async recordedOf(script, spec) {
      const viewing = await view((await cameraThat(script)).url(), spec);
      expect(viewing.failure).toBeUndefined();
      return viewing.recorded(FRAMES);
    },
  };
}
