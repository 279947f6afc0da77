import { SAMPLES_PER_FRAME } from '../../src/simulator/sound-clip.ts';
import { patchIdentity } from '../../src/simulator/frame-identity.ts';
import { isHappening, timesHappened } from './faults.ts';
import { clipAt, type FleetCamera, type FleetClip, phaseOf } from './fleet-camera.ts';
import type { FleetState } from './fleet-state.ts';
import { type FlvClip, type FlvFrame, messageHead, patchMessageTime, videoMessage } from './flv-clip.ts';
import { type PushTarget, RtmpPublisher } from './rtmp-publisher.ts';
import { MAX_LATE_MILLIS, MAX_UNREAD_BYTES, SentFrames } from './sent-frames.ts';

const SOUND_CHUNK_STREAM = 4;
const SOUND_MESSAGE = 8;
/** AAC, 44 kHz, 16 bits, stereo: what FLV says of any AAC. */
const AAC_TAG = 0xaf;

/** The media of one connection of an encoder that pushes. */
export class PushedStream {
  readonly frames: SentFrames;
  readonly #camera: FleetCamera;
  readonly #state: FleetState;
  readonly #publisher: RtmpPublisher;
  readonly #speed: number;
  readonly #offset: number;
  #clip: FleetClip;
  #began = 0;
  #soundFrame = 0;
  #publishing = false;
  over = false;

  /** @param ended the connection is gone: time to try again */
  constructor(
    camera: FleetCamera,
    state: FleetState,
    target: PushTarget,
    session: number,
    ended: () => void,
  ) {
    this.#camera = camera;
    this.#state = state;
    this.#clip = camera.clip;
    this.frames = new SentFrames(camera.path, session);
    this.#speed = 1 + state.faults.driftPpm / 1e6;
    const { gopFrames, fps } = camera.clip.rtp;
    this.#offset = state.aligned ? 0 : Math.floor(phaseOf(camera.index) * gopFrames);
    this.#publisher = new RtmpPublisher(target, () => {
      const beat = (gopFrames * 1_000) / fps;
      const now = performance.now();
      this.#began = state.aligned ? Math.ceil(now / beat) * beat : now;
      this.#publishing = true;
      this.#configure(this.#clip);
    });
    this.#publisher.socket.on('close', () => {
      this.frames.cut = true;
      this.over = true;
      ended();
    });
  }

  get pendingBytes(): number {
    return this.over ? 0 : this.#publisher.socket.writableLength;
  }

  lateness(now: number): number {
    return this.over || !this.#publishing ? 0 : Math.max(0, now - this.#dueAt());
  }

  stop(): void {
    this.#publisher.socket.destroy();
  }

  pace(now: number): void {
    if (this.over || !this.#publishing) return;
    const time = this.#state.faultMillis(now);
    const { stall } = this.#state.faults;
    if (stall && isHappening(stall, time - phaseOf(this.#camera.index) * stall.everyMillis)) return;
    while (now >= this.#dueAt()) {
      if (this.pendingBytes > MAX_UNREAD_BYTES) {
        if (now - this.#dueAt() < MAX_LATE_MILLIS) break;
        this.frames.take(this.#frame(time).key);
        this.frames.dropped++;
        continue;
      }
      this.#next(time);
    }
    this.#sendSound(now);
  }

  #dueAt(): number {
    return this.#began + (this.frames.next * 1_000) / (this.#camera.clip.rtp.fps * this.#speed);
  }

  #frame(faultMillis: number): FlvFrame {
    const { gopFrames, fps } = this.#camera.clip.rtp;
    const position = this.#offset + this.frames.next;
    if (position % gopFrames === 0) {
      const { resize } = this.#state.faults;
      const next = clipAt(this.#camera, position / fps, resize ? timesHappened(resize, faultMillis) : 0);
      if (next !== this.#clip) this.#configure(next);
      this.#clip = next;
    }
    const { frames } = this.#clip.flv as FlvClip;
    return frames[position % frames.length] as FlvFrame;
  }

  #next(faultMillis: number): void {
    const frame = this.#frame(faultMillis);
    const number = this.frames.take(frame.key);
    if (frame.held) {
      frame.bytes = Buffer.from(frame.bytes);
      frame.held = false;
    }
    const { bytes } = frame;
    patchMessageTime(bytes, Math.round((number * 1_000) / this.#camera.clip.rtp.fps));
    patchIdentity(bytes, frame.identityOffset, this.frames.session, number);
    const { socket } = this.#publisher;
    socket.write(bytes);
    if (socket.writableLength === 0) return;
    frame.held = true;
    socket.write('', () => {
      if (frame.bytes === bytes) frame.held = false;
    });
  }

  #configure(clip: FleetClip): void {
    const message = videoMessage((clip.flv as FlvClip).start);
    patchMessageTime(message, Math.round((this.frames.next * 1_000) / clip.rtp.fps));
    this.#publisher.socket.write(message);
    const { sound } = this.#camera;
    if (sound) this.#writeSound(Buffer.concat([Buffer.of(AAC_TAG, 0), sound.config]), 0);
  }

  #sendSound(now: number): void {
    const { sound } = this.#camera;
    if (!sound) return;
    const millis = (SAMPLES_PER_FRAME * 1_000) / sound.sampleRate;
    while (now >= this.#began + this.#soundFrame * millis) {
      const frame = sound.frames[this.#soundFrame % sound.frames.length] as Buffer;
      this.#writeSound(Buffer.concat([Buffer.of(AAC_TAG, 1), frame]), Math.round(this.#soundFrame * millis));
      this.#soundFrame++;
    }
  }

  #writeSound(body: Buffer, millis: number): void {
    const message = Buffer.concat([messageHead(SOUND_CHUNK_STREAM, SOUND_MESSAGE, body.length, 1), body]);
    patchMessageTime(message, millis);
    this.#publisher.socket.write(message);
  }
}
