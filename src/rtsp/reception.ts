import type { JitterEstimator } from './jitter.ts';
import { microsToNtpShort, middleNtp } from './ntp.ts';
import { buildReceiverReport, type SenderReport } from './rtcp.ts';
import type { SequenceTracker } from './sequence.ts';

const CNAME = 'vigie';

/** What a receiver knows of the one source that it takes packets from. */
export interface Reception {
  /** The receiver's own. */
  readonly ssrc: number;
  /** Its SSRC; below 0 until something came. */
  readonly source: number;
  readonly sequence: SequenceTracker;
  readonly jitter: JitterEstimator;
  /** The last sender report, and its arrival in microseconds of the monotonic clock; below 0: there was none. */
  readonly report: SenderReport;
  readonly reportArrival: number;
}

/**
 * What it reports (RFC 3550 section 6.4.2): a `$` frame on that channel, or the bare packet. Counting of the fraction
 * lost begins anew.
 */
export function receiverReport(reception: Reception, nowMono: number, channel: number | undefined): Buffer {
  const { ssrc, source, sequence, jitter, report, reportArrival } = reception;
  if (source < 0) return buildReceiverReport({ ssrc, source: undefined }, CNAME, channel);
  const told = reportArrival >= 0;
  const block = {
    ssrc: source,
    fractionLost: sequence.takeFractionLost(),
    cumulativeLost: sequence.cumulativeLost,
    highestSequence: sequence.highest,
    jitter: jitter.ticks,
    lastSenderReport: told ? middleNtp(report.ntpSeconds, report.ntpFraction) : 0,
    delaySinceLastSenderReport: told ? microsToNtpShort(nowMono - reportArrival) : 0,
  };
  return buildReceiverReport({ ssrc, source: block }, CNAME, channel);
}
