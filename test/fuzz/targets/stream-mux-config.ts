import { parseStreamMuxConfig } from '../../../src/rtsp/audio-depacketizer-latm.ts';
import { type AudioMedia, chooseAudio, type NoAudio } from '../../../src/rtsp/audio-media.ts';
import { parseSdp } from '../../../src/rtsp/sdp.ts';
import { type FuzzTarget, hold } from '../target.ts';

const offered = (rtpmap: string, bytes: Buffer): AudioMedia | NoAudio =>
  chooseAudio(
    parseSdp(
      `m=audio 0 RTP/AVP 97\r\na=rtpmap:97 ${rtpmap}\r\na=fmtp:97 cpresent=0; config=${bytes.toString('hex')}\r\n`,
    ),
  );

/** The configuration of AAC as the session description has it: StreamMuxConfig, and AudioSpecificConfig. */
export const target: FuzzTarget = {
  name: 'stream-mux-config',
  maxBytes: 256,
  tokens: [
    [0x40, 0, 0x24, 0x20],
    [0x43, 0, 0x28, 0x10],
    [0x40, 0, 0x57],
    [0x14, 0x08],
  ].map((token) => Buffer.from(token)),
  run(bytes) {
    const mux = parseStreamMuxConfig(bytes);
    if (mux) hold(mux.framesPerElement >= 1 && mux.framesPerElement <= 64, 'frames are bounded');
    for (const rtpmap of ['MP4A-LATM/48000/2', 'MPEG4-GENERIC/44100/2']) {
      const audio = offered(rtpmap, bytes);
      if (audio.kind === 'none') {
        hold(audio.reason !== '', 'why there is no sound is said');
        continue;
      }
      const { sampleRate, channels, clockRate, samplesPerFrame, codecs } = audio.config;
      hold(sampleRate > 0 && channels > 0 && clockRate > 0 && samplesPerFrame > 0, 'sound is described');
      hold(/^mp4a\.40\.\d+$/.test(codecs), `${codecs} is a codecs parameter`);
    }
  },
};
