import { createSenderReport, isRtcp, readSenderReport } from '../rtsp/rtcp.ts';
import { createRtpHeader, readRtpHeader } from '../rtsp/rtp-header.ts';
import type { Findings } from './camera-report.ts';

/** So many packets tell whether a thing never happens. */
const PACKETS_TO_JUDGE = 50;
const PICTURES_TO_JUDGE = 10;

/** What a NAL unit at the beginning of a payload is, as far as markers are concerned. */
type Kind = 'slice' | 'set' | 'sei' | 'other';

/** Looks at the packets of one video stream, and at what comes beside it. */
export class RtpObserver {
  packets = 0;
  senderReports = 0;
  firstSequence = -1;
  firstTimestamp = -1;

  readonly #codec: 'h264' | 'h265';
  readonly #payloadType: number;
  readonly #findings: Findings;
  readonly #header = createRtpHeader();
  readonly #report = createSenderReport();
  #ssrc = -1;
  #sequence = -1;
  #timestamp = -1;
  #pictures = 0;
  #markers = 0;
  #sliceAt = -1;

  constructor(codec: 'h264' | 'h265', payloadType: number, findings: Findings) {
    this.#codec = codec;
    this.#payloadType = payloadType;
    this.#findings = findings;
  }

  /** Content of a `$` frame of the stream, RTP or RTCP. */
  frame(buffer: Buffer, start: number, end: number): void {
    if (isRtcp(buffer, start, end)) this.#rtcp(buffer, start, end);
    else this.#rtp(buffer, start, end);
  }

  /** What can be said only at the end. */
  finish(watchedMicros: number): void {
    const findings = this.#findings;
    if (this.packets >= PACKETS_TO_JUDGE && this.#pictures >= PICTURES_TO_JUDGE && this.#markers === 0) {
      findings.add(
        'J1',
        'It never marks the end of a picture; pictures are told apart by their timestamps, and come one later.',
      );
    }
    if (this.senderReports === 0 && watchedMicros > 8_000_000) {
      findings.add(
        'I11',
        'It sends no sender reports, so its clock cannot be compared; recordings are dated by when they arrive.',
      );
    }
  }

  #rtp(buffer: Buffer, start: number, end: number): void {
    const header = this.#header;
    const findings = this.#findings;
    if (!readRtpHeader(buffer, start, end, header)) {
      findings.add('I3', 'Some packets are no RTP, or lie about their length; they are dropped.');
      return;
    }
    if (header.payloadType !== this.#payloadType) {
      findings.add(
        'I2',
        `Packets of payload type ${header.payloadType} come in the video's channel, which the description does not explain; they are dropped.`,
      );
      return;
    }
    this.#follow();
    this.packets++;
    if (header.timestamp !== this.#timestamp) this.#pictures++;
    if (header.marker) this.#markers++;
    this.#timestamp = header.timestamp;
    if (header.payloadEnd > header.payloadStart)
      this.#payload(buffer, header.payloadStart, header.payloadEnd);
  }

  /** Who sends, and whether all of it comes. */
  #follow(): void {
    const { ssrc, sequence, timestamp } = this.#header;
    const findings = this.#findings;
    if (this.#ssrc < 0) {
      this.firstSequence = sequence;
      this.firstTimestamp = timestamp;
    } else if (ssrc !== this.#ssrc) {
      findings.add('I1', 'Packets of several senders (SSRC) come in the same channel.');
    } else {
      const step = (sequence - this.#sequence) & 0xffff;
      if (step === 0) findings.add('I4', 'Some packets come twice.');
      else if (step > 0x8000)
        findings.add('I7', 'Packets come out of order, although the connection keeps order.');
      else if (step > 1) {
        findings.add(
          'I6',
          'Packets are missing although nothing gets lost on this connection: the camera drops them.',
        );
      }
    }
    this.#ssrc = ssrc;
    this.#sequence = sequence;
  }

  #payload(buffer: Buffer, start: number, end: number): void {
    const { marker, timestamp } = this.#header;
    const findings = this.#findings;
    const fragment = this.#isFragment(buffer, start);
    const headBytes = this.#codec === 'h264' ? 1 : 2;
    if (fragment) {
      const flags = buffer[start + headBytes] ?? 0;
      if ((flags & 0xc0) === 0xc0) {
        findings.add('J6', 'It sends fragments that are first and last at once; they are put up with.');
      }
    }
    const at = fragment ? start + headBytes + 1 : start;
    if (hasStartCode(buffer, at, end) || (!fragment && hasStartCode(buffer, start + headBytes, end))) {
      findings.add('J16', 'It leaves start codes (Annex B) in its packets, where they do not belong.');
    }
    const kind = this.#kindOf(buffer, start);
    if (kind === 'slice') this.#sliceAt = timestamp;
    if (kind === 'set') {
      if (marker)
        findings.add('J2', 'It marks parameter sets as the end of a picture; that is not believed.');
      if (this.#sliceAt === timestamp) {
        findings.add(
          'J4',
          'It stamps parameter sets with the time of the picture before; that does no harm.',
        );
      }
    }
    if (kind === 'sei' && marker) {
      findings.add(
        'J3',
        'It marks supplemental information (SEI) as the end of a picture; that is not believed.',
      );
    }
  }

  #isFragment(buffer: Buffer, start: number): boolean {
    return this.#typeAt(buffer, start) === (this.#codec === 'h264' ? 28 : 49);
  }

  #typeAt(buffer: Buffer, at: number): number {
    const first = buffer[at] ?? 0;
    return this.#codec === 'h264' ? first & 0x1f : (first >> 1) & 0x3f;
  }

  #kindOf(buffer: Buffer, start: number): Kind {
    const type = this.#typeAt(buffer, start);
    if (this.#codec === 'h264') {
      // Aggregates may hold a whole picture behind their parameter sets: they say nothing.
      const inner = type === 28 ? (buffer[start + 1] ?? 0) & 0x1f : type;
      if (inner === 7 || inner === 8) return 'set';
      return inner === 6 ? 'sei' : inner >= 1 && inner <= 5 ? 'slice' : 'other';
    }
    const inner = type === 49 ? (buffer[start + 2] ?? 0) & 0x3f : type;
    if (inner >= 32 && inner <= 34) return 'set';
    return inner === 39 || inner === 40 ? 'sei' : inner < 32 ? 'slice' : 'other';
  }

  #rtcp(buffer: Buffer, start: number, end: number): void {
    if (!readSenderReport(buffer, start, end, this.#report)) return;
    if (this.#ssrc >= 0 && this.#report.ssrc !== this.#ssrc) {
      this.#findings.add('I10', 'Its sender reports are about another sender than the one of the video.');
      return;
    }
    this.senderReports++;
  }
}

/** `00 00 01` or `00 00 00 01`. */
function hasStartCode(buffer: Buffer, at: number, end: number): boolean {
  if (end - at < 4 || buffer[at] !== 0 || buffer[at + 1] !== 0) return false;
  return buffer[at + 2] === 1 || (buffer[at + 2] === 0 && buffer[at + 3] === 1);
}
