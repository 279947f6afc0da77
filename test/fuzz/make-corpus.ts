/**
 * Makes the binary part of the corpora from our own code and encoder; the texts are written by hand.
 *
 *   node test/fuzz/make-corpus.ts
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFragmentIndex } from '../../src/media/fragment-index.ts';
import { fragmentHead } from '../../src/media/mp4/fragment-writer.ts';
import { buildInitSegment } from '../../src/media/mp4/init-segment.ts';
import type { SampleTable } from '../../src/media/mp4/sample-table.ts';
import { buildSegmentIdentity } from '../../src/media/mp4/segment-identity.ts';
import { ParameterSets } from '../../src/media/parameter-sets.ts';
import type { VideoConfig } from '../../src/media/video-config.ts';
import { buildReceiverReport } from '../../src/rtsp/rtcp.ts';
import { type AccessUnit, groupAccessUnits } from '../../src/simulator/access-unit.ts';
import { splitNals } from '../../src/simulator/annexb.ts';
import { ensureClip } from '../../src/simulator/ensure-clip.ts';
import { nalRole } from '../../src/simulator/nal-unit.ts';
import { packetizeUnit, patchFrame } from '../../src/simulator/packetizer.ts';
import { mediaTicks, wallMicros } from '../../src/time/units.ts';
import { CORPUS_FOLDER } from './target.ts';
import { packDialogue } from './support/dialogues.ts';
import { recordDialogue } from './support/record-dialogue.ts';
import { loadClip } from '../../src/simulator/clip.ts';
import { startSimulator } from '../../src/simulator/rtsp-server.ts';

const START = wallMicros(1_795_453_200_000_000);
const FRAME_TICKS = 3_600;
const FRAME_MICROS = 40_000;
const SMALL_PACKET = 60;
/** NAL units are cut there: what matters is their heads, and mutations should hit those. */
const MAX_NAL_BYTES = 140;

function save(target: string, file: string, bytes: Uint8Array): void {
  mkdirSync(join(CORPUS_FOLDER, target), { recursive: true });
  writeFileSync(join(CORPUS_FOLDER, target, file), bytes);
}

/** A second of small pictures, a key frame every quarter of it. */
const smallClip = (codec: VideoConfig['codec']): Promise<string> =>
  ensureClip(
    { codec, width: 96, height: 64, fps: 25, gopFrames: 6, frames: 12, bitrateBps: 60_000, scene: 'busy' },
    join(tmpdir(), 'vigie-test-clips'),
  );

const isSet = (nal: Buffer, codec: VideoConfig['codec']): boolean => nalRole(nal, codec) === 'parameters';

/** The interleaved frames of pictures, as a camera sends them. */
function interleaved(units: readonly AccessUnit[], codec: VideoConfig['codec'], most: number): Buffer {
  let sequence = 65_530;
  const frames = units.map((unit, index) => {
    const frame = packetizeUnit(unit, codec, false, most);
    patchFrame(
      frame,
      { channel: 0, ssrc: 6, session: 0 },
      sequence,
      0xffff_f000 + index * FRAME_TICKS,
      index,
    );
    sequence = (sequence + frame.packetOffsets.length) & 0xffff;
    return frame.bytes;
  });
  return Buffer.concat(frames);
}

/** The same without `$` and channel: what the depacketizers' targets read. */
function packets(stream: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = at + 4 + stream.readUInt16BE(at + 2);
    parts.push(stream.subarray(at + 2, end));
    at = end;
  }
  return Buffer.concat(parts);
}

function senderReport(): Buffer {
  const bytes = Buffer.alloc(28 + 20);
  bytes.set([0x80, 200, 0, 6, 0, 0, 0, 6]);
  bytes.writeUInt32BE(4_004_442_000, 8);
  bytes.writeUInt32BE(0x8000_0000, 12);
  bytes.writeUInt32BE(0xffff_f000, 16);
  bytes.writeUInt32BE(100, 20);
  bytes.writeUInt32BE(14_000, 24);
  bytes.set([0x81, 202, 0, 4, 0, 0, 0, 6, 1, 6, ...Buffer.from('camera'), 0, 0, 0, 0], 28);
  return bytes;
}

const GOODBYE = Buffer.from([0x82, 203, 0, 4, 0, 0, 0, 1, 0, 0, 0, 6, 4, ...Buffer.from('bye!'), 0, 0, 0]);

const frame = (channel: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x24, channel, content.length >> 8, content.length & 0xff]), content]);

/** A segment file as the recorder writes it. */
function segment(config: VideoConfig, groups: readonly (readonly Buffer[])[], reordered: boolean): Buffer {
  const parts: Uint8Array[] = [
    buildInitSegment(config),
    buildSegmentIdentity({ cameraNo: 17, cameraId: 'place-d-armes-01', start: START, runStart: START }),
  ];
  let ticks = 0;
  for (const [index, group] of groups.entries()) {
    parts.push(fragment(group, index, ticks, reordered));
    ticks += group.length * FRAME_TICKS;
  }
  return Buffer.concat(parts);
}

function fragment(samples: readonly Buffer[], index: number, ticks: number, reordered: boolean): Buffer {
  const count = samples.length;
  const table: SampleTable = {
    count,
    sizes: Uint32Array.from(samples, (sample) => sample.length),
    durations: new Uint32Array(count).fill(FRAME_TICKS),
    compositionOffsets: Int32Array.from(samples, (_, i) => (reordered ? ((i % 3) - 1) * FRAME_TICKS : 0)),
    keys: Uint8Array.from(samples, (_, i) => (i === 0 || (reordered && i === 3) ? 1 : 0)),
  };
  const head = fragmentHead({
    sequence: index + 1,
    mediaStart: mediaTicks(ticks),
    wallStart: wallMicros(START + (ticks / FRAME_TICKS) * FRAME_MICROS),
    samples: table,
    payloadBytes: samples.reduce((sum, sample) => sum + sample.length, 0),
  });
  return Buffer.concat([head, ...samples]);
}

const lengthPrefixed = (nals: readonly Buffer[]): Buffer =>
  Buffer.concat(
    nals.flatMap((nal) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(nal.length);
      return [length, nal];
    }),
  );

for (const codec of ['h264', 'h265'] as const) {
  const clip = await smallClip(codec);
  const units = groupAccessUnits(splitNals(readFileSync(clip)), codec).map((unit) => ({
    ...unit,
    nals: unit.nals.map((nal) => nal.subarray(0, MAX_NAL_BYTES)),
  }));
  const first = units[0] as AccessUnit;
  const setNals = first.nals.filter((nal) => isSet(nal, codec));
  const sets = new ParameterSets(codec);
  for (const nal of setNals) sets.put(nal);
  const config = sets.config() as VideoConfig;

  save(`${codec}-depacketizer`, 'two-pictures', packets(interleaved(units.slice(0, 2), codec, 500)));
  save(
    `${codec}-depacketizer`,
    'small-packets',
    packets(interleaved(units.slice(0, 8), codec, SMALL_PACKET)),
  );
  const stream = interleaved(units, codec, SMALL_PACKET);
  save(
    'camera-stream',
    `${codec}-two-groups`,
    Buffer.concat([Buffer.from(codec === 'h264' ? '0' : '1'), stream]),
  );
  const answer = Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 5\r\n\r\n');
  const reports = [
    frame(1, senderReport()),
    stream.subarray(0, 4 + stream.readUInt16BE(2)),
    answer,
    frame(1, GOODBYE),
  ];
  save(
    'camera-stream',
    `${codec}-with-reports`,
    Buffer.concat([Buffer.from(codec === 'h264' ? '0' : '1'), ...reports]),
  );

  const sps = setNals.find(
    (nal) =>
      (codec === 'h264' ? (nal[0] ?? 0) & 0x1f : ((nal[0] ?? 0) >> 1) & 0x3f) === (codec === 'h264' ? 7 : 33),
  );
  save(`${codec}-sps`, 'x26', sps as Buffer);
  save('decoder-config', codec === 'h264' ? 'avcC' : 'hvcC', config.decoderConfig);
  save('sprop', `${codec}-list`, Buffer.from(setNals.map((nal) => nal.toString('base64')).join(',')));

  const samples = units.map((unit) => lengthPrefixed(unit.nals.filter((nal) => !isSet(nal, codec))));
  const plain = segment(config, [samples.slice(0, 3), samples.slice(6, 9)], false);
  const reordered = segment(config, [samples.slice(0, 5)], true);
  for (const target of ['segment-walk', 'segment-repair']) {
    save(target, `${codec}-two-fragments.mp4`, plain);
    save(target, `${codec}-b-frames.mp4`, reordered);
    save(target, `${codec}-torn.mp4`, plain.subarray(0, plain.length - 60));
  }
  save('mp4-boxes', `${codec}-init`, buildInitSegment(config));
  save('fragment-reader', `${codec}-plain`, fragment(samples.slice(0, 3), 0, 0, false));
  save('fragment-reader', `${codec}-b-frames`, fragment(samples.slice(0, 5), 3, 2 ** 33, true));
  if (codec === 'h264') {
    save('rtp-header', 'plain', stream.subarray(4, 60));
    save(
      'rtsp-stream',
      'playing',
      Buffer.concat([answer, frame(1, senderReport()), stream.subarray(0, 1_500), answer]),
    );
  }
}

save(
  'mp4-boxes',
  'identity',
  buildSegmentIdentity({ cameraNo: 17, cameraId: 'quai-été', start: START, runStart: START }),
);
save(
  'rtp-header',
  'extension-csrc-padding',
  Buffer.from('b2e0123400001000000000060000000100000002bede0001aabbccdd65880102000003', 'hex'),
);
save('rtcp', 'sender-report', senderReport());
save('rtcp', 'goodbye', Buffer.concat([senderReport(), GOODBYE]));
save(
  'rtcp',
  'receiver-report',
  buildReceiverReport(
    {
      ssrc: 7,
      source: {
        ssrc: 6,
        fractionLost: 3,
        cumulativeLost: -2,
        highestSequence: 70_000,
        jitter: 90,
        lastSenderReport: 5,
        delaySinceLastSenderReport: 6,
      },
    },
    'vigie',
  ),
);
save(
  'fragment-index',
  'three',
  encodeFragmentIndex([
    { bytes: 1_000_000, durationTicks: 180_000, samples: 50, key: true },
    { bytes: 127, durationTicks: 3_600, samples: 1, key: false },
    { bytes: 2 ** 40, durationTicks: 2 ** 33, samples: 1_000, key: true },
  ]),
);
const timeline = Buffer.alloc(6 * 40);
for (let i = 0; i < 40; i++) {
  const order = [0, 3, 1, 2][i % 4] as number;
  timeline.writeUInt32BE((0xffff_8000 + (i - (i % 4) + order) * FRAME_TICKS) % 2 ** 32, i * 6);
  timeline.writeUInt16BE(40, i * 6 + 4);
}
save('media-timeline', 'b-frames', timeline);
const jump = Buffer.from(timeline);
for (let i = 20; i < 40; i++) jump.writeUInt32BE(90_000_000 + i * FRAME_TICKS, i * 6);
save('media-timeline', 'jump', jump);

const clips = {
  h264: loadClip(await smallClip('h264'), false),
  h265: loadClip(await smallClip('h265'), false),
};
const login = { user: 'viewer', password: 'gh7-Xq!zz' } as const;
const simulator = await startSimulator({
  cameras: [
    { path: 'h264', clip: clips.h264 },
    { path: 'h265', clip: clips.h265 },
    { path: 'basic', clip: clips.h264, credentials: { ...login, scheme: 'basic' } },
    { path: 'digest-md5', clip: clips.h264, credentials: { ...login, scheme: 'digest-md5' } },
    { path: 'digest-sha256', clip: clips.h265, credentials: { ...login, scheme: 'digest-sha256' } },
  ],
});
for (const path of ['h264', 'h265', 'basic', 'digest-md5', 'digest-sha256']) {
  const userPart = `${login.user}:${login.password}@`;
  save('dialogue', path, packDialogue(await recordDialogue(simulator.port, userPart, path)));
}
await simulator.stop();
