import { FfmpegSource } from '../ffmpeg/ffmpeg-source.ts';
import type { MediaSink } from '../media/access-unit-sink.ts';
import { type CameraMemory, createCameraMemory } from '../rtsp/camera-memory.ts';
import type { RtmpInbox } from '../rtmp/rtmp-inbox.ts';
import { RtmpSource } from '../rtmp/rtmp-source.ts';
import { RtspClient } from '../rtsp/client.ts';
import { type PolicyOverrides, policiesWith } from '../rtsp/policies.ts';
import type { TlsTrust } from '../rtsp/tls.ts';
import type { PortRange } from '../rtsp/udp-ports.ts';
import { parseRtspUrl } from '../rtsp/url.ts';
import type { MonoMicros, WallMicros } from '../time/units.ts';
import type { ReconnectCause } from './camera-status.ts';

/** Where a camera's video comes from, as a recording thread is told. Holds passwords: never to be logged. */
export type SourceSpec =
  | {
      readonly kind: 'rtsp';
      readonly url: string;
      /** Where this camera needs something else than the defaults. */
      readonly policies?: PolicyOverrides;
      /** For `rtsps://`; the authorities that the system knows if it is left out. */
      readonly tls?: TlsTrust;
    }
  /** It is pushed to us; `address` is where to, without its key. */
  | { readonly kind: 'rtmp'; readonly address: string }
  | {
      readonly kind: 'ffmpeg';
      readonly ffmpegPath: string;
      /** Anything that ffmpeg opens, and options of ffmpeg for it. */
      readonly location: string;
      readonly options: readonly string[];
      /** Pictures that browsers cannot play become H.264; without it they are refused. */
      readonly transcode: boolean;
    };

/** Of a camera that we go to. */
export type PulledSpec = Exclude<SourceSpec, { readonly kind: 'rtmp' }>;

/** Such a camera comes to us: waiting for it again costs nobody anything, so it is done without a pause. */
export const isPushed = (spec: SourceSpec): boolean => spec.kind === 'rtmp';

/** Why there is no video: what a person is told, and what the gap in the recording is called. */
export interface SourceFailure {
  readonly kind: 'failure';
  readonly cause: Exclude<ReconnectCause, 'no-video'>;
  /** Part of a sentence, without its full stop. Holds no secret. */
  readonly reason: string;
}

export interface SourceListener {
  /** So many bytes were read from the camera; called once a read, before anything of it is handed on. */
  onBytes(bytes: number): void;
  /** It plays no longer, and not because of `stop`: called once, only after `play` succeeded. */
  onEnd(failure: SourceFailure): void;
}

/** One viewing of one camera, whatever it speaks. Writes what it receives to its `MediaSink`; throws nothing. */
export interface CameraSource {
  /** Connects and asks for the video; `undefined` when it plays. May be called once. */
  play(): Promise<SourceFailure | undefined>;
  /** To be called about once a second while it plays: sends what is due. */
  tick(now: MonoMicros): void;
  /** Ends the viewing; nothing more is handed on. */
  stop(): void;
  readonly packetsLost: number;
  /** Why there is no sound although it was asked for, as part of a sentence. The video goes on without. */
  readonly audioProblem?: string | undefined;
  /** When the certificate of an encrypted camera ends; `undefined` where there is none, or none that matters. */
  readonly certificateEnd?: WallMicros | undefined;
}

/** What a source is given beside its address. */
export interface SourceTools {
  readonly readBuffer: Buffer;
  /** Where what is pushed arrives. */
  readonly rtmp: RtmpInbox;
  /** For connecting, and for each answer of the camera. */
  readonly timeoutMillis: number;
  /** Local ports for media that come by UDP; `undefined`: whatever the system gives. */
  readonly udpPorts: PortRange | undefined;
}

/** What the viewings of one camera tell the next one. */
export interface SourceMemory {
  readonly rtsp: CameraMemory;
}

export const createSourceMemory = (): SourceMemory => ({ rtsp: createCameraMemory() });

/** What is wanted of which camera. */
export interface SourceOrder {
  readonly cameraNo: number;
  readonly source: SourceSpec;
  /** Its sound is to be recorded, too. Otherwise it is not asked for any; what comes unasked is dropped by the hub. */
  readonly audio: boolean;
}

/** Makes the source of one viewing; it does nothing before `play`. */
export function openSource(
  camera: SourceOrder,
  tools: SourceTools,
  memory: SourceMemory,
  sink: MediaSink,
  listener: SourceListener,
): CameraSource {
  const spec = camera.source;
  switch (spec.kind) {
    case 'rtsp': {
      const url = parseRtspUrl(spec.url);
      if (!url) return unusable('its source is no RTSP URL with a host that can be connected to');
      return new RtspClient({
        ...tools,
        url,
        policies: policiesWith(spec.policies ?? {}),
        tls: spec.tls ?? { kind: 'system' },
        memory: memory.rtsp,
        audio: camera.audio,
        sink,
        onBytes: (bytes) => listener.onBytes(bytes),
        onEnd: (failure) => listener.onEnd(failure),
      });
    }
    case 'rtmp':
      return new RtmpSource({
        inbox: tools.rtmp,
        cameraNo: camera.cameraNo,
        address: spec.address,
        timeoutMillis: tools.timeoutMillis,
        sink,
        onBytes: (bytes) => listener.onBytes(bytes),
        onEnd: (failure) => listener.onEnd(failure),
      });
    case 'ffmpeg':
      return new FfmpegSource({
        ffmpegPath: spec.ffmpegPath,
        input: { location: spec.location, options: spec.options },
        transcode: spec.transcode,
        sink,
        onBytes: (bytes) => listener.onBytes(bytes),
        onEnd: (failure) => listener.onEnd(failure),
      });
  }
}

/** Configured, and never to be reached: other cameras of the thread go on. */
function unusable(reason: string): CameraSource {
  return {
    play: () => Promise.resolve({ kind: 'failure', cause: 'protocol', reason }),
    tick: () => undefined,
    stop: () => undefined,
    packetsLost: 0,
  };
}
