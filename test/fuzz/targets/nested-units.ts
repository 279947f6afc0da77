import type { AccessUnitSink } from '../../../src/media/access-unit-sink.ts';
import { AccessUnitAssembler } from '../../../src/rtsp/access-unit-assembler.ts';
import { NalStream } from '../../../src/rtsp/nal-stream.ts';
import { findStartCode, withoutZeros } from '../../../src/rtsp/start-code.ts';
import { Dice } from '../dice.ts';
import { StrictSink } from '../support/samples.ts';
import { type FuzzTarget, hold } from '../target.ts';

const START_CODE = Buffer.of(0, 0, 1);

/** Units and pictures in words, whatever pieces they came in. */
class UnitLog implements AccessUnitSink {
  readonly lines: string[] = [];
  #nal = '';

  beginNal(): void {
    this.#nal = 'nal ';
  }
  writeByte(value: number): void {
    this.#nal += Buffer.of(value).toString('hex');
  }
  write(source: Buffer, start: number, end: number): void {
    this.#nal += source.toString('hex', start, end);
  }
  endNal(): void {
    this.lines.push(this.#nal);
  }
  parameterSet(source: Buffer, start: number, end: number): void {
    this.lines.push(`set ${source.toString('hex', start, end)}`);
  }
  endAccessUnit(timestamp: number, key: boolean): void {
    this.lines.push(`picture ${timestamp} ${key}`);
  }
  abandonAccessUnit(): void {
    this.lines.push('abandoned');
  }
}

/** One unit in fragments that end at `cuts`. */
function unpack(codec: 'h264' | 'h265', bytes: Buffer, cuts: readonly number[]): string {
  const log = new UnitLog();
  const assembler = new AccessUnitAssembler(log);
  const nals = new NalStream(codec, assembler);
  assembler.beginPacket(1, false, false);
  send(nals, codec, bytes, cuts);
  assembler.endPacket(true);
  assembler.beginPacket(2, false, false);
  return log.lines.join('\n');
}

function send(nals: NalStream, codec: 'h264' | 'h265', bytes: Buffer, cuts: readonly number[]): void {
  const headerBytes = codec === 'h264' ? 1 : 2;
  if (bytes.length <= headerBytes) {
    nals.whole(bytes, 0, bytes.length);
    return;
  }
  nals.begin(bytes[0] as number, headerBytes === 2 ? (bytes[1] as number) : 0);
  let at = headerBytes;
  for (const cut of cuts) {
    if (cut <= at) continue;
    nals.continue(bytes, at, cut, false);
    at = cut;
  }
  nals.continue(bytes, at, bytes.length, true);
}

/** What stands in one NAL unit, of which there may be several: the first byte tells the codec. */
export const target: FuzzTarget = {
  name: 'nested-units',
  cost: 3,
  tokens: [
    ...[
      [0, 0, 1],
      [0, 0, 0, 1],
      [0, 0, 1, 0x65, 0x88],
      [0, 0, 1, 0x41, 0x9a],
      [0, 0, 1, 6, 6, 1, 0x84, 0x80],
    ],
    ...[
      [0, 0, 1, 0x67, 0x42],
      [0, 0, 1, 0x26, 1, 0xaf],
      [0, 0, 1, 2, 1, 0xd0],
      [0, 0, 1, 0x40, 1],
      [0, 0],
      [0, 0, 3],
    ],
  ].map((token) => Buffer.from(token)),
  run(input) {
    const codec = (input[0] ?? 0) & 1 ? 'h265' : 'h264';
    const bytes = input.subarray(1);
    const dice = new Dice(bytes.length);
    const from = dice.below(bytes.length + 1);
    const found = findStartCode(bytes, from, bytes.length);
    hold(found === bytes.indexOf(START_CODE, from), 'a start code is found, and the first one');
    const end = withoutZeros(bytes, from, bytes.length);
    hold(end >= from && (end === from || bytes[end - 1] !== 0), 'no zero is left at the end');
    const cuts = Array.from({ length: dice.below(8) }, () => dice.below(bytes.length + 1)).toSorted(
      (a, b) => a - b,
    );
    const fragmented = unpack(codec, bytes, []);
    const cut = unpack(codec, bytes, cuts);
    hold(cut === fragmented, `cut at ${cuts.join()} it is\n${cut}\ninstead of\n${fragmented}`);
    const sink = new StrictSink();
    const assembler = new AccessUnitAssembler(sink);
    const nals = new NalStream(codec, assembler);
    assembler.beginPacket(1, false, false);
    sink.input = bytes;
    sink.end = bytes.length;
    send(nals, codec, bytes, cuts);
    nals.end();
    sink.abandonAccessUnit();
    sink.finish(bytes.length);
  },
};
