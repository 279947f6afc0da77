import { createRtpHeader, readRtpHeader } from '../../../src/rtsp/rtp-header.ts';
import { type FuzzTarget, hold } from '../target.ts';

const AROUND = Buffer.alloc(9, 0xee);

export const target: FuzzTarget = {
  name: 'rtp-header',
  run(bytes) {
    const buffer = Buffer.concat([AROUND, bytes, AROUND]);
    const [start, end] = [AROUND.length, AROUND.length + bytes.length];
    const header = createRtpHeader();
    const untouched = JSON.stringify(header);
    if (!readRtpHeader(buffer, start, end, header)) {
      hold(JSON.stringify(header) === untouched, 'what is no RTP leaves the header as it was');
      return;
    }
    hold(header.payloadStart >= start + 12 && header.payloadEnd <= end, 'the payload lies in the packet');
    hold(header.payloadStart <= header.payloadEnd, 'the payload does not end before it begins');
    hold(header.payloadType <= 127 && header.sequence <= 0xffff, 'fields have their widths');
    hold(header.timestamp >= 0 && header.ssrc >= 0, 'fields are unsigned');
  },
};
