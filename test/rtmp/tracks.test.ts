import { describe, expect, it } from 'vitest';
import { buildAvcC } from '../../src/media/h264/decoder-config.ts';
import { buildHvcC } from '../../src/media/h265/decoder-config.ts';
import { AudioTag } from '../../src/rtmp/audio-tag.ts';
import { AudioTrack } from '../../src/rtmp/audio-track.ts';
import { VideoTag } from '../../src/rtmp/video-tag.ts';
import { VideoTrack } from '../../src/rtmp/video-track.ts';
import { MediaLog } from '../support/media-log.ts';

/** Feeds messages, each its bytes and its timestamp, and returns what the sink was told. */
function videoLines(...messages: readonly (readonly [Buffer, number?])[]): string[] {
  const log = new MediaLog();
  const track = new VideoTrack(log);
  const tag = new VideoTag();
  for (const [bytes, timestamp = 0] of messages) {
    const kind = tag.read(bytes, 0, bytes.length);
    if (kind === 'config') track.config(tag, bytes);
    else if (kind === 'frame') track.frame(tag, bytes, timestamp);
  }
  return log.lines;
}

function audioLog(...messages: readonly (readonly [Buffer, number?])[]): MediaLog {
  const log = new MediaLog();
  const track = new AudioTrack(log);
  const tag = new AudioTag();
  for (const [bytes, timestamp = 0] of messages) {
    const kind = tag.read(bytes, 0, bytes.length);
    if (kind === 'config') track.config(tag, bytes, bytes.length);
    else if (kind === 'frame') track.frame(tag, bytes, bytes.length, timestamp);
  }
  return log;
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const avcC = Buffer.from(buildAvcC([hex('6742c00a')], [hex('68ce')]));
const hvcC = Buffer.from(buildHvcC([hex('4001 aa')], [hex('4201 bb')], [hex('4401 cc')]));
const avcConfig = Buffer.concat([hex('1700000000'), avcC]);
const hevcConfig = Buffer.concat([hex('90'), Buffer.from('hvc1'), hvcC]);
const avc = (data: string, composition = '000000'): Buffer => hex(`2701${composition}${data}`);

describe('the video of a publisher', () => {
  it('is NAL units without their lengths, and parameter sets apart', () => {
    expect(
      videoLines(
        [avcConfig],
        [avc('00000002 0910 00000002 65aa 00000002 65bb'), 40],
        [avc('00000002 41cc'), 80],
      ),
    ).toEqual([
      ...['begin h264', 'set 6742c00a', 'set 68ce'],
      ...['nal 0910', 'nal 65aa', 'nal 65bb', 'picture 3600 key'],
      ...['nal 41cc', 'picture 7200'],
    ]);
  });

  it('L9: H.265 comes with its three sets, and key frames of any kind', () => {
    const frame = (nal: string): Buffer =>
      Buffer.concat([hex('a3'), Buffer.from('hvc1'), hex(`00000003 ${nal}`)]);
    expect(
      videoLines([hevcConfig], [frame('2601aa'), 1], [frame('2a01aa'), 2], [frame('0201aa'), 3]),
    ).toEqual([
      ...['begin h265', 'set 4001aa', 'set 4201bb', 'set 4401cc'],
      ...['nal 2601aa', 'picture 90 key', 'nal 2a01aa', 'picture 180 key', 'nal 0201aa', 'picture 270'],
    ]);
  });

  it('L9, L11: presentation times wrap at 32 bits of 90 kHz, where milliseconds wrap and before zero', () => {
    const lines = videoLines(
      [avc('00000002 65aa'), 0xffff_ffff],
      [avc('00000002 41aa'), 0],
      [avc('00000002 41aa', 'ffffff'), 0],
      [avc('00000002 41aa', '000028'), 0xffff_fff0],
      [avc('00000002 41aa'), 47_721_859],
    ).filter((line) => line.startsWith('picture'));
    expect(lines).toEqual([
      `picture ${2 ** 32 - 90} key`,
      'picture 0',
      `picture ${2 ** 32 - 90}`,
      `picture ${(40 - 16) * 90}`,
      `picture ${47_721_859 * 90 - 2 ** 32}`,
    ]);
  });

  it('L10: a configuration may come again, change, be broken, or be missing', () => {
    expect(
      videoLines(
        [avc('00000002 67aa 00000002 68bb 00000002 65cc')],
        [avcConfig],
        [avcConfig],
        [hex('1700000000 01')],
        [avc('00000002 41dd')],
        [hevcConfig],
      ),
    ).toEqual([
      ...['begin h264', 'set 67aa', 'set 68bb', 'nal 65cc', 'picture 0 key'],
      ...['set 6742c00a', 'set 68ce', 'set 6742c00a', 'set 68ce', 'nal 41dd', 'picture 0'],
      ...['begin h265', 'set 4001aa', 'set 4201bb', 'set 4401cc'],
    ]);
  });

  it('has lengths of as many bytes as its configuration says', () => {
    const twoBytes = Buffer.from(avcConfig);
    twoBytes[9] = 0xfd;
    expect(videoLines([twoBytes], [avc('0002 65aa')]).slice(3)).toEqual(['nal 65aa', 'picture 0 key']);
  });

  it.each([
    ['a NAL unit that is longer than the message', '00000009 65aa'],
    ['half a length', '00000002 65aa 0000'],
    ['a length beyond all bounds', 'ffffffff 65'],
  ])('L7: with %s it is a picture that is not whole', (_what, data) => {
    expect(videoLines([avc(data)])).toEqual(['begin h264', 'abandoned']);
  });

  it('is no picture where there is none in it', () => {
    expect(videoLines([avc('00000002 0605')], [avc('')], [avc('00000000')])).toEqual(['begin h264']);
  });
});

describe('the sound of a publisher', () => {
  it('AAC says what it is, once', () => {
    const config = hex('af00 1210');
    const { lines, audio } = audioLog(
      [config],
      [config],
      [hex('af01 aabb'), 23],
      [hex('af01 cc'), 0xffff_ffff],
    );
    expect(lines).toEqual(['sound mp4a.40.2 44100 2', 'frame 23 aabb', `frame ${2 ** 32 - 1} cc`]);
    expect(audio[0]).toMatchObject({
      clockRate: 1_000,
      samplesPerFrame: 1_024,
      decoderConfig: new Uint8Array([0x12, 0x10]),
    });
  });

  it('L10: AAC of another kind begins anew, and before a configuration it is nothing', () => {
    const { lines } = audioLog(
      [hex('af01 aa')],
      [hex('af00 1210')],
      [hex('af00 1190')],
      [hex('af01 aa')],
      [hex('af00')],
      [hex('af00 17')],
    );
    expect(lines).toEqual(['sound mp4a.40.2 44100 2', 'sound mp4a.40.2 48000 2', 'frame 0 aa']);
  });

  it('G.711 needs no configuration', () => {
    const { lines, audio } = audioLog([hex('72 aabb'), 5], [hex('72 cc'), 6], [hex('83 dd'), 7]);
    expect(lines).toEqual([
      'sound alaw 8000 1',
      'frame 5 aabb',
      'frame 6 cc',
      'sound ulaw 8000 2',
      'frame 7 dd',
    ]);
    expect(audio[1]).toMatchObject({ samplesPerFrame: 0, bytesPerSample: 2 });
  });

  it('Opus gets its dOps from what the encoder sends, and each packet tells its length', () => {
    const head = Buffer.concat([hex('90'), Buffer.from('OpusOpusHead'), hex('01 02 3801 80bb0000 0000 00')]);
    const packet = Buffer.concat([hex('91'), Buffer.from('Opus'), hex('78 aa')]);
    const { lines, audio } = audioLog([packet], [head], [packet, 20]);
    expect(lines).toEqual(['sound Opus 48000 2', 'frame 20 78aa']);
    expect(audio[0]).toMatchObject({
      samplesPerFrame: 0,
      decoderConfig: new Uint8Array(hex('00 02 0138 0000bb80 0000 00')),
    });
  });
});
