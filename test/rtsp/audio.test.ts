import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildAudioSpecificConfig,
  parseAudioSpecificConfig,
} from '../../src/media/aac/audio-specific-config.ts';
import { opusSamples } from '../../src/media/opus.ts';
import { type AudioMedia, chooseAudio, type NoAudio } from '../../src/rtsp/audio-media.ts';
import { AudioReceiver } from '../../src/rtsp/audio-receiver.ts';
import { parseSdp } from '../../src/rtsp/sdp.ts';
import { HeardSink } from '../support/heard.ts';

const VIDEO = 'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:v\r\n';

const chosen = (...audio: readonly string[]): AudioMedia | NoAudio =>
  chooseAudio(parseSdp(`v=0\r\n${VIDEO}${audio.join('\r\n')}\r\n`));

function audioOf(...lines: readonly string[]): AudioMedia {
  const audio = chosen(...lines);
  if (audio.kind === 'none') throw new Error(audio.reason);
  return audio;
}

const aac = (fmtp: string, rtpmap = 'MPEG4-GENERIC/16000/1'): AudioMedia =>
  audioOf('m=audio 0 RTP/AVP 97', `a=rtpmap:97 ${rtpmap}`, `a=fmtp:97 ${fmtp}`, 'a=control:a');

const HBR = 'streamtype=5; mode=AAC-hbr; config=1408; sizeLength=13; indexLength=3; indexDeltaLength=3';

/** Sends payloads as consecutive RTP packets, each with its timestamp, and returns what is heard. */
function hear(
  audio: AudioMedia,
  packets: readonly {
    readonly payload: Buffer;
    readonly timestamp?: number;
    readonly marker?: boolean;
    readonly sequence?: number;
  }[],
): { readonly sink: HeardSink; readonly receiver: AudioReceiver } {
  const sink = new HeardSink();
  const receiver = new AudioReceiver({ audio, sink, channels: { rtp: 2, rtcp: 3 }, ssrc: 7, ordered: true });
  for (const [index, packet] of packets.entries()) {
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = (packet.marker === false ? 0 : 0x80) | audio.payload.pt;
    header.writeUInt16BE((packet.sequence ?? index) & 0xffff, 2);
    header.writeUInt32BE((packet.timestamp ?? 0) >>> 0, 4);
    header.writeUInt32BE(99, 8);
    // In a larger buffer, as it is in life.
    const read = Buffer.concat([Buffer.alloc(5, 0xee), header, packet.payload, Buffer.alloc(5, 0xee)]);
    receiver.frame(2, read, 5, read.length - 5);
  }
  return { sink, receiver };
}

const frame = (bytes: number, value: number): Buffer => Buffer.alloc(bytes, value);

/** RFC 3640 with 13 + 3 bits a header. */
function hbr(frames: readonly Buffer[], sizes = frames.map((each) => each.length)): Buffer {
  const head = Buffer.alloc(2 + sizes.length * 2);
  head.writeUInt16BE(sizes.length * 16, 0);
  for (const [i, size] of sizes.entries()) head.writeUInt16BE(size << 3, 2 + i * 2);
  return Buffer.concat([head, ...frames]);
}

/** LC by ADTS; `rateIndex` 8 is 16 kHz. */
function adts(payload: Buffer, rateIndex = 8, channels = 1, crc = false): Buffer {
  const headerBytes = crc ? 9 : 7;
  const size = headerBytes + payload.length;
  const head = Buffer.alloc(headerBytes);
  head[0] = 0xff;
  head[1] = crc ? 0xf0 : 0xf1;
  head[2] = (1 << 6) | (rateIndex << 2) | (channels >> 2);
  head[3] = ((channels & 3) << 6) | (size >> 11);
  head[4] = (size >> 3) & 0xff;
  head[5] = ((size & 7) << 5) | 0x1f;
  head[6] = 0xfc;
  return Buffer.concat([head, payload]);
}

describe('which sound of a session', () => {
  it('takes AAC as the description has it', () => {
    const { config, packing, media } = aac(HBR);
    expect(config).toMatchObject({
      codec: 'aac',
      codecs: 'mp4a.40.2',
      sampleRate: 16_000,
      channels: 1,
      clockRate: 16_000,
      samplesPerFrame: 1024,
      sharesVideoClock: false,
    });
    expect([...config.decoderConfig]).toEqual([0x14, 0x08]);
    expect(packing).toMatchObject({ kind: 'aac', sizeLength: 13, indexLength: 3, indexDeltaLength: 3 });
    expect(media.control).toBe('a');
  });

  it('E18 reads AAC parameters with a semicolon at their end, in any case and with spaces', () => {
    const { config } = aac('profile-level-id=15; Mode=AAC-hbr;CONFIG= 1408 ;SizeLength=13; indexlength=3;');
    expect(config.sampleRate).toBe(16_000);
  });

  it('E28 reads mode AAC_hbr, a missing indexlength, and HE-AAC v2', () => {
    expect(aac('mode=AAC_hbr; config=1408; sizelength=13').packing).toMatchObject({
      sizeLength: 13,
      indexLength: undefined,
    });
    // Object type 29, core 24 kHz mono, out 48 kHz stereo, core type 2.
    const { config } = aac('mode=AAC-hbr; config=EB098800', 'mpeg4-generic/48000/2');
    expect(config).toMatchObject({
      codecs: 'mp4a.40.29',
      sampleRate: 24_000,
      clockRate: 48_000,
      samplesPerFrame: 1024,
    });
  });

  it('K1 assumes low complexity at the rate of rtpmap where a configuration is missing', () => {
    const { config } = aac('mode=AAC-hbr; sizelength=13', 'MPEG4-GENERIC/44100/2');
    expect(config).toMatchObject({ codecs: 'mp4a.40.2', sampleRate: 44_100, channels: 2 });
    expect([...config.decoderConfig]).toEqual([0x12, 0x10]);
  });

  it('K2 takes G.711 by its static and by dynamic payload types, at 8 and 16 kHz', () => {
    expect(audioOf('m=audio 0 RTP/AVP 8').config).toMatchObject({
      codecs: 'alaw',
      sampleRate: 8_000,
      bytesPerSample: 1,
    });
    expect(audioOf('m=audio 0 RTP/AVP 0').config).toMatchObject({ codec: 'pcmu', codecs: 'ulaw' });
    const wide = audioOf('m=audio 0 RTP/AVP 98', 'a=rtpmap:98 PCMA/16000');
    expect(wide.config).toMatchObject({ codecs: 'alaw', sampleRate: 16_000, clockRate: 16_000 });
    expect(wide.payload.pt).toBe(98);
  });

  it('E20 and K3 tell Hikvision PCM, which is little-endian, from L16', () => {
    expect(audioOf('m=audio 0 RTP/AVP 98', 'a=rtpmap:98 PCM/48000').config).toMatchObject({
      codec: 'pcm',
      codecs: 'sowt',
      sampleRate: 48_000,
      bytesPerSample: 2,
    });
    expect(audioOf('m=audio 0 RTP/AVP 98', 'a=rtpmap:98 L16/44100/2').config).toMatchObject({
      codecs: 'twos',
      bytesPerSample: 4,
    });
  });

  it('E21 takes Opus at 48 kHz whatever the camera says', () => {
    expect(audioOf('m=audio 0 RTP/AVP 98', 'a=rtpmap:98 opus/16000/1').config).toMatchObject({
      codecs: 'Opus',
      sampleRate: 48_000,
      clockRate: 48_000,
    });
  });

  it('K2 refuses G.726 by its name, and takes the next that is offered', () => {
    const lines = ['m=audio 0 RTP/AVP 97 8', 'a=rtpmap:97 G726-32/8000'];
    expect(audioOf(...lines).config.codecs).toBe('alaw');
    expect(chosen('m=audio 0 RTP/AVP 97', lines[1] as string)).toEqual({
      kind: 'none',
      reason:
        'the camera offers sound as G.726 (G726-32), which is not recorded; AAC, G.711, L16 and Opus are recorded',
    });
  });

  it('has a reason where there is none', () => {
    expect(chosen()).toEqual({ kind: 'none', reason: 'the camera offers no sound' });
    expect(chosen('m=audio 0 RTP/AVP 0', 'a=sendonly')).toEqual({
      kind: 'none',
      reason: 'the camera offers no sound',
    });
    expect(chosen('m=audio 0 RTP/AVP 97', 'a=rtpmap:97 MP4A-LATM/90000', 'a=fmtp:97 cpresent=1')).toEqual({
      kind: 'none',
      reason: 'the camera offers AAC in LATM with its configuration in the stream, which is not supported',
    });
  });
});

describe('AudioSpecificConfig', () => {
  it('reads what it builds', () => {
    for (const [rate, channels] of [
      [8_000, 1],
      [16_000, 2],
      [44_100, 2],
      [48_000, 6],
      [11_000, 1],
      [96_000, 8],
    ] as const) {
      expect(parseAudioSpecificConfig(buildAudioSpecificConfig(rate, channels))).toEqual({
        ...{ objectType: 2, sampleRate: rate, outputRate: rate, channels, samplesPerFrame: 1024 },
      });
    }
  });

  it('counts the channels of a program config element, and frames of 960', () => {
    // LC, 16 kHz, channels 0, frames of 960; element: one front pair, one back single, one of low frequency.
    const bits =
      `00010 1000 0000 1 0 0 0000 01 1000 0001 0000 0001 01 000 0000 0 0 0 1 0000 0 0000 0000`.replaceAll(
        ' ',
        '',
      );
    const bytes = Uint8Array.from(bits.match(/.{1,8}/g) ?? [], (part) =>
      Number.parseInt(part.padEnd(8, '0'), 2),
    );
    expect(parseAudioSpecificConfig(bytes)).toMatchObject({ channels: 4, samplesPerFrame: 960 });
  });

  it('never throws, and finds nothing impossible', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const config = parseAudioSpecificConfig(bytes);
        if (!config) return;
        expect(config.sampleRate).toBeGreaterThan(0);
        expect(config.channels).toBeGreaterThan(0);
        expect([480, 512, 960, 1024]).toContain(config.samplesPerFrame);
      }),
    );
  });
});

describe('AAC over RTP', () => {
  it('K1 hands on several frames of a packet, each a frame later', () => {
    const frames = [frame(100, 1), frame(7, 2), frame(300, 3)];
    const { sink } = hear(aac(HBR), [
      { payload: hbr(frames), timestamp: 0xffff_ff00 },
      { payload: hbr([frame(9, 4)]), timestamp: 0xffff_ff00 + 3072 },
    ]);
    expect(sink.frames.map((each) => each.bytes)).toEqual([...frames, frame(9, 4)]);
    expect(sink.frames.map((each) => each.timestamp)).toEqual([0xffff_ff00, 768, 1792, 2816]);
    expect(sink.configs).toHaveLength(1);
  });

  it('K1 puts a frame in fragments together, and drops one of which a part is lost', () => {
    const whole = Buffer.from(Array.from({ length: 900 }, (_, i) => i & 0x7f));
    const parts = [whole.subarray(0, 400), whole.subarray(400, 800), whole.subarray(800)];
    const packets = parts.map((part, i) => ({
      payload: hbr([part], [900]),
      timestamp: 5_000,
      marker: i === 2,
    }));
    const whole2 = hear(aac(HBR), [...packets, { payload: hbr([frame(10, 1)]), timestamp: 6_024 }]);
    expect(whole2.sink.frames.map((each) => [each.timestamp, each.bytes])).toEqual([
      [5_000, whole],
      [6_024, frame(10, 1)],
    ]);
    const torn = hear(aac(HBR), [
      { ...(packets[0] as (typeof packets)[0]), sequence: 0 },
      { ...(packets[2] as (typeof packets)[0]), sequence: 2 },
      { payload: hbr([frame(10, 1)]), timestamp: 6_024, sequence: 3 },
    ]);
    expect(torn.sink.frames.map((each) => each.timestamp)).toEqual([6_024]);
    expect(torn.receiver.damaged).toBeGreaterThan(0);
  });

  it('K1 takes a packet with headers of no length as one frame', () => {
    const { sink } = hear(aac(HBR), [{ payload: Buffer.concat([Buffer.alloc(2), frame(50, 5)]) }]);
    expect(sink.frames.map((each) => each.bytes)).toEqual([frame(50, 5)]);
  });

  it('K1 takes ADTS off, with AU headers and without, and several in a packet', () => {
    const payload = frame(60, 0x21);
    const { sink } = hear(aac(HBR), [
      { payload: hbr([adts(payload)]), timestamp: 0 },
      { payload: adts(payload, 8, 1, true), timestamp: 1024 },
      { payload: Buffer.concat([adts(payload), adts(payload)]), timestamp: 2048 },
    ]);
    expect(sink.frames.map((each) => each.bytes)).toEqual([payload, payload, payload, payload]);
    expect(sink.frames.map((each) => each.timestamp)).toEqual([0, 1024, 2048, 3072]);
    expect(sink.configs).toHaveLength(1);
  });

  it('K1 learns from ADTS what the description does not tell, or tells wrong', () => {
    const { sink } = hear(aac('mode=AAC-hbr', 'MPEG4-GENERIC/16000/1'), [
      { payload: hbr([adts(frame(60, 0x21), 3, 2)]), timestamp: 100 },
      { payload: hbr([adts(frame(60, 0x21), 3, 2)]), timestamp: 1124 },
    ]);
    expect(sink.configs.map(({ sampleRate, channels }) => [sampleRate, channels])).toEqual([
      [16_000, 1],
      [48_000, 2],
    ]);
    expect([...(sink.configs[1]?.decoderConfig ?? [])]).toEqual([0x11, 0x90]);
    expect(sink.frames).toHaveLength(2);
  });

  it('E28 finds out by itself whether headers have an index', () => {
    const head = Buffer.from([0, 13, 0, 0]);
    head.writeUInt16BE(40 << 3, 2);
    const { sink } = hear(aac('mode=AAC-hbr; config=1408; sizelength=13'), [
      { payload: Buffer.concat([head, frame(40, 1)]) },
      { payload: hbr([frame(30, 2), frame(20, 3)]) },
    ]);
    expect(sink.frames.map((each) => each.bytes.length)).toEqual([40, 30, 20]);
  });

  it('reads low bit rate headers, 6 + 2 bits', () => {
    const { sink } = hear(aac('mode=AAC-lbr; config=1408; sizeLength=6; indexLength=2; indexDeltaLength=2'), [
      { payload: Buffer.concat([Buffer.from([0, 16, 20 << 2, 30 << 2]), frame(20, 1), frame(30, 2)]) },
    ]);
    expect(sink.frames.map((each) => each.bytes.length)).toEqual([20, 30]);
  });

  it('I20 counts frames where the RTP clock cannot be that of the sound', () => {
    const audio = aac('mode=AAC-hbr; config=1408; sizelength=13; indexlength=3', 'MPEG4-GENERIC/8000/1');
    expect(audio.config).toMatchObject({ sampleRate: 16_000, clockRate: 16_000 });
    const two = hbr([frame(20, 1), frame(20, 2)]);
    const { sink } = hear(audio, [
      { payload: two, timestamp: 700, sequence: 10 },
      { payload: two, timestamp: 1_300, sequence: 11 },
      { payload: two, timestamp: 9_000, sequence: 13 },
    ]);
    expect(sink.frames.map((each) => each.timestamp)).toEqual([0, 1024, 2048, 3072, 6144, 7168]);
  });

  it('unpacks LATM, in one packet and in several', () => {
    // StreamMuxConfig: one frame an element, LC, 16 kHz, mono.
    const audio = audioOf(
      'm=audio 0 RTP/AVP 97',
      'a=rtpmap:97 MP4A-LATM/16000/1',
      'a=fmtp:97 profile-level-id=1; object=2; cpresent=0; config=400028103FC0',
    );
    expect(audio.config).toMatchObject({ codecs: 'mp4a.40.2', sampleRate: 16_000, channels: 1 });
    const small = frame(40, 1);
    const large = frame(600, 2);
    const element = Buffer.concat([Buffer.from([255, 255, 90]), large]);
    const { sink } = hear(audio, [
      { payload: Buffer.concat([Buffer.from([40]), small]), timestamp: 0 },
      { payload: element.subarray(0, 300), timestamp: 1024, marker: false },
      { payload: element.subarray(300), timestamp: 1024 },
    ]);
    expect(sink.frames.map((each) => [each.timestamp, each.bytes])).toEqual([
      [0, small],
      [1024, large],
    ]);
  });

  it('survives anything, within bounds', () => {
    const audios = [aac(HBR), aac('mode=AAC-lbr; config=1408'), audioOf('m=audio 0 RTP/AVP 8')];
    const payloads = fc.array(
      fc.record({
        payload: fc.oneof(
          fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
          fc
            .uint8Array({ minLength: 8, maxLength: 80 })
            .map((bytes) => hbr([Buffer.from(bytes)], [bytes.length + 3])),
          fc.uint8Array({ maxLength: 40 }).map((bytes) => adts(Buffer.from(bytes))),
        ),
        timestamp: fc.nat(0xffff_ffff),
        marker: fc.boolean(),
        sequence: fc.nat(20),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...audios), payloads, (audio, packets) => {
        for (const each of hear(audio, packets).sink.frames) expect(each.bytes.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('uncompressed sound and Opus over RTP', () => {
  it('K2 hands on packets of any length', () => {
    const { sink } = hear(
      audioOf('m=audio 0 RTP/AVP 8'),
      [160, 320, 1000].map((bytes, i) => ({ payload: frame(bytes, i), timestamp: i * 1000 })),
    );
    expect(sink.frames.map((each) => each.bytes.length)).toEqual([160, 320, 1000]);
  });

  it('keeps samples whole', () => {
    const { sink, receiver } = hear(audioOf('m=audio 0 RTP/AVP 98', 'a=rtpmap:98 L16/8000/2'), [
      { payload: frame(43, 1) },
    ]);
    expect(sink.frames.map((each) => each.bytes.length)).toEqual([40]);
    expect(receiver.damaged).toBe(1);
  });

  it('drops other payload types, duplicates, and what belongs to another channel', () => {
    const { sink, receiver } = hear(audioOf('m=audio 0 RTP/AVP 8'), [
      { payload: frame(160, 1), sequence: 1 },
      { payload: frame(160, 1), sequence: 1 },
    ]);
    expect(sink.frames).toHaveLength(1);
    expect(receiver.packets).toBe(2);
    expect(receiver.expects(3)).toBe(true);
    expect(receiver.expects(0)).toBe(false);
    const noise = Buffer.alloc(13, 0);
    noise[0] = 0x80;
    noise[1] = 13;
    receiver.frame(2, noise, 0, 13);
    expect(sink.frames).toHaveLength(1);
  });

  it('reads the length of an Opus packet', () => {
    const samples = (...bytes: number[]): number => opusSamples(Uint8Array.from(bytes), 0, bytes.length);
    expect(samples((31 << 3) | 0, 1)).toBe(960);
    expect(samples((28 << 3) | 1, 1)).toBe(240);
    expect(samples((3 << 3) | 3, 2)).toBe(5_760);
    expect(samples((3 << 3) | 3, 3)).toBe(0);
    expect(samples()).toBe(0);
  });
});
