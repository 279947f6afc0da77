import type { JitterEstimator } from './jitter.ts';
import { microsToNtpShort, middleNtp } from './ntp.ts';
import type { ReceptionReport, SenderReport } from './rtcp.ts';
import type { SequenceTracker } from './sequence.ts';

/** What a receiver knows of the one source that it takes packets from. */
export interface Reception {
  /** Its SSRC; below 0 until something came. */
  readonly source: number;
  readonly sequence: SequenceTracker;
  readonly jitter: JitterEstimator;
  /** The last sender report, and its arrival in microseconds of the monotonic clock; below 0: there was none. */
  readonly report: SenderReport;
  readonly reportArrival: number;
}

/** The block that a receiver report has on it (RFC 3550 section 6.4.1). Counting of the fraction lost begins anew. */
export function receptionReport(reception: Reception, nowMono: number): ReceptionReport | undefined {
  const { source, sequence, jitter, report, reportArrival } = reception;
  if (source < 0) return undefined;
  const told = reportArrival >= 0;
  return {
    ssrc: source,
    fractionLost: sequence.takeFractionLost(),
    cumulativeLost: sequence.cumulativeLost,
    highestSequence: sequence.highest,
    jitter: jitter.ticks,
    lastSenderReport: told ? middleNtp(report.ntpSeconds, report.ntpFraction) : 0,
    delaySinceLastSenderReport: told ? microsToNtpShort(nowMono - reportArrival) : 0,
  };
}
