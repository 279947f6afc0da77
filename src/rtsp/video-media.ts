import { ParameterSets } from '../media/parameter-sets.ts';
import { MEDIA_TICKS_PER_SECOND } from '../time/units.ts';
import { failure, type RtspFailure } from './failure.ts';
import type { Sdp, SdpMedia, SdpPayload } from './sdp.ts';

/** The media of a session that will be recorded, and how it is coded. */
export interface VideoMedia {
  readonly kind: 'video';
  readonly media: SdpMedia;
  readonly payload: SdpPayload;
  readonly codec: 'h264' | 'h265';
  /** What the session description says of them: perhaps nothing. */
  readonly sets: ParameterSets;
}

const CODECS: ReadonlyMap<string, 'h264' | 'h265'> = new Map([
  ['H264', 'h264'],
  ['H265', 'h265'],
  ['HEVC', 'h265'],
]);

/** Picks the first video that can be recorded, or says what is offered instead. */
export function chooseVideo(sdp: Sdp): VideoMedia | RtspFailure {
  const videos = sdp.medias.filter((media) => media.kind === 'video' && !media.isBackChannel);
  for (const media of videos) {
    for (const payload of media.payloads) {
      const codec = CODECS.get(payload.encoding);
      if (codec && payload.clockRate === MEDIA_TICKS_PER_SECOND) {
        return { kind: 'video', media, payload, codec, sets: announcedSets(codec, payload) };
      }
    }
  }
  if (sdp.medias.length === 0) return failure('protocol', 'the camera describes no stream at all');
  const offered = videos.flatMap((media) =>
    media.payloads.map((payload) => payload.encoding || `type ${payload.pt}`),
  );
  return failure(
    'protocol',
    offered.length === 0
      ? 'the camera offers no video'
      : `the camera offers video as ${offered.join(', ')}, and only H.264 and H.265 are recorded from RTSP: use source: ffmpeg:rtsp://… with ffmpeg: { transcode: h264 }`,
  );
}

function announcedSets(codec: 'h264' | 'h265', payload: SdpPayload): ParameterSets {
  const sets = new ParameterSets(codec);
  const { fmtp } = payload;
  if (codec === 'h264') sets.putSpropParameterSets(fmtp.get('sprop-parameter-sets') ?? '');
  else sets.putSpropH265(fmtp.get('sprop-vps'), fmtp.get('sprop-sps'), fmtp.get('sprop-pps'));
  return sets;
}
