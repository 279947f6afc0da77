import type { VideoSink } from '../media/access-unit-sink.ts';
import { type MonoMicros, microsToTicks } from '../time/units.ts';
import { Depacketizer } from './depacketizer.ts';
import { JitterEstimator } from './jitter.ts';
import { ntpToWallMicros } from './ntp.ts';
import { receiverReport } from './reception.ts';
import { ReorderBuffer } from './reorder-buffer.ts';
import { createSenderReport, isRtcp, readSenderReport, saysGoodbye } from './rtcp.ts';
import { createRtpHeader, readRtpHeader } from './rtp-header.ts';
import { SequenceTracker, type SequenceVerdict } from './sequence.ts';
import { SourceCandidate } from './source-candidate.ts';
import type { PortPair } from './transport.ts';

/** Payload types that mean what the session description says of them (RFC 3551 section 6). */
const FIRST_DYNAMIC_TYPE = 96;

export interface VideoReceiverOptions {
  readonly codec: 'h264' | 'h265';
  readonly sink: VideoSink;
  readonly payloadType: number;
  readonly clockRate: number;
  /** Of the `$` frames over TCP. Over UDP any two numbers by which the caller tells the two sockets apart. */
  readonly channels: PortPair;
  /** Ours, for receiver reports. */
  readonly ssrc: number;
  /**
   * False over UDP: packets may overtake each other and come twice, so they are put in order first. True, the default,
   * over TCP: nothing waits, until the camera itself is seen to send out of order (I7).
   */
  readonly ordered?: boolean;
}

/**
 * The RTP and RTCP of one video stream: counts, puts in order, drops what is not of the stream, and feeds the
 * depacketizer. The same for TCP and UDP:
 *
 * 1. before each read or datagram set `sink.arrivalMono` and `sink.arrivalWall`;
 * 2. call `frame(channel, buffer, start, end)` for each `$` frame or datagram, with one of the two numbers in `channels`;
 *    the bytes are only needed during the call, so one buffer does for all sockets;
 * 3. call `tick` with the monotonic time, over UDP at least every 100 ms or so: it hands on what has waited long enough;
 * 4. send what `receiverReport` returns every few seconds: a `$` frame over TCP, a plain RTCP packet over UDP.
 *
 * It needs no SSRC from SETUP or RTP-Info. Called for every packet: allocates nothing.
 */
export class VideoReceiver {
  /** RTP packets of the stream. */
  packets = 0;
  /** RTP packets on its channels that were not of it: another source (I1), another payload type (I2). */
  foreign = 0;
  /** The camera has said that the stream ends. */
  ended = false;

  readonly #sink: VideoSink;
  readonly #depacketizer: Depacketizer;
  readonly #announcedType: number;
  readonly #channels: PortPair;
  readonly #header = createRtpHeader();
  readonly #sequence: SequenceTracker;
  readonly #jitter: JitterEstimator;
  readonly #candidate = new SourceCandidate();
  readonly #framed: boolean;
  readonly #ssrc: number;
  readonly #report = createSenderReport();
  #payloadType: number;
  #reorder: ReorderBuffer | undefined;
  /** Losses before packets were put in order. */
  #lostBefore = 0;
  /** A packet far off in its numbering, kept until the next one shows whether the source counts anew. */
  #stray: Buffer | undefined;
  #source = -1;
  /** Of the last packet: RTP timestamp as handed on, and arrival. */
  #timestamp = 0;
  #arrival = 0;
  /** What is added to the timestamps of this source, so that they go on where those of the one before ended. */
  #shift = 0;
  /** The next packet has nothing to do with the one before. */
  #cut = false;
  #reportArrival = -1;

  constructor(options: VideoReceiverOptions) {
    const ordered = options.ordered !== false;
    this.#sink = options.sink;
    this.#depacketizer = new Depacketizer(options.codec, options.sink);
    this.#announcedType = options.payloadType;
    this.#payloadType = options.payloadType;
    this.#channels = options.channels;
    this.#sequence = new SequenceTracker({ ordered });
    this.#jitter = new JitterEstimator(options.clockRate);
    this.#ssrc = options.ssrc;
    this.#framed = ordered;
    if (!ordered) this.#startOrdering();
  }

  /** Packets that never came, or too late. */
  get packetsLost(): number {
    return this.#reorder ? this.#lostBefore + this.#reorder.lost : this.#sequence.lost;
  }

  expects(channel: number): boolean {
    return channel === this.#channels.rtp || channel === this.#channels.rtcp;
  }

  /** Content of a `$` frame, or a datagram. */
  frame(channel: number, buffer: Buffer, start: number, end: number): void {
    if (!this.expects(channel)) return;
    // By content rather than by channel (B16), but payload types 64 to 95 look like RTCP when their marker is set.
    const type = end - start > 1 ? (buffer[start + 1] as number) & 0x7f : -1;
    const isOurs = type === this.#payloadType || type === this.#announcedType;
    const onRtpChannel = channel === this.#channels.rtp;
    if (isRtcp(buffer, start, end) && !(isOurs && onRtpChannel)) this.#rtcp(buffer, start, end);
    else if (isOurs || onRtpChannel) this.#rtp(buffer, start, end);
  }

  /** To be called now and then with the time: hands on what has waited long enough for missing packets. */
  tick(now: MonoMicros): void {
    this.#reorder?.expire(now);
  }

  /** A receiver report (RFC 3550 section 6.4.2): a `$` frame for the connection, over UDP the bare packet. */
  receiverReport(nowMono: number): Buffer {
    const reception = {
      ...{ ssrc: this.#ssrc, source: this.#source, sequence: this.#sequence, jitter: this.#jitter },
      ...{ report: this.#report, reportArrival: this.#reportArrival },
    };
    return receiverReport(reception, nowMono, this.#framed ? this.#channels.rtcp : undefined);
  }

  #rtp(buffer: Buffer, start: number, end: number): void {
    const header = this.#header;
    if (!readRtpHeader(buffer, start, end, header)) return;
    if (header.payloadType === this.#announcedType) {
      if (this.#source < 0) this.#source = header.ssrc;
      if (this.#payloadType !== this.#announcedType) {
        this.#payloadType = this.#announcedType;
        this.#changeSource();
      }
    }
    if (header.payloadType !== this.#payloadType || header.ssrc !== this.#source) {
      this.#consider(buffer, start, end);
      return;
    }
    if (this.#candidate.packets.length > 0) this.#candidate.clear();
    this.#accept(buffer, start, end);
  }

  /** A packet that is not of the stream: dropped, unless it shows that the stream has become another. */
  #consider(buffer: Buffer, start: number, end: number): void {
    const header = this.#header;
    const { payloadType } = header;
    if (payloadType === this.#payloadType && header.sequence === ((this.#sequence.highest + 1) & 0xffff)) {
      // The numbering goes on: the same stream, whatever it calls itself.
      this.#source = header.ssrc;
      this.#accept(buffer, start, end);
      return;
    }
    this.foreign++;
    // A camera may send another type than it announced (I2); when the announced one has come, no other is video.
    const mayBeVideo =
      payloadType === this.#payloadType || (this.#source < 0 && payloadType >= FIRST_DYNAMIC_TYPE);
    if (!mayBeVideo || !this.#candidate.offer(header, buffer, start, end)) return;
    const packets = this.#candidate.packets.splice(0);
    this.foreign -= packets.length;
    this.#payloadType = payloadType;
    this.#changeSource();
    for (const packet of packets) {
      if (readRtpHeader(packet, 0, packet.length, header)) this.#accept(packet, 0, packet.length);
    }
  }

  #changeSource(): void {
    const isFirst = this.#source < 0;
    this.#source = this.#header.ssrc;
    if (isFirst) return;
    this.#reorder?.restart();
    this.#sequence.forget();
    this.#stray = undefined;
    this.#reportArrival = -1;
    this.#cut = true;
    this.ended = false;
  }

  #accept(buffer: Buffer, start: number, end: number): void {
    const header = this.#header;
    this.packets++;
    const verdict = this.#sequence.update(header.sequence);
    if (verdict !== 'duplicate') this.#jitter.update(header.timestamp, this.#sink.arrivalMono);
    if (this.#reorder) {
      this.#putInOrder(this.#reorder, verdict, buffer, start, end);
    } else if (verdict === 'late') {
      // Nothing overtakes on TCP: the camera itself sends out of order, and will again.
      this.#lostBefore = this.#sequence.lost + 1;
      this.#startOrdering();
    } else if (verdict !== 'duplicate' && verdict !== 'stray') {
      this.#unpack(buffer, verdict !== 'next');
    }
  }

  #putInOrder(
    reorder: ReorderBuffer,
    verdict: SequenceVerdict,
    buffer: Buffer,
    start: number,
    end: number,
  ): void {
    const { sequence } = this.#header;
    const now = this.#sink.arrivalMono;
    if (verdict === 'stray') {
      this.#stray = Buffer.from(buffer.subarray(start, end));
      return;
    }
    if (verdict === 'restart') {
      reorder.restart();
      const stray = this.#stray;
      const before = (sequence - 1) & 0xffff;
      if (stray?.readUInt16BE(2) === before) reorder.push(before, stray, 0, stray.length, now);
    }
    if (this.#stray && verdict !== 'duplicate') this.#stray = undefined;
    reorder.push(sequence, buffer, start, end, now);
  }

  #startOrdering(): void {
    const header = this.#header;
    this.#reorder = new ReorderBuffer((buffer, start, end, lost) => {
      if (readRtpHeader(buffer, start, end, header)) this.#unpack(buffer, lost);
    });
  }

  /** Hands on the packet whose header was read last. */
  #unpack(buffer: Buffer, lost: boolean): void {
    const header = this.#header;
    const arrival = this.#sink.arrivalMono;
    if (this.#cut) {
      const elapsed = Math.max(1, microsToTicks(arrival - this.#arrival));
      this.#shift = (this.#timestamp + elapsed - header.timestamp) | 0;
    }
    const timestamp = (header.timestamp + this.#shift) >>> 0;
    const isLost = lost || this.#cut;
    this.#cut = false;
    this.#timestamp = timestamp;
    this.#arrival = arrival;
    this.#depacketizer.packet(
      buffer,
      header.payloadStart,
      header.payloadEnd,
      timestamp,
      header.marker,
      isLost,
    );
  }

  #rtcp(buffer: Buffer, start: number, end: number): void {
    // Before the first packet nobody knows whose report it is (I10).
    if (this.#source < 0) return;
    if (readSenderReport(buffer, start, end, this.#report, this.#source)) {
      const { arrivalMono, senderClock } = this.#sink;
      this.#reportArrival = arrivalMono;
      const told = ntpToWallMicros(this.#report.ntpSeconds, this.#report.ntpFraction);
      if (told !== undefined) senderClock?.report(told, arrivalMono);
    }
    if (saysGoodbye(buffer, start, end, this.#source)) this.ended = true;
  }
}
