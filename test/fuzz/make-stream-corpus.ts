/**
 * Makes the binary corpora of what comes beside RTSP video: RTMP, sound, NUT.
 *
 *   node test/fuzz/make-stream-corpus.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAudioSpecificConfig } from '../../src/media/aac/audio-specific-config.ts';
import { buildAvcC } from '../../src/media/h264/decoder-config.ts';
import { buildHvcC } from '../../src/media/h265/decoder-config.ts';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { H264, H265, type NalUnits, PPS, SPS } from '../support/nal-units.ts';
import { amf, chunks } from '../support/rtmp-client.ts';
import { rtpPacket } from '../support/rtp.ts';
import { CORPUS_FOLDER } from './target.ts';

const FRAME_MILLIS = 40;
const GROUP = 6;

function save(target: string, file: string, ...parts: readonly (Uint8Array | readonly number[])[]): void {
  mkdirSync(join(CORPUS_FOLDER, target), { recursive: true });
  writeFileSync(
    join(CORPUS_FOLDER, target, file),
    Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array))),
  );
}

const text = (latin1: string): Buffer => Buffer.from(latin1, 'latin1');

function lengthBefore(bytes: Uint8Array, lengthBytes: number, flags = 0): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(flags | bytes.length, 0, lengthBytes);
  return Buffer.concat([length, bytes]);
}

// Commands of an encoder.
const COMMANDS = {
  connect: [amf('connect'), amf(1), amf({ app: 'live', tcUrl: 'rtmp://10.0.0.2/live', capabilities: 239 })],
  'create-stream': [amf('createStream'), amf(4), amf(null)],
  publish: [amf('publish'), amf(5), amf(null), amf('gare?key=a-key-of-20-letters'), amf('live')],
  'app-with-key': [amf('connect'), amf(1), amf({ app: 'live/?key=a-key-of-20-letters' })],
  delete: [amf('deleteStream'), amf(6), amf(null), amf(1)],
} as const;
for (const [name, values] of Object.entries(COMMANDS)) {
  save('amf0', name, ...values);
  save('rtmp-command', name, [0], ...values);
}
save('rtmp-command', 'amf3', [1, 0], ...COMMANDS.publish);
save(
  'amf0',
  'all-types',
  [1, 1, 6, 8, 0, 0, 0, 1, 0, 1, 97, 5, 0, 0, 9, 10, 0, 0, 0, 2, 5, 1, 0],
  [...[11, 0x42, 0x78, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 1, 98, 16, 0, 1, 99, 0, 1, 100, 5, 0, 0, 9]],
);

// Messages, and the chunks that they come in.
interface Message {
  readonly type: 8 | 9;
  readonly millis: number;
  readonly data: Buffer;
}

const nals = (...units: readonly Buffer[]): Buffer =>
  Buffer.concat(units.map((unit) => lengthBefore(unit, 4)));

function pictures(units: NalUnits, config: Buffer, head: (key: boolean) => Buffer): Message[] {
  const messages: Message[] = [{ type: 9, millis: 0, data: config }];
  for (let i = 0; i < 2 * GROUP; i++) {
    const key = i % GROUP === 0;
    const data = Buffer.concat([head(key), nals(units.information, key ? units.key(i) : units.inter(i))]);
    messages.push({ type: 9, millis: 0xff_ff00 + i * FRAME_MILLIS, data });
  }
  return messages;
}

const sound = (config: Buffer, head: Buffer, frame: Buffer): Message[] => [
  { type: 8, millis: 0, data: config },
  ...Array.from({ length: 10 }, (_, i): Message => {
    return { type: 8, millis: 0xff_ff00 + i * 64, data: Buffer.concat([head, frame]) };
  }),
];

const avcC = Buffer.from(buildAvcC([SPS], [PPS]));
const [vps, sps, pps] = H265.sets as [Buffer, Buffer, Buffer];
const hvcC = Buffer.from(buildHvcC([vps], [sps], [pps]));
const legacy = pictures(H264, Buffer.concat([Buffer.of(0x17, 0, 0, 0, 0), avcC]), (key) =>
  Buffer.of(key ? 0x17 : 0x27, 1, 0, 0, 80),
);
const enhanced = pictures(H265, Buffer.concat([text('\x90hvc1'), hvcC]), (key) =>
  text(key ? '\x91hvc1\0\0\0' : '\xa3hvc1'),
);
const modified = pictures(H264, Buffer.concat([text('\x90avc1'), avcC]), (key) =>
  Buffer.concat([Buffer.of(key ? 0x97 : 0xa7, 2, 0, 0, 1, 3), text('avc1')]),
);
const tracks = pictures(H265, Buffer.concat([Buffer.of(0x96, 0), text('hvc1\0'), hvcC]), (key) =>
  Buffer.concat([Buffer.of(key ? 0x96 : 0xa6, 3), text('hvc1\0')]),
);
const OPUS_HEAD = text('OpusHead\x01\x02\x38\x01\x80\xbb\0\0\0\0\0');
const aac = sound(Buffer.of(0xaf, 0, 0x14, 8), Buffer.of(0xaf, 1), Buffer.alloc(20, 0x21));
const opus = sound(Buffer.concat([text('\x90Opus'), OPUS_HEAD]), text('\x91Opus'), Buffer.alloc(12, 0xfc));
const alaw = sound(Buffer.of(0x72), Buffer.of(0x72), Buffer.alloc(160, 0xd5));
const inTime = (...messages: readonly Message[]): Message[] =>
  messages.toSorted((a, b) => a.millis - b.millis);

const MEDIA = {
  'h264-aac': inTime(...legacy, ...aac),
  'h265-opus': inTime(...enhanced, ...opus),
  'extensions-alaw': inTime(...modified, ...alaw),
  'tracks-aac': inTime(...tracks, ...aac),
};
for (const [name, messages] of Object.entries(MEDIA)) {
  const parts = messages.map(({ type, millis, data }) => {
    const head = Buffer.alloc(5);
    head[0] = type === 8 ? 1 : 0;
    head.writeUInt32BE(millis, 1);
    return Buffer.concat([head, lengthBefore(data, 2)]);
  });
  save('rtmp-media', name, ...parts);
  const sent = messages.map(({ type, millis, data }) =>
    chunks(type, millis, data, { chunkStream: type === 8 ? 4 : 600, streamId: 1 }),
  );
  save('rtmp-chunks', name, ...sent);
}
const bigger = Buffer.of(0, 0, 1, 0);
save(
  'rtmp-chunks',
  'opening',
  chunks(20, 0, Buffer.concat(COMMANDS.connect)),
  chunks(1, 0, bigger, { chunkStream: 2 }),
  chunks(20, 0, Buffer.concat(COMMANDS.publish), { chunkSize: 256, streamId: 1 }),
  chunks(9, 0x100_0000, Buffer.alloc(600, 7), { chunkSize: 256, chunkStream: 70 }),
  chunks(9, 40, Buffer.alloc(300, 8), { chunkSize: 256, chunkStream: 70, format: 1 }),
  chunks(9, 40, Buffer.alloc(300, 9), { chunkSize: 256, chunkStream: 70, format: 2 }),
);

// Sound over RTP.
const packets = (payloads: readonly Buffer[], step: number, marks = true): Buffer =>
  Buffer.concat(
    payloads.map((payload, i) =>
      lengthBefore(
        rtpPacket({
          sequence: (65_533 + i) & 0xffff,
          timestamp: i * step,
          marker: marks,
          payload,
          payloadType: 97,
        }),
        2,
      ),
    ),
  );
const times = (count: number, payload: Buffer): Buffer[] => Array.from({ length: count }, () => payload);
const access = (bytes: number, value: number): Buffer => Buffer.alloc(bytes, value);
const ADTS = Buffer.from('fff16040037ffc', 'hex');
const adts = Buffer.concat([ADTS, access(20, 0x21)]);
save(
  'audio-stream',
  'aac',
  [0],
  packets(times(40, Buffer.concat([Buffer.of(0, 0x20, 0, 0xa0, 0, 0xa0), access(40, 33)])), 2_048),
);
save(
  'audio-stream',
  'aac-fragments',
  [0],
  packets(times(12, Buffer.concat([Buffer.of(0, 0x10, 1, 0x40), access(20, 33)])), 0),
);
save('audio-stream', 'adts', [1], packets(times(30, adts), 1_024));
save(
  'audio-stream',
  'low-rate',
  [2],
  packets(times(20, Buffer.concat([Buffer.of(0, 8, 40), access(10, 33)])), 5_760),
);
save('audio-stream', 'latm', [4], packets(times(30, Buffer.concat([Buffer.of(20), access(20, 33)])), 1_024));
save(
  'audio-stream',
  'latm-frames',
  [5],
  packets(
    times(20, Buffer.concat([Buffer.of(255, 10), access(265, 33), Buffer.of(3), access(3, 33)])),
    4_096,
  ),
);
save('audio-stream', 'alaw', [6], packets(times(50, access(160, 0xd5)), 160));
save('audio-stream', 'alaw-udp', [0x80 + 6], packets(times(50, access(80, 0xd5)), 80));
save('audio-stream', 'l16', [7], packets(times(30, access(160, 1)), 40));
save(
  'audio-stream',
  'opus-udp',
  [0x80 + 8],
  packets(times(40, access(12, 0xfc)), 960),
  lengthBefore(Buffer.from('80c8000600000006eea0c00080000000ffff000000000064000036b0', 'hex'), 2, 0x8000),
);

// Descriptions of sound.
for (const [rate, channels, type] of [
  [44_100, 2, 2],
  [16_000, 1, 2],
  [11_000, 1, 2],
  [48_000, 8, 4],
] as const) {
  save('audio-specific-config', `${rate}-${channels}`, buildAudioSpecificConfig(rate, channels, type));
}
save('audio-specific-config', 'he-aac', [0x2b, 0x11, 0x88, 0]);
save('audio-specific-config', 'he-aac-v2', [0xeb, 0x09, 0x88, 0]);
save('audio-specific-config', 'enhanced-low-delay', [0xf8, 0xe6, 0x20, 0]);
save('audio-specific-config', 'program', [0x12, 0, 5, 0x88, 0, 0x80, 0, 0x40, 0, 0]);
save('stream-mux-config', 'stereo', [0x40, 0, 0x24, 0x20, 0x3f, 0xc0]);
save('stream-mux-config', 'four-frames', [0x43, 0, 0x28, 0x10, 0]);
save('stream-mux-config', 'plain', [0x14, 8]);
save('adts', 'two', adts, adts);
save('adts', 'with-crc', Buffer.from('fff04c8004dffc1234', 'hex'), access(30, 33));
save('opus', 'head', OPUS_HEAD);
save('opus', 'packet', access(12, 0xfc));
save('opus', 'many-frames', [0x7b, 0x83, 1, 2, 3, 4]);

// Order, sources and clocks.
const arrivals = (order: readonly number[]): Buffer =>
  Buffer.concat(order.map((sequence) => Buffer.of((sequence >> 8) & 255, sequence & 255, 10, 0, 40)));
save('reorder-buffer', 'swapped', arrivals(Array.from({ length: 60 }, (_, i) => 65_500 + (i ^ 1))));
save(
  'reorder-buffer',
  'lost',
  arrivals(Array.from({ length: 60 }, (_, i) => i + (i > 20 ? 3 : 0) + (i > 40 ? 150 : 0))),
);
const source = (ssrc: number, sequence: number): Buffer =>
  lengthBefore(rtpPacket({ sequence, timestamp: 5, marker: true, payload: access(4, sequence), ssrc }), 1);
save(
  'source-candidate',
  'two',
  ...Array.from({ length: 16 }, (_, i) => source(i > 8 ? 7 : 9, (65_530 + i) & 0xffff)),
);
const clock = (ahead: (i: number) => number): Buffer =>
  Buffer.concat(
    Array.from({ length: 120 }, (_, i) =>
      Buffer.of(0, 5, 0, 0, ahead(i) >> 8, ahead(i) & 255, 0x80 | (i % 5), 200),
    ),
  );
save(
  'sender-clock',
  'steady',
  clock(() => 12),
);
save(
  'sender-clock',
  'slow',
  clock((i) => 130 - i),
);
save(
  'sender-clock',
  'set',
  clock((i) => (i > 60 ? 127 : 3)),
);

// What stands in one unit.
const together = (...units: readonly Buffer[]): Buffer =>
  Buffer.concat(units.flatMap((unit) => [Buffer.of(0, 0, 0, 1), unit])).subarray(4);
save(
  'nested-units',
  'h264-key',
  [0],
  together(...H264.sets, H264.information, H264.key(3), H264.more(H264.key(5))),
);
save('nested-units', 'h264-slices', [0], together(H264.inter(3), H264.more(H264.inter(3)), H264.inter(9)));
save('nested-units', 'h264-plain', [0], H264.key(9, 300));
save('nested-units', 'h265-key', [1], together(...H265.sets, H265.information, H265.key(3)));
save('nested-units', 'h265-slices', [1], together(H265.inter(3), H265.more(H265.inter(3))));
save('random-access', 'h264', [6, 1, 0x84, 0x80]);
save('random-access', 'after-user-data', [4, 5, 1, 2, 3, 4, 5, 6, 1, 0xc4, 0x80, 0xfa, 1, 2, 3]);
save('random-access', 'no-keys', access(2_000, 1));
save('policies', 'live555', text('LIVE555 Streaming Media v2013.04.08'));
save('policies', 'fixed', text('LIVE555 Streaming Media v2018.02.18'));

// What ffmpeg writes.
const nut = (...args: readonly string[]): Buffer =>
  execFileSync(bundledFfmpeg, [
    ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=size=32x32:rate=10:duration=1'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=1', '-flags', '+bitexact', '-map_metadata', '-1'],
    ...['-pix_fmt', 'yuv420p', '-ac', '1', '-shortest', ...args, '-write_index', '0', '-f', 'nut', 'pipe:1'],
  ]);
const x264 = ['-c:v', 'libx264', '-g', '5', '-crf', '51'] as const;
save('nut', 'h264-aac', nut(...x264, '-c:a', 'aac', '-b:a', '8k'));
save('nut', 'h264-alaw', nut(...x264, '-bsf:v', 'h264_mp4toannexb', '-c:a', 'pcm_alaw', '-ar', '8000'));
save(
  'nut',
  'h265-opus',
  nut(
    '-c:v',
    'libx265',
    '-x265-params',
    'keyint=5:log-level=none:info=0',
    '-crf',
    '51',
    '-c:a',
    'libopus',
    '-b:a',
    '8k',
  ),
);
save('nut', 'h264-pcm', nut(...x264, '-c:a', 'pcm_s16le', '-ar', '8000').subarray(0, 12_000));
