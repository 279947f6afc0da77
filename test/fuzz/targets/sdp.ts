import { parseSdp } from '../../../src/rtsp/sdp.ts';
import { chooseVideo } from '../../../src/rtsp/video-media.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** A session description, and what is made of its video. */
export const target: FuzzTarget = {
  name: 'sdp',
  maxBytes: 128 * 1024,
  cost: 3,
  tokens: [
    ...[
      '\r\n',
      '\n',
      'v=0\r\n',
      'm=video 0 RTP/AVP 96',
      'm=audio 0 RTP/AVP 0 8',
      'a=rtpmap:96 H264/90000',
      'a=rtpmap:',
    ],
    ...[
      'a=fmtp:96 ',
      'a=control:',
      'a=sendonly',
      'a=framerate:',
      'packetization-mode=1',
      'sprop-parameter-sets=',
    ],
    ...[
      'sprop-vps=',
      'H265/90000',
      ';',
      ',',
      '=',
      '/',
      ' ',
      '"',
      'Z0IAKeKQFoe/',
      'aM4xsg==',
      '\u2028',
      'é',
      '127',
      '>',
    ],
  ],
  run(bytes) {
    const sdp = parseSdp(bytes);
    hold(sdp.medias.length <= 32, 'medias are bounded');
    for (const media of sdp.medias) {
      hold(media.port >= 0 && media.port <= 65_535, 'a port has 16 bits');
      hold(
        media.framerate === undefined || (media.framerate > 0 && media.framerate <= 1_000),
        'a rate is credible',
      );
      hold(media.payloads.length <= 128, 'payload types are bounded');
      for (const { pt, clockRate, channels, fmtp } of media.payloads) {
        hold(pt >= 0 && pt <= 127, 'a payload type has 7 bits');
        hold(clockRate > 0 && clockRate <= 10_000_000, 'a clock has a rate');
        hold(channels > 0 && channels <= 64, 'channels are bounded');
        hold(fmtp.size <= 64, 'parameters are bounded');
      }
    }
    const video = chooseVideo(sdp);
    if (video.kind === 'failure') hold(video.reason !== '', 'why there is no video is said');
    else video.sets.config();
  },
};
