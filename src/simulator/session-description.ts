import { PAYLOAD_TYPE } from './packetizer.ts';
import type { SimulatedCamera } from './simulated-camera.ts';

/** RTP payload type of sound. */
export const SOUND_PAYLOAD_TYPE = 97;

/** RFC 8866, with the parameter sets of RFC 6184 section 8.1 or RFC 7798 section 7.1, and sound by RFC 3640. */
export function describeCamera({ clip, sound }: SimulatedCamera): string {
  const sets = clip.parameterSets.map((set) => set.toString('base64'));
  const parameters =
    clip.codec === 'h264'
      ? `packetization-mode=1;profile-level-id=${clip.parameterSets[0]?.subarray(1, 4).toString('hex')};sprop-parameter-sets=${sets.join(',')}`
      : `sprop-vps=${sets[0]};sprop-sps=${sets[1]};sprop-pps=${sets[2]}`;
  const audio = sound
    ? [
        `m=audio 0 RTP/AVP ${SOUND_PAYLOAD_TYPE}`,
        `a=rtpmap:${SOUND_PAYLOAD_TYPE} mpeg4-generic/${sound.sampleRate}/1`,
        `a=fmtp:${SOUND_PAYLOAD_TYPE} streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=${sound.config.toString('hex')}`,
        'a=control:audio',
      ]
    : [];
  return [
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=Simulated camera',
    'c=IN IP4 0.0.0.0',
    't=0 0',
    'a=control:*',
    'a=range:npt=0-',
    `m=video 0 RTP/AVP ${PAYLOAD_TYPE}`,
    `a=rtpmap:${PAYLOAD_TYPE} ${clip.codec === 'h264' ? 'H264' : 'H265'}/90000`,
    `a=fmtp:${PAYLOAD_TYPE} ${parameters}`,
    `a=framerate:${clip.fps}`,
    'a=control:video',
    ...audio,
    '',
  ].join('\r\n');
}
