import type { VideoSink } from '../media/access-unit-sink.ts';
import type { Depacketizer } from './depacketizer.ts';
import { H264Depacketizer } from './depacketizer-h264.ts';
import { H265Depacketizer } from './depacketizer-h265.ts';
import { JitterEstimator } from './jitter.ts';
import { microsToNtpShort, middleNtp, ntpToWallMicros } from './ntp.ts';
import { buildReceiverReport, createSenderReport, isRtcp, readSenderReport, saysGoodbye } from './rtcp.ts';
import { createRtpHeader, readRtpHeader } from './rtp-header.ts';
import { SequenceTracker } from './sequence.ts';
import type { PortPair } from './transport.ts';

const CNAME = 'vigie';
/** The camera's clock is taken from the least-delayed of this many sender reports: about a minute of them. */
const REPORTS_REMEMBERED = 12;

/**
 * The RTP and RTCP of one video stream over one connection: counts, drops what is not of the stream, and feeds the
 * depacketizer. Called for every packet: allocates nothing.
 */
export class VideoReceiver {
  /** RTP packets of the stream. */
  packets = 0;
  /** The camera has said that the stream ends. */
  ended = false;

  readonly #sink: VideoSink;
  readonly #depacketizer: Depacketizer;
  readonly #payloadType: number;
  readonly #channels: PortPair;
  readonly #header = createRtpHeader();
  readonly #sequence = new SequenceTracker({ ordered: true });
  readonly #jitter: JitterEstimator;
  readonly #ssrc: number;
  readonly #report = createSenderReport();
  #source = -1;
  #reportArrival = -1;
  #offsets: number[] = [];

  constructor(options: {
    readonly codec: 'h264' | 'h265';
    readonly sink: VideoSink;
    readonly payloadType: number;
    readonly clockRate: number;
    readonly channels: PortPair;
    /** Ours, for receiver reports. */
    readonly ssrc: number;
  }) {
    this.#sink = options.sink;
    this.#depacketizer =
      options.codec === 'h264' ? new H264Depacketizer(options.sink) : new H265Depacketizer(options.sink);
    this.#payloadType = options.payloadType;
    this.#channels = options.channels;
    this.#jitter = new JitterEstimator(options.clockRate);
    this.#ssrc = options.ssrc;
  }

  get packetsLost(): number {
    return this.#sequence.lost;
  }

  /** Camera clock minus ours in µs, after its sender reports; `null` before the first that tells a time. */
  get clockOffsetMicros(): number | null {
    // A report that was delayed makes the camera seem late, never early.
    return this.#offsets.length === 0 ? null : Math.max(...this.#offsets);
  }

  expects(channel: number): boolean {
    return channel === this.#channels.rtp || channel === this.#channels.rtcp;
  }

  /** Content of a `$` frame. */
  frame(channel: number, buffer: Buffer, start: number, end: number): void {
    if (channel === this.#channels.rtp && !isRtcp(buffer, start, end)) this.#rtp(buffer, start, end);
    else if (this.expects(channel)) this.#rtcp(buffer, start, end);
  }

  /** A receiver report (RFC 3550 section 6.4.2) as a `$` frame for the connection. */
  receiverReport(nowMono: number): Buffer {
    const source =
      this.#source < 0
        ? undefined
        : {
            ssrc: this.#source,
            fractionLost: this.#sequence.takeFractionLost(),
            cumulativeLost: this.#sequence.cumulativeLost,
            highestSequence: this.#sequence.highest,
            jitter: this.#jitter.ticks,
            lastSenderReport:
              this.#reportArrival < 0 ? 0 : middleNtp(this.#report.ntpSeconds, this.#report.ntpFraction),
            delaySinceLastSenderReport:
              this.#reportArrival < 0 ? 0 : microsToNtpShort(nowMono - this.#reportArrival),
          };
    return buildReceiverReport({ ssrc: this.#ssrc, source }, CNAME, this.#channels.rtcp);
  }

  #rtp(buffer: Buffer, start: number, end: number): void {
    const header = this.#header;
    if (!readRtpHeader(buffer, start, end, header) || header.payloadType !== this.#payloadType) return;
    // A new source on the same channel is a camera that restarted its encoder (I8): the tracker sees the jump.
    this.#source = header.ssrc;
    this.packets++;
    const verdict = this.#sequence.update(header.sequence);
    if (verdict === 'duplicate' || verdict === 'late' || verdict === 'stray') return;
    this.#jitter.update(header.timestamp, this.#sink.arrivalMono);
    this.#depacketizer.packet(
      buffer,
      header.payloadStart,
      header.payloadEnd,
      header.timestamp,
      header.marker,
      verdict !== 'next',
    );
  }

  #rtcp(buffer: Buffer, start: number, end: number): void {
    if (readSenderReport(buffer, start, end, this.#report, this.#source < 0 ? undefined : this.#source)) {
      this.#reportArrival = this.#sink.arrivalMono;
      const told = ntpToWallMicros(this.#report.ntpSeconds, this.#report.ntpFraction);
      if (told !== undefined) {
        this.#offsets.push(told - this.#sink.arrivalWall);
        if (this.#offsets.length > REPORTS_REMEMBERED) this.#offsets.shift();
      }
    }
    if (this.#source >= 0 && saysGoodbye(buffer, start, end, this.#source)) this.ended = true;
  }
}
