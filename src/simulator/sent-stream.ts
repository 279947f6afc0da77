import { randomInt } from 'node:crypto';
import { wallMicrosToNtp } from '../rtsp/ntp.ts';
import { systemClock } from '../time/clock.ts';
import { MEDIA_TICKS_PER_SECOND } from '../time/units.ts';
import type { Clip } from './clip.ts';
import type { MediaPath } from './media-path.ts';
import { ownBytes, type PacketizedFrame, patchFrame } from './packetizer.ts';
import type { PlayedStream, StreamOptions } from './played-stream.ts';
import type { SessionStats, SimulatedCamera } from './simulated-camera.ts';

/** A client that leaves this much unread misses frames, as it would with a camera. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
const REPORT_MILLIS = 5_000;
const REPORT_BYTES = 28;
const GARBAGE_BYTES = 512 * 1024;

/** The frames of one camera on their way to one client, at the pace of the clip. */
export class SentStream implements PlayedStream {
  readonly ssrc = randomInt(1, 2 ** 32);
  readonly firstSequence = randomInt(2, 2 ** 16);
  readonly firstTimestamp = randomInt(1, 2 ** 32);

  readonly #camera: SimulatedCamera;
  readonly #path: MediaPath;
  readonly #client: { readonly channel: number; readonly ssrc: number; readonly session: number };
  #clip: Clip;
  /** Frame of the session at which the clip began. */
  #clipStart = 0;
  #began: number;
  #frame = 0;
  #sequence = this.firstSequence;
  #packets = 0;
  #framesSent = 0;
  #framesDropped = 0;
  #bytes = 0;
  #reportAt: number;
  #over = false;
  #silent = false;

  constructor(options: StreamOptions) {
    this.#camera = options.camera;
    this.#clip = options.camera.clip;
    this.#path = options.path;
    this.#client = { channel: options.channel, ssrc: this.ssrc, session: options.session };
    this.#began = options.began;
    this.#reportAt = options.began;
  }

  get stats(): SessionStats {
    return {
      path: this.#camera.path,
      session: this.#client.session,
      framesSent: this.#framesSent,
      framesDropped: this.#framesDropped,
      bytes: this.#bytes,
      playing: !this.#over,
    };
  }

  get over(): boolean {
    return this.#over;
  }

  stop(): void {
    this.#over = true;
  }

  /** Allocates nothing but what the socket needs. */
  pace(now: number): void {
    while (!this.#over && !this.#silent && now >= this.#dueAt()) this.#next();
    if (now >= this.#reportAt && !this.#over && !this.#silent) {
      this.#reportAt = now + REPORT_MILLIS;
      this.#path.report(this.#senderReport());
    }
  }

  #dueAt(): number {
    return this.#began + (this.#frame * 1000) / this.#clip.fps;
  }

  #next(): void {
    const { faults } = this.#camera;
    const number = this.#frame++;
    if (faults?.stopAfterFrames === number) {
      this.#silent = true;
      return;
    }
    if (faults?.garbageAfterFrames === number) {
      this.#silent = true;
      // No byte of it may look like a frame of a channel that is in use.
      this.#path.noise(Buffer.alloc(GARBAGE_BYTES, 0xa5));
      return;
    }
    this.#maySwitch(number);
    const index = (number - this.#clipStart) % this.#clip.frames.length;
    const frame = this.#clip.frames[index] as PacketizedFrame;
    if (faults?.noKeyFrames && frame.key) return;
    if (this.#path.pendingBytes > MAX_UNREAD_BYTES) {
      this.#framesDropped++;
      return;
    }
    ownBytes(frame);
    patchFrame(frame, this.#client, this.#sequence, this.#timestampOf(number, index), number);
    this.#sequence = (this.#sequence + frame.packetOffsets.length) & 0xffff;
    this.#write(frame, number);
  }

  #write(frame: PacketizedFrame, number: number): void {
    const { faults } = this.#camera;
    const { bytes } = frame;
    if (faults?.cutAfterFrames === number) {
      this.#over = true;
      this.#path.cut(frame);
      return;
    }
    this.#bytes += bytes.length;
    if (faults?.loseEvery) {
      this.#writeWithLoss(frame, faults.loseEvery);
      return;
    }
    this.#packets += frame.packetOffsets.length;
    this.#framesSent++;
    frame.held = true;
    this.#path.frame(frame, () => {
      if (frame.bytes === bytes) frame.held = false;
    });
  }

  #writeWithLoss(frame: PacketizedFrame, every: number): void {
    let whole = true;
    for (let i = 0; i < frame.packetOffsets.length; i++) {
      if (++this.#packets % every === 0) whole = false;
      else this.#path.packet(frame, i);
    }
    if (whole) this.#framesSent++;
  }

  #maySwitch(number: number): void {
    const change = this.#camera.faults?.switchTo;
    if (!change || number < change.atFrame || this.#clip === change.clip) return;
    const index = (number - this.#clipStart) % this.#clip.frames.length;
    if (!this.#clip.frames[index]?.key) return;
    this.#clip = change.clip;
    this.#clipStart = number;
  }

  #timestampOf(number: number, index: number): number {
    const { faults } = this.#camera;
    const frames = number - index + (this.#clip.presentation[index] as number);
    const ticks = (frames * MEDIA_TICKS_PER_SECOND) / this.#clip.fps;
    const jumped = faults?.jump && number >= faults.jump.atFrame ? faults.jump.ticks : 0;
    const drifted = ticks * (1 + (faults?.driftPpm ?? 0) / 1e6);
    return (this.firstTimestamp + Math.round(drifted) + jumped) >>> 0;
  }

  /** RFC 3550 section 6.4.1. */
  #senderReport(): Buffer {
    const report = Buffer.alloc(REPORT_BYTES);
    const { seconds, fraction } = wallMicrosToNtp(systemClock.wall());
    const frames = Math.max(0, ((performance.now() - this.#began) * this.#clip.fps) / 1000);
    report[0] = 0x80;
    report[1] = 200;
    report.writeUInt16BE(REPORT_BYTES / 4 - 1, 2);
    report.writeUInt32BE(this.ssrc, 4);
    report.writeUInt32BE(seconds, 8);
    report.writeUInt32BE(fraction, 12);
    const ticks = Math.round((frames * MEDIA_TICKS_PER_SECOND) / this.#clip.fps);
    report.writeUInt32BE((this.firstTimestamp + ticks) % 2 ** 32, 16);
    report.writeUInt32BE(this.#packets % 2 ** 32, 20);
    report.writeUInt32BE(this.#bytes % 2 ** 32, 24);
    return report;
  }
}
