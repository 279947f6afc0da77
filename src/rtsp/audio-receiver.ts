import type { MediaSink } from '../media/access-unit-sink.ts';
import { type AudioDepacketizer, audioDepacketizer } from './audio-depacketizer.ts';
import type { AudioMedia } from './audio-media.ts';
import type { MediaReceiver } from './media-receiver.ts';
import { ReorderBuffer } from './reorder-buffer.ts';
import { JitterEstimator } from './jitter.ts';
import { receiverReport } from './reception.ts';
import { createSenderReport, isRtcp, readSenderReport, saysGoodbye } from './rtcp.ts';
import type { MonoMicros } from '../time/units.ts';
import { createRtpHeader, readRtpHeader } from './rtp-header.ts';
import { SequenceTracker } from './sequence.ts';
import type { PortPair } from './transport.ts';

/**
 * The RTP and RTCP of the sound that comes beside a video. That it ends or never comes is no
 * reason to end anything. Called for every packet: allocates nothing.
 */
export class AudioReceiver implements MediaReceiver {
  /** RTP packets of the stream. */
  packets = 0;
  /** The camera has said that the sound ends. */
  ended = false;

  readonly #sink: MediaSink;
  readonly #depacketizer: AudioDepacketizer;
  readonly #payloadType: number;
  readonly #channels: PortPair;
  readonly #header = createRtpHeader();
  readonly #sequence: SequenceTracker;
  /** Over UDP, where packets overtake each other. */
  readonly #reorder: ReorderBuffer | undefined;
  readonly #jitter: JitterEstimator;
  readonly #ssrc: number;
  readonly #report = createSenderReport();
  #source = -1;
  #reportArrival = -1;

  /** Tells the sink what sound to expect. */
  constructor(options: {
    readonly audio: AudioMedia;
    readonly sink: MediaSink;
    readonly channels: PortPair;
    /** Ours, for receiver reports. */
    readonly ssrc: number;
    /** False over UDP. */
    readonly ordered: boolean;
  }) {
    const { audio, sink } = options;
    this.#sink = sink;
    this.#depacketizer = audioDepacketizer(audio, sink);
    this.#sequence = new SequenceTracker({ ordered: options.ordered });
    this.#reorder = options.ordered ? undefined : new ReorderBuffer(this.#deliver.bind(this));
    this.#payloadType = audio.payload.pt;
    this.#channels = options.channels;
    this.#jitter = new JitterEstimator(audio.payload.clockRate);
    this.#ssrc = options.ssrc;
    sink.beginAudio(audio.config);
  }

  get packetsLost(): number {
    return this.#reorder?.lost ?? this.#sequence.lost;
  }

  /** Packets and frames that made no sense. */
  get damaged(): number {
    return this.#depacketizer.damaged;
  }

  expects(channel: number): boolean {
    return channel === this.#channels.rtp || channel === this.#channels.rtcp;
  }

  /** Hands on what has waited long enough for missing packets. */
  tick(now: MonoMicros): void {
    this.#reorder?.expire(now);
  }

  /** Content of a `$` frame, or a datagram. */
  frame(channel: number, buffer: Buffer, start: number, end: number): void {
    if (channel === this.#channels.rtp && !isRtcp(buffer, start, end)) this.#rtp(buffer, start, end);
    else if (this.expects(channel)) this.#rtcp(buffer, start, end);
  }

  /** A receiver report (RFC 3550 section 6.4.2): a `$` frame for the connection, over UDP the bare packet. */
  receiverReport(nowMono: number): Buffer {
    const reception = {
      ...{ ssrc: this.#ssrc, source: this.#source, sequence: this.#sequence, jitter: this.#jitter },
      ...{ report: this.#report, reportArrival: this.#reportArrival },
    };
    return receiverReport(reception, nowMono, this.#reorder ? undefined : this.#channels.rtcp);
  }

  #rtp(buffer: Buffer, start: number, end: number): void {
    const header = this.#header;
    // Comfort noise (RFC 3389) and tones come under types of their own, and are no sound.
    if (!readRtpHeader(buffer, start, end, header) || header.payloadType !== this.#payloadType) return;
    this.#source = header.ssrc;
    this.packets++;
    const verdict = this.#sequence.update(header.sequence);
    if (verdict === 'duplicate' || verdict === 'stray') return;
    this.#jitter.update(header.timestamp, this.#sink.arrivalMono);
    if (this.#reorder) {
      if (verdict === 'restart') this.#reorder.restart();
      this.#reorder.push(header.sequence, buffer, start, end, this.#sink.arrivalMono);
      return;
    }
    if (verdict === 'late') return;
    this.#unpack(buffer, verdict === 'next' ? 0 : verdict === 'gap' ? this.#sequence.missing : -1);
  }

  /** In its turn, after waiting. */
  #deliver(buffer: Buffer, start: number, end: number, lost: boolean): void {
    if (readRtpHeader(buffer, start, end, this.#header)) this.#unpack(buffer, lost ? -1 : 0);
  }

  /** Hands on the packet whose header was read last. */
  #unpack(buffer: Buffer, missing: number): void {
    const header = this.#header;
    this.#depacketizer.packet(
      buffer,
      header.payloadStart,
      header.payloadEnd,
      header.timestamp,
      header.marker,
      missing,
    );
  }

  #rtcp(buffer: Buffer, start: number, end: number): void {
    if (readSenderReport(buffer, start, end, this.#report, this.#source < 0 ? undefined : this.#source)) {
      this.#reportArrival = this.#sink.arrivalMono;
    }
    if (this.#source >= 0 && saysGoodbye(buffer, start, end, this.#source)) this.ended = true;
  }
}
