import { createRtpHeader, readRtpHeader } from '../../../src/rtsp/rtp-header.ts';
import { SourceCandidate } from '../../../src/rtsp/source-candidate.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** RTP packets, each with its length in one byte. */
export const target: FuzzTarget = {
  name: 'source-candidate',
  maxBytes: 4_096,
  tokens: [
    [13, 0x80, 0x60],
    [13, 0x80, 0xe0, 0, 1],
    [0, 0, 0, 6],
  ].map((token) => Buffer.from(token)),
  run(bytes) {
    const candidate = new SourceCandidate();
    const header = createRtpHeader();
    for (let at = 0; at < bytes.length; ) {
      const start = at + 1;
      const end = Math.min(bytes.length, start + (bytes[at] as number));
      at = end;
      if (!readRtpHeader(bytes, start, end, header)) continue;
      const proven = candidate.offer(header, bytes, start, end);
      const { packets } = candidate;
      hold(packets.length >= 1 && packets.length <= 4, 'few packets are kept');
      hold(proven === (packets.length === 4), 'four packets are a proof');
      hold(packets.at(-1)?.equals(bytes.subarray(start, end)) === true, 'they are kept as they came');
      const first = packets[0] as Buffer;
      const one = createRtpHeader();
      hold(readRtpHeader(first, 0, first.length, one) && one.ssrc === header.ssrc, 'they are of one source');
      if (proven) candidate.clear();
    }
  },
};
