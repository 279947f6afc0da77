import { ntpToWallMicros } from '../../../src/rtsp/ntp.ts';
import { createSenderReport, isRtcp, readSenderReport, saysGoodbye } from '../../../src/rtsp/rtcp.ts';
import { type FuzzTarget, hold } from '../target.ts';

const AROUND = Buffer.from([0x80, 200, 0, 6, 0, 0, 0, 1, 9]);

export const target: FuzzTarget = {
  name: 'rtcp',
  tokens: [
    ...[
      [0x80, 200, 0, 6],
      [0x81, 201, 0, 7],
      [0x81, 202, 0, 3],
      [0x81, 203, 0, 1],
      [0x80, 200, 0xff, 0xff],
    ],
    ...[
      [0x81, 203, 0, 0],
      [0x9f, 203, 0, 31],
      [0, 0, 0, 0, 0, 0, 0, 0],
    ],
  ].map((token) => Buffer.from(token)),
  run(bytes) {
    const buffer = Buffer.concat([AROUND, bytes, AROUND]);
    const [start, end] = [AROUND.length, AROUND.length + bytes.length];
    const report = createSenderReport();
    const untouched = JSON.stringify(report);
    const found = readSenderReport(buffer, start, end, report);
    hold(found || JSON.stringify(report) === untouched, 'what is no report leaves it as it was');
    hold(!found || isRtcp(buffer, start, end), 'a report is in RTCP');
    hold(!found || bytes.length >= 28, 'a report lies in its bytes');
    const at = ntpToWallMicros(report.ntpSeconds, report.ntpFraction);
    hold(at === undefined || Number.isSafeInteger(at), 'a moment is an integer');
    if (found)
      hold(readSenderReport(buffer, start, end, report, report.ssrc), 'a report is found by its source');
    const ends = saysGoodbye(buffer, start, end);
    if (saysGoodbye(buffer, start, end, 1)) hold(ends, 'who ends is among those that end');
  },
};
