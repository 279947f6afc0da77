import { ParameterSets } from '../../../src/media/parameter-sets.ts';
import { type AudioMedia, chooseAudio } from '../../../src/rtsp/audio-media.ts';
import { AudioReceiver } from '../../../src/rtsp/audio-receiver.ts';
import { parseSdp } from '../../../src/rtsp/sdp.ts';
import { PPS, SPS } from '../../support/nal-units.ts';
import { CheckedHub } from '../support/checked-hub.ts';
import { type FuzzTarget, hold } from '../target.ts';

const PACKET_MICROS = 20_000;
const PACKET_TICKS = 1_800;
const KEY_EVERY = 25;
const IDR = Buffer.of(0x65, 0x88, 0x84);
const AAC = 'streamtype=5; mode=AAC-hbr; config=1408; sizeLength=13; indexLength=3; indexDeltaLength=3';

/** The kinds of sound, by the first byte. */
const KINDS = [
  `MPEG4-GENERIC/16000/1\r\na=fmtp:97 ${AAC}`,
  'MPEG4-GENERIC/16000/1',
  'MPEG4-GENERIC/90000/1\r\na=fmtp:97 config=1408; sizelength=6; indexlength=2; indexdeltalength=2; mode=AAC-lbr',
  'MPEG4-GENERIC/8000/2\r\na=fmtp:97 config=2B11880000; sizelength=13',
  'MP4A-LATM/44100/2\r\na=fmtp:97 cpresent=0; config=400024203fc0',
  'MP4A-LATM/16000/1\r\na=fmtp:97 cpresent=0; config=43002810003fc0',
  'PCMA/8000',
  'L16/44100/2',
  'OPUS/48000/2',
].map((lines): AudioMedia => {
  const audio = chooseAudio(parseSdp(`m=audio 0 RTP/AVP 97\r\na=rtpmap:97 ${lines}\r\na=control:a\r\n`));
  if (audio.kind === 'none') throw new Error(audio.reason);
  return audio;
});

/**
 * Sound from the packets to the recorder, beside a video that goes on. A byte that tells the kind and, with its top bit,
 * that packets may overtake each other; then RTP and RTCP, each with its length in two bytes, whose top bit means RTCP.
 */
export const target: FuzzTarget = {
  name: 'audio-stream',
  maxBytes: 32 * 1024,
  cost: 5,
  tokens: [
    ...[
      [0x80, 0xe1],
      [0x80, 0x61],
      [0, 0x10],
      [0, 0x20],
      [0xff, 0xf1, 0x60, 0x40, 2, 0x1f, 0xfc],
      [0xff, 0xff],
    ],
    ...[
      [0xff, 0xf9],
      [0x80, 0x1c, 0x80, 200, 0, 6],
      [0x80, 8, 0x81, 203, 0, 1],
      [0xfc, 0xff, 0xfe],
      [0xfb, 0x81],
    ],
  ].map((token) => Buffer.from(token)),
  run(bytes) {
    const first = bytes[0] ?? 0;
    const audio = KINDS[(first & 0x7f) % KINDS.length] as AudioMedia;
    const checked = new CheckedHub();
    const { hub } = checked;
    const sets = new ParameterSets('h264');
    for (const set of [SPS, PPS]) sets.put(set);
    hub.begin(sets);
    const channels = { rtp: 2, rtcp: 3 };
    const receiver = new AudioReceiver({ audio, sink: hub, channels, ssrc: 7, ordered: first < 0x80 });
    let packets = 0;
    for (let at = 1; at + 2 < bytes.length; packets++) {
      const head = bytes.readUInt16BE(at);
      const start = at + 2;
      const end = Math.min(bytes.length, start + (head & 0x7fff));
      at = end;
      checked.wait(PACKET_MICROS);
      hub.beginNal();
      hub.write(IDR, 0, IDR.length);
      hub.endNal();
      hub.endAccessUnit((packets * PACKET_TICKS) >>> 0, packets % KEY_EVERY === 0);
      receiver.frame(head & 0x8000 ? 3 : 2, bytes, start, end);
      receiver.tick(hub.arrivalMono);
    }
    hold(receiver.receiverReport(hub.arrivalMono).length > 0, 'there is something to report');
    hold(receiver.packets <= packets && receiver.damaged >= 0, 'packets are counted');
    hold(Number.isSafeInteger(receiver.packetsLost), 'lost packets are counted');
    hub.end('offline');
    hold(checked.recorder.fragments > 0 || packets === 0, 'the video goes on');
    checked.finish();
  },
};
