import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AccessUnitSink } from '../../src/media/access-unit-sink.ts';
import { Depacketizer } from '../../src/rtsp/depacketizer.ts';
import { type AccessUnit, groupAccessUnits } from '../../src/simulator/access-unit.ts';
import { splitNals } from '../../src/simulator/annexb.ts';
import { ensureClip } from '../../src/simulator/ensure-clip.ts';
import { nalRole } from '../../src/simulator/nal-unit.ts';
import { packetizeUnit } from '../../src/simulator/packetizer.ts';
import { CLIP_CACHE, smallClip } from '../support/cameras.ts';

/** Puts the access units together again. */
class Collector implements AccessUnitSink {
  readonly units: { readonly nals: readonly Buffer[]; readonly timestamp: number; readonly key: boolean }[] =
    [];
  readonly sets: Buffer[] = [];
  #nals: Buffer[][] = [];

  beginNal(): void {
    this.#nals.push([]);
  }

  writeByte(value: number): void {
    this.#nals.at(-1)?.push(Buffer.from([value]));
  }

  write(source: Buffer, start: number, end: number): void {
    this.#nals.at(-1)?.push(Buffer.from(source.subarray(start, end)));
  }

  endNal(): void {}

  parameterSet(source: Buffer, start: number, end: number): void {
    this.sets.push(Buffer.from(source.subarray(start, end)));
  }

  endAccessUnit(timestamp: number, key: boolean): void {
    this.units.push({ nals: this.#nals.map((parts) => Buffer.concat(parts)), timestamp, key });
    this.#nals = [];
  }

  abandonAccessUnit(): void {
    this.#nals = [];
  }
}

interface Packet {
  readonly payload: Buffer;
  readonly marker: boolean;
  readonly timestamp: number;
  readonly unit: number;
}

describe.each(['h264', 'h265'] as const)('%s over RTP', (codec) => {
  let units: readonly AccessUnit[];
  let packets: readonly Packet[];

  beforeAll(async () => {
    const path = await ensureClip(smallClip({ codec, frames: 60, bitrateBps: 1_500_000 }), CLIP_CACHE);
    units = groupAccessUnits(splitNals(await readFile(path)), codec);
    packets = units.flatMap((unit, index) => {
      const { bytes, packetOffsets } = packetizeUnit(unit, codec, false);
      return [...packetOffsets].map((at) => ({
        payload: bytes.subarray(at + 16, at + 4 + bytes.readUInt16BE(at + 2)),
        marker: ((bytes[at + 5] ?? 0) & 0x80) !== 0,
        timestamp: index * 3_600,
        unit: index,
      }));
    });
  }, 60_000);

  /** What is written to a sink of a picture: everything but its parameter sets. */
  const content = (unit: AccessUnit): Buffer[] =>
    unit.nals.filter((nal) => nalRole(nal, codec) !== 'parameters');

  const isSlice = (nal: Buffer): boolean => nalRole(nal, codec).endsWith('slice');

  function unpack(chosen: readonly (Packet | undefined)[], options: { marker?: boolean } = {}): Collector {
    const sink = new Collector();
    const depacketizer = new Depacketizer(codec, sink);
    let lost = false;
    for (const packet of chosen) {
      if (!packet) {
        lost = true;
        continue;
      }
      // In the middle of a larger buffer, as in the shared read buffer.
      const around = Buffer.concat([Buffer.alloc(9, 0xee), packet.payload, Buffer.alloc(9, 0xee)]);
      const marker = packet.marker && options.marker !== false;
      depacketizer.packet(around, 9, 9 + packet.payload.length, packet.timestamp, marker, lost);
      lost = false;
    }
    return sink;
  }

  it('comes out as it went in: single units, aggregates and fragments', () => {
    const sink = unpack(packets);
    expect(sink.units.map(({ nals }) => nals)).toEqual(units.map(content));
    expect(sink.units.map(({ key }) => key)).toEqual(units.map(({ key }) => key));
    expect(sink.units.map(({ timestamp }) => timestamp)).toEqual(units.map((_, index) => index * 3_600));
    expect(sink.sets.length).toBeGreaterThanOrEqual(codec === 'h264' ? 2 : 3);
  });

  it('needs no marker bit: the last picture shows when the next begins', () => {
    expect(unpack(packets, { marker: false }).units.map(({ nals }) => nals)).toEqual(
      units.slice(0, -1).map(content),
    );
  });

  it('loses the picture of a lost packet, at most the one before, and keeps no broken one', () => {
    fc.assert(
      fc.property(fc.nat(packets.length - 1), (missing) => {
        const sink = unpack(packets.map((packet, index) => (index === missing ? undefined : packet)));
        const affected = packets[missing]?.unit ?? 0;
        const kept = sink.units.map(({ timestamp }) => timestamp / 3_600);
        expect(kept).toEqual(
          expect.arrayContaining(units.map((_, i) => i).filter((i) => i < affected - 1 || i > affected)),
        );
        for (const { nals, timestamp } of sink.units) {
          const unit = units[timestamp / 3_600];
          if (!unit) throw new Error('a picture that was never sent');
          // A lost packet may have held parameter sets or a delimiter alone: then every slice is there.
          expect(nals.filter(isSlice)).toEqual(unit.nals.filter(isSlice));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('takes any payload without throwing', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }), (payloads) => {
        unpack(
          payloads.map((payload, i) => ({
            payload: Buffer.from(payload),
            marker: i % 3 === 0,
            timestamp: i,
            unit: 0,
          })),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});
