import { describe, expect, it } from 'vitest';
import { parseSdp } from '../../src/rtsp/sdp.ts';
import { chooseVideo, type VideoMedia } from '../../src/rtsp/video-media.ts';
import { H265, h265Sps, PPS, SPS } from '../support/nal-units.ts';

const base64 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64');
const [VPS, SPS265, PPS265] = H265.sets;

const choose = (...lines: string[]): VideoMedia => {
  const video = chooseVideo(parseSdp(lines.join('\r\n')));
  return video.kind === 'video' ? video : expect.fail(video.reason);
};
const h265 = (fmtp: string): VideoMedia =>
  choose('m=video 0 RTP/AVP 97', 'a=rtpmap:97 H265/90000', `a=fmtp:97 ${fmtp}`);

describe('the video of a session', () => {
  it('E25 is the first of several that can be recorded', () => {
    const video = choose(
      ...['m=video 0 RTP/AVP 26', 'a=control:jpeg'],
      ...['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=control:first'],
      ...['m=video 0 RTP/AVP 97', 'a=rtpmap:97 H265/90000', 'a=control:second'],
    );
    expect([video.media.control, video.codec]).toEqual(['first', 'h264']);
  });

  it.each([
    ['the first only', `sprop-vps=${base64(VPS)}`],
    ['without the last', `sprop-vps=${base64(VPS)};sprop-sps=${base64(SPS265)}`],
    ['with an empty one', `sprop-vps=${base64(VPS)};sprop-sps=${base64(SPS265)};sprop-pps=`],
    ['with one that is none', `sprop-vps=${base64(VPS)};sprop-sps=${base64(SPS265)};sprop-pps=AAAA`],
  ])('E29 H.265 sets announced in part (%s) are not enough, and do not stand in the way', (_, fmtp) => {
    const { sets } = h265(fmtp);
    expect(sets.complete).toBe(false);
    expect(sets.config()).toBeUndefined();
    for (const nal of [VPS, h265Sps({ width: 1280, height: 720 }), PPS265]) sets.put(nal ?? Buffer.alloc(0));
    expect(sets.config()).toMatchObject({ width: 1280, height: 720 });
  });

  it('E29 H.265 sets announced as a whole are taken', () => {
    const fmtp = `sprop-vps=${base64(VPS)};sprop-sps=${base64(SPS265)};sprop-pps=${base64(PPS265)}`;
    expect(h265(fmtp).sets.config()).toMatchObject({ width: 640, height: 360, codecs: 'hvc1.1.6.L120' });
  });

  it('E30 a wrong profile-level-id says nothing: profile and level are those of the parameter set', () => {
    for (const told of ['42001e', '000000', 'nonsense', '']) {
      const { sets } = choose(
        'm=video 0 RTP/AVP 96',
        'a=rtpmap:96 H264/90000',
        `a=fmtp:96 profile-level-id=${told};sprop-parameter-sets=${base64(SPS)},${base64(PPS)}`,
      );
      expect(sets.config()).toMatchObject({ codecs: 'avc1.640028', width: 1920 });
    }
  });
});
