import { randomInt } from 'node:crypto';
import { wallMicrosToNtp } from '../../src/rtsp/ntp.ts';
import type { MediaPath } from '../../src/simulator/media-path.ts';
import { ownBytes, type PacketizedFrame, patchFrame } from '../../src/simulator/packetizer.ts';
import type { PlayedStream, StreamOptions } from '../../src/simulator/played-stream.ts';
import type { SessionStats } from '../../src/simulator/simulated-camera.ts';
import { systemClock } from '../../src/time/clock.ts';
import { MEDIA_TICKS_PER_SECOND, type WallMicros, wallMicros } from '../../src/time/units.ts';
import { isHappening, timesHappened } from './faults.ts';
import { clipAt, type FleetCamera, type FleetClip, phaseOf } from './fleet-camera.ts';
import type { FleetState } from './fleet-state.ts';
import { MAX_LATE_MILLIS, MAX_UNREAD_BYTES, SentFrames } from './sent-frames.ts';
import { SoundStream } from './sound-stream.ts';

const REPORT_MILLIS = 5_000;
const REPORT_BYTES = 28;
/** A slow camera's frame leaves in so many pieces, spread over the time until the next one. */
const TRICKLE_PIECES = 4;

/** A frame of a slow camera that is still being sent: a copy of its own. */
interface Trickle {
  readonly frame: PacketizedFrame;
  readonly due: number;
  piece: number;
}

/**
 * The media of one camera of the fleet on their way to one client: from a place of its own in the group of pictures,
 * with whatever the faults of the run do to it. Nothing but a fault leaves a frame out: what the client does not read
 * in time waits, as it would in a camera.
 */
export class FleetStream implements PlayedStream {
  readonly firstSequence = randomInt(2, 2 ** 16);
  readonly firstTimestamp = randomInt(1, 2 ** 32);
  readonly frames: SentFrames;

  readonly #camera: FleetCamera;
  readonly #state: FleetState;
  readonly #path: MediaPath;
  readonly #client: { readonly channel: number; readonly ssrc: number; readonly session: number };
  readonly #sound: SoundStream | undefined;
  readonly #began: number;
  readonly #speed: number;
  readonly #gopFrames: number;
  readonly #fps: number;
  /** Frames of the clip before the first one that is sent. */
  readonly #offset: number;
  #clip: FleetClip;
  #sequence = this.firstSequence;
  #packets = 0;
  #bytes = 0;
  #reportAt: number;
  #trickle: Trickle | undefined;
  #over = false;

  constructor(camera: FleetCamera, state: FleetState, options: StreamOptions) {
    this.#camera = camera;
    this.#state = state;
    this.#path = options.path;
    const ssrc = randomInt(1, 2 ** 32);
    this.#client = { channel: options.channel, ssrc, session: options.session };
    this.frames = new SentFrames(camera.path, options.session);
    this.#clip = camera.clip;
    this.#fps = camera.clip.rtp.fps;
    this.#gopFrames = camera.clip.rtp.gopFrames;
    this.#offset = state.aligned ? 0 : Math.floor(phaseOf(camera.index) * this.#gopFrames);
    this.#began = options.began;
    this.#reportAt = options.began;
    this.#speed = 1 + state.faults.driftPpm / 1e6;
    this.#sound =
      camera.sound && options.sound && new SoundStream(camera.sound, options.sound, options.began);
  }

  get stats(): SessionStats {
    return {
      ...{ path: this.#camera.path, session: this.#client.session, framesSent: this.frames.next },
      ...{ framesDropped: this.frames.dropped, bytes: this.#bytes, playing: !this.#over },
    };
  }

  get over(): boolean {
    return this.#over;
  }

  get pendingBytes(): number {
    return this.#over ? 0 : this.#path.pendingBytes;
  }

  /** How late the next frame is, ms; 0 when it is not due yet. */
  lateness(now: number): number {
    return this.#over ? 0 : Math.max(0, now - this.#dueAt());
  }

  stop(): void {
    if (!this.#over) this.frames.cut = true;
    this.#over = true;
  }

  /** Nothing more is going to be sent: what has begun goes out whole. */
  finish(): void {
    if (this.#trickle && !this.#over) this.#goOn(this.#trickle, Number.POSITIVE_INFINITY);
  }

  /** Allocates nothing but what the socket needs, a slow or lossy camera aside. */
  pace(now: number): void {
    if (this.#over) return;
    const { faults } = this.#state;
    const time = this.#state.faultMillis(now);
    const { stall } = faults;
    if (stall && isHappening(stall, time - phaseOf(this.#camera.index) * stall.everyMillis)) return;
    if (this.#trickle) this.#goOn(this.#trickle, now);
    while (now >= this.#dueAt() && !this.#trickle) {
      if (this.#path.pendingBytes > MAX_UNREAD_BYTES) {
        if (now - this.#dueAt() < MAX_LATE_MILLIS) break;
        this.frames.take(this.#frame(time).key);
        this.frames.dropped++;
        continue;
      }
      this.#next(time);
    }
    this.#sound?.pace(now);
    if (now >= this.#reportAt) {
      this.#reportAt = now + REPORT_MILLIS;
      this.#path.report(this.#senderReport(now, time));
    }
  }

  #dueAt(): number {
    return this.#began + (this.frames.next * 1_000) / (this.#fps * this.#speed);
  }

  /** The next one. Another clip begins where a group of pictures does. */
  #frame(faultMillis: number): PacketizedFrame {
    const position = this.#offset + this.frames.next;
    if (position % this.#gopFrames === 0) {
      const { resize } = this.#state.faults;
      const seconds = position / this.#fps;
      this.#clip = clipAt(this.#camera, seconds, resize ? timesHappened(resize, faultMillis) : 0);
    }
    const { frames } = this.#clip.rtp;
    return frames[position % frames.length] as PacketizedFrame;
  }

  #next(faultMillis: number): void {
    const due = this.#dueAt();
    const frame = this.#frame(faultMillis);
    const number = this.frames.take(frame.key);
    const ticks = Math.round((number * MEDIA_TICKS_PER_SECOND) / this.#fps);
    ownBytes(frame);
    patchFrame(frame, this.#client, this.#sequence, (this.firstTimestamp + ticks) >>> 0, number);
    this.#sequence = (this.#sequence + frame.packetOffsets.length) & 0xffff;
    this.#packets += frame.packetOffsets.length;
    const { bytes } = frame;
    this.#bytes += bytes.length;
    if (this.#camera.slow) {
      this.#trickle = { frame: { ...frame, bytes: Buffer.from(bytes) }, due, piece: 0 };
    } else if (this.#state.faults.lossShare > 0 && faultMillis >= 0) {
      this.#sendWithLoss(frame, number);
    } else {
      frame.held = true;
      this.#path.frame(frame, () => {
        if (frame.bytes === bytes) frame.held = false;
      });
    }
  }

  #sendWithLoss(frame: PacketizedFrame, number: number): void {
    const { lossShare } = this.#state.faults;
    let whole = true;
    for (let i = 0; i < frame.packetOffsets.length; i++) {
      if (Math.random() < lossShare) whole = false;
      else this.#path.packet(frame, i);
    }
    if (!whole) this.frames.broke(number);
  }

  #goOn(trickle: Trickle, now: number): void {
    const { frame, due } = trickle;
    const packets = frame.packetOffsets.length;
    const share = (now - due) / (1_000 / this.#fps);
    const until = Math.min(TRICKLE_PIECES, 1 + Math.floor(share * TRICKLE_PIECES));
    const from = Math.floor((trickle.piece * packets) / TRICKLE_PIECES);
    const to = Math.floor((until * packets) / TRICKLE_PIECES);
    for (let i = from; i < to; i++) this.#path.packet(frame, i);
    trickle.piece = until;
    if (until === TRICKLE_PIECES) this.#trickle = undefined;
  }

  /** RFC 3550 section 6.4.1: by the camera's own wall clock, which may drift and be set. */
  #senderReport(now: number, faultMillis: number): Buffer {
    const { step, driftPpm } = this.#state.faults;
    const elapsedMillis = Math.max(0, now - this.#began);
    const ahead =
      (elapsedMillis * driftPpm) / 1e6 + (step ? timesHappened(step, faultMillis) * step.millis : 0);
    const wall: WallMicros = wallMicros(systemClock.wall() + Math.round(ahead * 1_000));
    const { seconds, fraction } = wallMicrosToNtp(wall);
    const ticks = Math.round((elapsedMillis * this.#speed * MEDIA_TICKS_PER_SECOND) / 1_000);
    const report = Buffer.alloc(REPORT_BYTES);
    report[0] = 0x80;
    report[1] = 200;
    report.writeUInt16BE(REPORT_BYTES / 4 - 1, 2);
    report.writeUInt32BE(this.#client.ssrc, 4);
    report.writeUInt32BE(seconds, 8);
    report.writeUInt32BE(fraction, 12);
    report.writeUInt32BE((this.firstTimestamp + ticks) % 2 ** 32, 16);
    report.writeUInt32BE(this.#packets % 2 ** 32, 20);
    report.writeUInt32BE(this.#bytes % 2 ** 32, 24);
    return report;
  }
}
