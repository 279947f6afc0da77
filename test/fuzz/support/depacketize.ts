import { Depacketizer } from '../../../src/rtsp/depacketizer.ts';
import { createRtpHeader, readRtpHeader } from '../../../src/rtsp/rtp-header.ts';
import { StrictSink } from './samples.ts';

const LENGTH_BYTES = 2;

/**
 * Input of the depacketizers' targets: RTP packets, each with its length in two bytes in front. Any bytes are such a
 * list: a length that is too long ends where the bytes end.
 */
export function depacketize(bytes: Buffer, codec: 'h264' | 'h265'): void {
  const sink = new StrictSink();
  sink.input = bytes;
  const depacketizer = new Depacketizer(codec, sink);
  const header = createRtpHeader();
  let expected = -1;
  let packets = 0;
  for (let at = 0; at + LENGTH_BYTES < bytes.length; packets++) {
    const start = at + LENGTH_BYTES;
    const end = Math.min(bytes.length, start + bytes.readUInt16BE(at));
    at = end;
    if (!readRtpHeader(bytes, start, end, header)) continue;
    sink.start = header.payloadStart;
    sink.end = header.payloadEnd;
    const lost = expected >= 0 && header.sequence !== expected;
    expected = (header.sequence + 1) & 0xffff;
    const { payloadStart, payloadEnd, timestamp, marker } = header;
    depacketizer.packet(bytes, payloadStart, payloadEnd, timestamp, marker, lost);
  }
  // A fragment's first packet brings two bytes of header, and its own header takes three.
  sink.finish(bytes.length);
}
