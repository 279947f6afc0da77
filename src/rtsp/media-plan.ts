import { randomInt } from 'node:crypto';
import type { MediaSink } from '../media/access-unit-sink.ts';
import { chooseAudio } from './audio-media.ts';
import { AudioReceiver } from './audio-receiver.ts';
import type { RtspFailure } from './failure.ts';
import { type MediaReceiver, UnusedMedia } from './media-receiver.ts';
import type { RtspPolicies } from './policies.ts';
import type { Sdp, SdpMedia } from './sdp.ts';
import type { PortPair } from './transport.ts';
import { chooseVideo } from './video-media.ts';
import { VideoReceiver } from './video-receiver.ts';

/** One media to set up, in the order of their SETUPs. */
export interface PlannedMedia {
  readonly control: string | undefined;
  /** Without the others video is recorded all the same. */
  readonly isVideo: boolean;
  /**
   * @param channels by which its RTP and RTCP will be told apart
   * @param ordered over TCP nothing overtakes
   */
  create(channels: PortPair, ordered: boolean): MediaReceiver;
}

export interface MediaPlan {
  readonly kind: 'plan';
  /** Video first. */
  readonly medias: readonly PlannedMedia[];
  /** Why there is no sound although it is wanted, as part of a sentence. */
  readonly audioProblem: string | undefined;
  /** A picture may be one packet that no datagram holds (F15: packetization-mode 0). */
  readonly needsTcp: boolean;
}

export interface PlanOptions {
  readonly sink: MediaSink;
  readonly setUp: RtspPolicies['setUp'];
  /** Sound is to be recorded, too. */
  readonly audio: boolean;
  /** The camera has shown that it gives nothing else than video (F14, F16). */
  readonly videoOnly: boolean;
}

/** What of a session is asked for. Only that there is no video is a reason to ask for nothing. */
export function planMedias(sdp: Sdp, options: PlanOptions): MediaPlan | RtspFailure {
  const { sink, setUp, videoOnly } = options;
  const video = chooseVideo(sdp);
  if (video.kind === 'failure') return video;
  const { media, payload, codec, sets } = video;
  const medias: PlannedMedia[] = [
    {
      control: media.control,
      isVideo: true,
      create(channels, ordered) {
        sink.begin(sets);
        return new VideoReceiver({
          codec,
          sink,
          payloadType: payload.pt,
          clockRate: payload.clockRate,
          channels,
          ssrc: reporterId(),
          ordered,
        });
      },
    },
  ];
  const audio = options.audio ? chooseAudio(sdp) : undefined;
  if (audio?.kind === 'audio' && !videoOnly) {
    medias.push({
      control: audio.media.control,
      isVideo: false,
      create: (channels, ordered) =>
        new AudioReceiver({ audio, sink, channels, ssrc: reporterId(), ordered }),
    });
  }
  if (setUp === 'all' && !videoOnly) {
    const taken = new Set([media, audio?.kind === 'audio' ? audio.media : undefined]);
    medias.push(...sdp.medias.filter((other) => !taken.has(other) && !other.isBackChannel).map(unused));
  }
  return {
    kind: 'plan',
    medias,
    audioProblem: audioProblem(audio, videoOnly),
    needsTcp: codec === 'h264' && (payload.fmtp.get('packetization-mode') ?? '0') === '0',
  };
}

function audioProblem(
  audio: ReturnType<typeof chooseAudio> | undefined,
  videoOnly: boolean,
): string | undefined {
  if (audio?.kind === 'none') return audio.reason;
  return audio && videoOnly ? 'the camera breaks off when it is asked for more than video' : undefined;
}

function unused({ control }: SdpMedia): PlannedMedia {
  return { control, isVideo: false, create: (channels) => new UnusedMedia(channels) };
}

/** Our SSRC in receiver reports. */
const reporterId = (): number => randomInt(1, 2 ** 32);
