import type { VideoSink } from '../../src/media/access-unit-sink.ts';
import { FragmentBuilder } from '../../src/media/fragment-builder.ts';
import { fragmentHead } from '../../src/media/mp4/fragment-writer.ts';
import { SlabPool } from '../../src/media/slab-pool.ts';
import { VideoReceiver } from '../../src/rtsp/video-receiver.ts';
import { PAYLOAD_TYPE, packetizeUnit, patchFrame } from '../../src/simulator/packetizer.ts';
import { mediaTicks, monoMicros, wallMicros } from '../../src/time/units.ts';
import type { Case } from './harness.ts';
import { FRAME_TICKS, groupOfPictures, PICTURES } from './material.ts';

const SLAB_BYTES = 64 * 1024;
const INTERLEAVED_BYTES = 4;
const SEQUENCES = 65_536;

/** Counts, and keeps nothing: what is measured is what comes before it. */
class NoSink implements VideoSink {
  arrivalWall = wallMicros(0);
  arrivalMono = monoMicros(0);
  bytes = 0;
  units = 0;

  begin(): void {}
  beginNal(): void {}
  writeByte(): void {
    this.bytes++;
  }
  write(_source: Buffer, start: number, end: number): void {
    this.bytes += end - start;
  }
  endNal(): void {}
  parameterSet(): void {}
  endAccessUnit(): void {
    this.units++;
  }
  abandonAccessUnit(): void {
    throw new Error('Nothing is missing in what is measured.');
  }
}

/** Packets of a group of pictures, from the interleaved frame to NAL units. */
export const depacketise: Case = {
  name: 'depacketise',
  does: 'RTP packets of a group of 50 pictures, 1 MB, become NAL units',
  reference: 'copy',
  async prepare() {
    const sink = new NoSink();
    const frames = groupOfPictures().map((nal, index) =>
      packetizeUnit({ nals: [nal], key: index === 0 }, 'h264', false),
    );
    const client = { channel: 0, ssrc: 1, session: 1 };
    const receiver = new VideoReceiver({
      ...{ codec: 'h264', sink, payloadType: PAYLOAD_TYPE, clockRate: 90_000, ssrc: 2 },
      channels: { rtp: 0, rtcp: 1 },
    });
    let sequence = 0;
    let timestamp = 0;
    return {
      run() {
        for (const frame of frames) {
          patchFrame(frame, client, sequence, timestamp, 0);
          sequence = (sequence + frame.packetOffsets.length) % SEQUENCES;
          timestamp = (timestamp + FRAME_TICKS) % 2 ** 32;
          const { bytes, packetOffsets } = frame;
          for (let i = 0; i < packetOffsets.length; i++) {
            const at = (packetOffsets[i] as number) + INTERLEAVED_BYTES;
            receiver.frame(0, bytes, at, at + bytes.readUInt16BE(at - 2));
          }
        }
      },
      close() {
        if (sink.units === 0 || sink.units % PICTURES !== 0) throw new Error('Pictures are missing.');
      },
    };
  },
};

/** NAL units of a group of pictures, from slabs to the head of their fragment. */
export const buildFragment: Case = {
  name: 'fragment',
  does: 'NAL units of a group of 50 pictures, 1 MB, become a fragment',
  reference: 'copy',
  async prepare() {
    const pool = new SlabPool({ slabBytes: SLAB_BYTES, budgetBytes: 1 << 26 });
    const builder = new FragmentBuilder(pool);
    const nals = groupOfPictures();
    let ticks = 0;
    return {
      run() {
        for (const [index, nal] of nals.entries()) {
          builder.beginNal();
          for (let at = 0; at < nal.length; at += 1_400)
            builder.write(nal, at, Math.min(nal.length, at + 1_400));
          builder.endNal();
          if (!builder.commit(ticks, index === 0)) throw new Error('A picture was refused.');
          ticks += FRAME_TICKS;
        }
        const data = builder.cut(undefined);
        const { samples, payloadBytes, startTicks } = data;
        fragmentHead({
          ...{
            sequence: 1,
            mediaStart: mediaTicks(startTicks),
            wallStart: wallMicros(1_795_525_200_000_000),
          },
          ...{ samples, payloadBytes },
        });
        data.release();
      },
      close: () => builder.clear(),
    };
  },
};
