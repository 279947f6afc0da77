import type { MonoMicros } from '../time/units.ts';

/**
 * The RTP and RTCP of one media of a session, whatever it carries. It sees channels of `$` frames; over UDP the two
 * sockets of the media pass for two channels.
 */
export interface MediaReceiver {
  /** RTP packets of the media. */
  readonly packets: number;
  readonly packetsLost: number;
  /** The camera has said that the media ends. */
  readonly ended: boolean;
  expects(channel: number): boolean;
  /** Content of a `$` frame or of a datagram; only valid during the call. */
  frame(channel: number, buffer: Buffer, start: number, end: number): void;
  /** To be called a few times a second: hands on what has waited long enough for missing packets. */
  tick?(now: MonoMicros): void;
  /** A `$` frame or a bare RTCP packet; `undefined` when this media reports nothing. */
  receiverReport(now: MonoMicros): Buffer | undefined;
}

/** Takes what a camera sends of a media that is set up only because it insists (F16), and forgets it. */
export class UnusedMedia implements MediaReceiver {
  readonly packets = 0;
  readonly packetsLost = 0;
  readonly ended = false;
  readonly #channels: { readonly rtp: number; readonly rtcp: number };

  constructor(channels: { readonly rtp: number; readonly rtcp: number }) {
    this.#channels = channels;
  }

  /** So that its frames are known for such when the stream has to be found again (B5). */
  expects(channel: number): boolean {
    return channel === this.#channels.rtp || channel === this.#channels.rtcp;
  }

  frame(): void {}

  receiverReport(): undefined {
    return undefined;
  }
}
