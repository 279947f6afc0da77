import { describe, expect, it } from 'vitest';
import { wallMicrosToNtp } from '../../src/rtsp/ntp.ts';
import { monoMicros, wallMicros } from '../../src/time/units.ts';
import { H264 } from '../support/nal-units.ts';
import { fragment, rtpPacket } from '../support/rtp.ts';
import { RtpCamera } from '../support/rtp-camera.ts';
import { seededRandom } from '../support/random.ts';

const { sets, key, inter, delimiter } = H264;
const OLD = 0x1234;
const NEW = 0x9876;

/** A group of pictures, each of a few packets. */
function group(
  camera: RtpCamera,
  pictures: number,
  options: { ssrc?: number; payloadType?: number } = {},
): void {
  camera.picture([...sets, ...fragment(key(1), 12)], options);
  for (let i = 1; i < pictures; i++) camera.picture(fragment(inter(2 * i + 1), 12), options);
}

const end = (camera: RtpCamera) => {
  camera.packet(delimiter);
  return camera.end();
};

const senderReport = (options: {
  readonly ssrc?: number;
  readonly wall?: number;
  readonly ntp?: readonly [number, number];
  readonly rtpTime?: number;
}): Buffer => {
  const { seconds, fraction } = wallMicrosToNtp(wallMicros(options.wall ?? 0));
  const [high, low] = options.ntp ?? [seconds, fraction];
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16BE(0x80c8, 0);
  bytes.writeUInt16BE(6, 2);
  bytes.writeUInt32BE(options.ssrc ?? OLD, 4);
  bytes.writeUInt32BE(high, 8);
  bytes.writeUInt32BE(low, 12);
  bytes.writeUInt32BE(options.rtpTime ?? 0, 16);
  return bytes;
};

describe('packets of a camera', () => {
  it('I1 of another source are dropped, however many come between', () => {
    const camera = new RtpCamera();
    for (let i = 0; i < 20; i++) {
      camera.picture(i === 0 ? [...sets, key(1)] : [inter(2 * i + 1)]);
      // Three in order: not enough to be believed.
      for (let n = 0; n < 3; n++) {
        camera.datagram(
          rtpPacket({
            sequence: 5_000 + 3 * i + n,
            timestamp: 7,
            ssrc: 0xdead,
            marker: true,
            payload: inter(99),
          }),
        );
      }
    }
    const pictures = end(camera);
    expect(pictures).toHaveLength(20);
    expect(camera.hub.counters).toMatchObject({ framesDamaged: 0, timestampsRepaired: 0 });
    expect(camera.receiver.packetsLost).toBe(0);
    expect(camera.receiver.foreign).toBeGreaterThanOrEqual(60);
  });

  it('I1 of an older session at the very beginning do not keep the camera out', () => {
    const camera = new RtpCamera();
    for (let n = 0; n < 5; n++) camera.packet(inter(99), { sequence: 5_000 + n, timestamp: 7, ssrc: 0xdead });
    camera.sequence = 70;
    group(camera, 20);
    expect(end(camera)).toHaveLength(20);
  });

  it.each([true, false])(
    'I1 a source that changes for good goes on in the same run, without a lost picture (ordered: %s)',
    (ordered) => {
      const camera = new RtpCamera({ ordered });
      group(camera, 20, { ssrc: OLD });
      camera.sequence = 3;
      camera.timestamp = 17;
      group(camera, 20, { ssrc: NEW });
      const pictures = end(camera);
      expect(pictures).toHaveLength(40);
      expect(pictures[20]?.nals).toEqual([key(1)]);
      expect(pictures.map(({ ticks }) => ticks)).toEqual(pictures.map((_, i) => i * 3_600));
      expect(camera.recorder.runsEnded).toEqual(['offline']);
      expect(camera.recorder.fragments.filter(({ startsRun }) => startsRun)).toHaveLength(1);
      expect(camera.hub.counters).toMatchObject({ framesDamaged: 0, timestampsRepaired: 0 });
    },
  );

  it('I1 a source that calls itself otherwise with every packet, but goes on counting, is one source', () => {
    const camera = new RtpCamera();
    for (let i = 0; i < 40; i++)
      camera.picture(i === 0 ? [...sets, key(1)] : [inter(3)], { ssrc: 1_000 + i });
    expect(end(camera)).toHaveLength(40);
  });

  it('I2 of an unknown type are dropped, even with the sequence number of the packet before', () => {
    const camera = new RtpCamera();
    camera.packet(Buffer.from('<tt:MetadataStream/>'), { payloadType: 50, sequence: camera.sequence - 1 });
    for (let i = 0; i < 20; i++) {
      camera.picture(i === 0 ? [...sets, key(1)] : [inter(3)]);
      const before = camera.sequence - 1;
      for (let n = 0; n < 8; n++) {
        camera.packet(Buffer.from('<tt:MetadataStream/>'), { payloadType: 50, sequence: before + n });
      }
      camera.sequence = (before + 1) & 0xffff;
    }
    expect(end(camera)).toHaveLength(20);
    expect(camera.receiver).toMatchObject({ packetsLost: 0, foreign: 161 });
  });

  it('I2 of another dynamic type than announced are the video when the announced one never comes', () => {
    const camera = new RtpCamera();
    group(camera, 20, { payloadType: 98 });
    expect(end(camera)).toHaveLength(20);
    const corrected = new RtpCamera();
    for (let i = 0; i < 10; i++) corrected.packet(Buffer.from('<tt/>'), { payloadType: 107, ssrc: 5 });
    group(corrected, 20);
    expect(end(corrected)).toHaveLength(20);
  });

  it('E19 of type 77, which looks like RTCP when the marker is set, are taken for what they are', () => {
    const camera = new RtpCamera({ payloadType: 77 });
    group(camera, 20, { payloadType: 77 });
    expect(camera.end()).toHaveLength(20);
  });

  it('B16 on the channel that should be for RTCP are taken as well', () => {
    const camera = new RtpCamera();
    for (let i = 0; i < 12; i++) {
      for (const payload of i === 0 ? [...sets, key(1)] : [inter(3)]) {
        camera.datagram(
          rtpPacket({
            sequence: camera.sequence,
            timestamp: camera.timestamp,
            payload,
            marker: payload === inter(3),
          }),
          1,
        );
        camera.sequence = (camera.sequence + 1) & 0xffff;
      }
      camera.pass(3_600);
    }
    expect(end(camera)).toHaveLength(12);
  });

  it('I3 of padding alone are counted and change nothing', () => {
    const camera = new RtpCamera();
    for (let i = 0; i < 12; i++) {
      camera.picture(i === 0 ? [...sets, key(1)] : [inter(3)]);
      const padding = rtpPacket({
        sequence: camera.sequence,
        timestamp: camera.timestamp,
        payload: Buffer.of(0, 0, 0, 4),
      });
      padding[0] = 0xa0;
      camera.datagram(padding);
      camera.sequence = (camera.sequence + 1) & 0xffff;
    }
    expect(end(camera)).toHaveLength(12);
    expect(camera.receiver.packetsLost).toBe(0);
  });

  it('I4 over UDP in any order within 200 ms, and twice, lose no picture', () => {
    const random = seededRandom(4);
    const camera = new RtpCamera({ ordered: false });
    const sent: { readonly at: number; readonly packet: Buffer }[] = [];
    const collect = (payload: Buffer, marker: boolean): void => {
      const at = camera.now + (sent.length === 0 ? 0 : random() * 150_000);
      const packet = rtpPacket({ sequence: camera.sequence, timestamp: camera.timestamp, marker, payload });
      sent.push({ at, packet });
      if (random() < 0.1) sent.push({ at: at + 20_000, packet });
      camera.sequence = (camera.sequence + 1) & 0xffff;
    };
    for (let i = 0; i < 100; i++) {
      const payloads =
        i % 50 === 0 ? [...sets, ...fragment(key(1), 12)] : fragment(inter(2 * (i % 50) + 1), 12);
      for (const [n, payload] of payloads.entries()) collect(payload, n === payloads.length - 1);
      camera.pass(3_600);
    }
    for (const { at, packet } of sent.toSorted((a, b) => a.at - b.at)) {
      camera.now = at;
      camera.datagram(packet);
    }
    camera.now += 300_000;
    camera.tick();
    const pictures = end(camera);
    expect(pictures.map(({ nals }) => nals[0]?.at(-1))).toEqual(
      Array.from({ length: 100 }, (_, i) => 2 * (i % 50) + 1),
    );
    expect(camera.receiver.packetsLost).toBe(0);
    expect(camera.hub.counters).toMatchObject({ framesDamaged: 0, timestampsRepaired: 0 });
  });

  it('I4 over UDP a loss costs its picture, and the wait for it ends with the time', () => {
    const camera = new RtpCamera({ ordered: false });
    group(camera, 12);
    const [first = Buffer.alloc(0), , ...rest] = fragment(inter(31), 12);
    camera.packet(first);
    camera.lose();
    for (const [i, payload] of rest.entries()) camera.packet(payload, { marker: i === rest.length - 1 });
    camera.pass(3_600);
    camera.picture([inter(33)]);
    expect(camera.hub.counters.frames).toBe(12);
    camera.now += 200_000;
    camera.tick();
    expect(camera.hub.counters.frames).toBe(13);
    expect(end(camera).at(-1)?.nals).toEqual([inter(33)]);
    expect(camera.receiver.packetsLost).toBe(1);
    expect(camera.hub.counters.framesDamaged).toBe(1);
  });

  it('I5 of ten thousand bytes and more', () => {
    const camera = new RtpCamera({ ordered: false });
    camera.picture([...sets, key(1, 60_000)]);
    const pieces = fragment(inter(3, 30_000), 10_000);
    for (let i = 0; i < 10; i++) camera.picture(pieces);
    const pictures = end(camera);
    expect(pictures[0]?.nals).toEqual([key(1, 60_000)]);
    expect(pictures.slice(1).every(({ nals }) => nals[0]?.equals(inter(3, 30_000)))).toBe(true);
  });

  it('I6 missing over TCP are lost at once, and cost their picture', () => {
    const camera = new RtpCamera();
    group(camera, 12);
    camera.lose(3);
    camera.picture(fragment(inter(31), 12).slice(2));
    camera.picture([inter(33)]);
    expect(end(camera).at(-1)?.nals).toEqual([inter(33)]);
    expect(camera.receiver.packetsLost).toBe(3);
    expect(camera.hub.counters.framesDamaged).toBe(1);
  });

  it('I7 out of order over TCP: put in order from the second time on', () => {
    const camera = new RtpCamera();
    group(camera, 12);
    for (let i = 0; i < 10; i++) {
      const [a = Buffer.alloc(0), b = Buffer.alloc(0), ...rest] = fragment(inter(2 * i + 1), 8);
      const first = camera.sequence;
      camera.packet(b, { sequence: first + 1 });
      camera.packet(a, { sequence: first });
      camera.sequence = (first + 2) & 0xffff;
      camera.picture(rest);
    }
    expect(end(camera)).toHaveLength(21);
    expect(camera.receiver.packetsLost).toBe(1);
    expect(camera.hub.counters.framesDamaged).toBe(1);
  });

  it.each([true, false])(
    'I8 numbered anew without another source lose no picture (ordered: %s)',
    (ordered) => {
      const camera = new RtpCamera({ ordered });
      group(camera, 20);
      camera.sequence = 40_000;
      // Its very first packet is part of a picture.
      camera.picture(fragment(key(1), 12));
      for (let i = 1; i < 20; i++) camera.picture([inter(3)]);
      const pictures = end(camera);
      expect(pictures).toHaveLength(40);
      expect(pictures[20]?.nals).toEqual([key(1)]);
      expect(camera.receiver.packetsLost).toBe(0);
      expect(camera.hub.counters.framesDamaged).toBe(0);
    },
  );

  it('end when their source says goodbye, and not when another one does', () => {
    const camera = new RtpCamera();
    group(camera, 3);
    const goodbye = Buffer.alloc(8);
    goodbye.writeUInt32BE(0x81cb0001, 0);
    goodbye.writeUInt32BE(0x5555, 4);
    camera.datagram(goodbye, 1);
    expect(camera.receiver.ended).toBe(false);
    goodbye.writeUInt32BE(OLD, 4);
    camera.datagram(goodbye, 1);
    expect(camera.receiver.ended).toBe(true);
    // It restarts its encoder within the session.
    camera.sequence = 9;
    group(camera, 3, { ssrc: NEW });
    expect(camera.receiver.ended).toBe(false);
  });
});

describe('sender reports of a camera', () => {
  const START = 1_795_453_200_000_000;
  const offset = (camera: RtpCamera): number | undefined =>
    camera.hub.senderClock.reading(monoMicros(camera.now), wallMicros(START + camera.now))?.offsetMicros;

  it('I10 of a foreign source, or before the first packet, tell nothing', () => {
    const camera = new RtpCamera();
    camera.datagram(senderReport({ ssrc: 0xbeef, wall: START + 5e9 }), 1);
    group(camera, 2, { ssrc: OLD });
    camera.datagram(senderReport({ ssrc: 0xbeef, wall: START + 5e9 }), 1);
    expect(offset(camera)).toBeUndefined();
    camera.datagram(senderReport({ ssrc: OLD, wall: START + camera.now + 2_000_000 }), 1);
    expect(offset(camera)).toBe(2_000_000);
  });

  it('I9 in a compound whose description does not end', () => {
    const camera = new RtpCamera();
    group(camera, 2);
    const description = Buffer.from('81ca000200001234010863616d657261', 'hex');
    camera.datagram(Buffer.concat([senderReport({ wall: START + camera.now - 70_000 }), description]), 1);
    expect(offset(camera)).toBe(-70_000);
  });

  it('I11 that never come, or come late, change nothing of the recording', () => {
    const camera = new RtpCamera();
    group(camera, 30);
    camera.datagram(senderReport({ wall: START + camera.now }), 1);
    group(camera, 30);
    expect(end(camera).map(({ ticks }) => ticks)).toEqual(Array.from({ length: 60 }, (_, i) => i * 3_600));
  });

  it('I12 of no clock (0), of 1970 and of 2036 stop nothing', () => {
    const camera = new RtpCamera();
    for (const ntp of [
      [0, 0],
      [2_208_988_800, 0],
      [0xffff_ffff, 0xffff_ffff],
      [0, 1],
      [1, 0],
    ] as const) {
      group(camera, 10);
      camera.datagram(senderReport({ ntp }), 1);
    }
    expect(end(camera)).toHaveLength(50);
    expect(camera.recorder.runsEnded).toEqual(['offline']);
    expect(Number.isSafeInteger(offset(camera))).toBe(true);
  });
});
