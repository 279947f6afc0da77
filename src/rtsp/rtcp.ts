/**
 * RTCP (RFC 3550 section 6): packets strung together in one compound, each with its length in its head.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |V=2|P|  count  |  packet type  |  32-bit words after this one  |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                   SSRC of the sender of this                  |
 *    +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+  sender report (200) only:
 *    |                      NTP time, seconds                        |
 *    |                      NTP time, fraction                       |
 *    |                  the same moment as RTP time                  |
 *    |                       packets sent                            |
 *    |                    payload bytes sent                         |
 *    +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+  report block, count times:
 *    |                     SSRC reported on                          |
 *    | fraction lost |         packets lost, signed                  |
 *    |               highest sequence number, extended               |
 *    |                            jitter                             |
 *    |        middle 32 bits of the last sender report's NTP         |
 *    |          delay since that report, in 1/65536 s                |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
export interface SenderReport {
  ssrc: number;
  /** NTP time, see `ntpToWallMicros`. */
  ntpSeconds: number;
  ntpFraction: number;
  /** The same moment on the RTP clock. */
  rtpTime: number;
  packetCount: number;
  octetCount: number;
}

export interface ReceiverReport {
  /** Ours. */
  readonly ssrc: number;
  /** What we received from one source; `undefined` until something came. */
  readonly source: ReceptionReport | undefined;
}

export interface ReceptionReport {
  readonly ssrc: number;
  /** In 1/256 since the last report. */
  readonly fractionLost: number;
  /** Since the start; negative when duplicates outnumber losses. */
  readonly cumulativeLost: number;
  /** Wraps counted in the upper bits. */
  readonly highestSequence: number;
  /** In ticks of the RTP clock. */
  readonly jitter: number;
  /** `middleNtp` of the last sender report, 0 if there was none. */
  readonly lastSenderReport: number;
  /** In 1/65536 s, 0 if there was none. */
  readonly delaySinceLastSenderReport: number;
}

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const GOODBYE = 203;
const CNAME_ITEM = 1;
const SENDER_REPORT_BYTES = 28;
const MAX_CNAME_BYTES = 255;
const MIN_LOST = -0x80_0000;
const MAX_LOST = 0x7f_ffff;

/** One to be filled again and again. */
export function createSenderReport(): SenderReport {
  return { ssrc: 0, ntpSeconds: 0, ntpFraction: 0, rtpTime: 0, packetCount: 0, octetCount: 0 };
}

/** Whether bytes are RTCP rather than RTP, for senders that mix up their channels (RFC 5761 section 4). */
export function isRtcp(buffer: Uint8Array, start: number, end: number): boolean {
  if (start < 0 || end > buffer.length || end - start < 4) return false;
  const type = buffer[start + 1] ?? 0;
  return (buffer[start] ?? 0) >> 6 === 2 && type >= 192 && type <= 223;
}

/**
 * Finds the sender report of `ssrc` in a compound, or its first one when no source is named, and reads it into `out`.
 * `false`, with `out` untouched, when there is none: reports on foreign sources are common (I10). Everything else is
 * stepped over by its length, so a source description without an end (I9) does no harm. Allocates nothing.
 */
export function readSenderReport(
  buffer: Buffer,
  start: number,
  end: number,
  out: SenderReport,
  ssrc?: number,
): boolean {
  for (let at = start; isRtcp(buffer, at, end); at = endOfPacket(buffer, at)) {
    if (buffer[at + 1] !== SENDER_REPORT || end - at < SENDER_REPORT_BYTES) continue;
    const sender = buffer.readUInt32BE(at + 4);
    if (ssrc !== undefined && sender !== ssrc) continue;
    out.ssrc = sender;
    out.ntpSeconds = buffer.readUInt32BE(at + 8);
    out.ntpFraction = buffer.readUInt32BE(at + 12);
    out.rtpTime = buffer.readUInt32BE(at + 16);
    out.packetCount = buffer.readUInt32BE(at + 20);
    out.octetCount = buffer.readUInt32BE(at + 24);
    return true;
  }
  return false;
}

/** Whether a compound says that `ssrc` ends (BYE), or that any source does when none is named. */
export function saysGoodbye(buffer: Buffer, start: number, end: number, ssrc?: number): boolean {
  for (let at = start; isRtcp(buffer, at, end); at = endOfPacket(buffer, at)) {
    if (buffer[at + 1] !== GOODBYE) continue;
    const count = (buffer[at] ?? 0) & 0x1f;
    if (ssrc === undefined) return true;
    const sourcesEnd = Math.min(end, endOfPacket(buffer, at), at + 4 + count * 4);
    for (let source = at + 4; source + 4 <= sourcesEnd; source += 4) {
      if (buffer.readUInt32BE(source) === ssrc) return true;
    }
  }
  return false;
}

/**
 * A receiver report and our name, the smallest compound that RFC 3550 section 6.1 allows. With `channel` it comes as a
 * `$` frame for the RTSP connection (RFC 2326 section 10.12).
 */
export function buildReceiverReport(report: ReceiverReport, cname: string, channel?: number): Buffer {
  const frameBytes = channel === undefined ? 0 : 4;
  const reportBytes = report.source ? 32 : 8;
  const name = Buffer.from(cname, 'utf8').subarray(0, MAX_CNAME_BYTES);
  // Head, source, item head, name, and one to four zero bytes that end the list on a word.
  const descriptionBytes = 8 + (Math.floor((2 + name.length) / 4) + 1) * 4;
  const buffer = Buffer.alloc(frameBytes + reportBytes + descriptionBytes);
  if (channel !== undefined) {
    buffer[0] = 0x24;
    buffer[1] = channel;
    buffer.writeUInt16BE(reportBytes + descriptionBytes, 2);
  }

  const at = writePacketHead(
    buffer,
    frameBytes,
    report.source ? 1 : 0,
    RECEIVER_REPORT,
    reportBytes,
    report.ssrc,
  );
  if (report.source) writeReportBlock(buffer, at, report.source);

  const item = writePacketHead(
    buffer,
    frameBytes + reportBytes,
    1,
    SOURCE_DESCRIPTION,
    descriptionBytes,
    report.ssrc,
  );
  buffer[item] = CNAME_ITEM;
  buffer[item + 1] = name.length;
  name.copy(buffer, item + 2);
  return buffer;
}

function writePacketHead(
  buffer: Buffer,
  at: number,
  count: number,
  type: number,
  bytes: number,
  ssrc: number,
): number {
  buffer[at] = 0x80 | count;
  buffer[at + 1] = type;
  buffer.writeUInt16BE(bytes / 4 - 1, at + 2);
  return buffer.writeUInt32BE(ssrc >>> 0, at + 4);
}

function writeReportBlock(buffer: Buffer, at: number, source: ReceptionReport): void {
  buffer.writeUInt32BE(source.ssrc >>> 0, at);
  buffer[at + 4] = Math.min(255, Math.max(0, source.fractionLost));
  buffer.writeIntBE(Math.min(MAX_LOST, Math.max(MIN_LOST, source.cumulativeLost)), at + 5, 3);
  buffer.writeUInt32BE(source.highestSequence >>> 0, at + 8);
  buffer.writeUInt32BE(source.jitter >>> 0, at + 12);
  buffer.writeUInt32BE(source.lastSenderReport >>> 0, at + 16);
  buffer.writeUInt32BE(source.delaySinceLastSenderReport >>> 0, at + 20);
}

/** Always further on, since a packet's length counts its words without the first. */
function endOfPacket(buffer: Buffer, at: number): number {
  return at + 4 + buffer.readUInt16BE(at + 2) * 4;
}
