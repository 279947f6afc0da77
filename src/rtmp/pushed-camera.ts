import type { MonoMicros } from '../time/units.ts';
import { AudioTag } from './audio-tag.ts';
import type { ViewingEnd } from './link-messages.ts';
import { MESSAGE } from './message.ts';
import type { RecorderLink } from './recorder-link.ts';
import type { Session } from './session.ts';
import { digestKey, type KeyDigest } from './stream-key.ts';
import { VideoTag } from './video-tag.ts';

/** A configuration is a few hundred bytes; a longer one is passed on and not kept. */
const MAX_KEPT_BYTES = 16 * 1024;

/**
 * One camera that is pushed: who publishes it, and who records it. Either may come first, and go and come back. What its
 * publisher sends while nobody records waits in the socket.
 */
export class PushedCamera {
  readonly cameraNo: number;
  readonly id: string;
  readonly digest: KeyDigest;
  /** Who publishes, or waits to. */
  session: Session | undefined;
  /** When the last frame came, or the publisher did. */
  mediaAt = 0 as MonoMicros;
  /** Since when a publisher waits for the recorder. */
  waitingSince = 0 as MonoMicros;
  /** Messages that the recording thread could not take. */
  dropped = 0;

  readonly #videoTag = new VideoTag();
  readonly #audioTag = new AudioTag();
  #link: RecorderLink | undefined;
  /** The last configurations, for a recorder that comes later. */
  #videoConfig: Buffer | undefined;
  #codec: 'h264' | 'h265' | undefined;
  #audioConfig: Buffer | undefined;

  constructor(camera: { readonly cameraNo: number; readonly id: string; readonly key: string }) {
    this.cameraNo = camera.cameraNo;
    this.id = camera.id;
    this.digest = digestKey(camera.key);
  }

  get recorded(): boolean {
    return this.#link?.isOpen(this.cameraNo) === true;
  }

  /** A recorder wants it. */
  attach(link: RecorderLink): void {
    this.#link = link;
    if (!this.session) return;
    this.tellPublished();
    this.session.accept();
  }

  /** That recorder does not want it any more. */
  detach(link: RecorderLink, now: MonoMicros): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#hold(now);
  }

  publish(session: Session, now: MonoMicros): void {
    this.session = session;
    this.mediaAt = now;
    this.waitingSince = now;
    this.#codec = undefined;
    this.#videoConfig = undefined;
    this.#audioConfig = undefined;
    if (this.recorded) this.tellPublished();
  }

  unpublish(end: ViewingEnd): void {
    this.session = undefined;
    this.#link?.ended(this.cameraNo, end);
  }

  tellPublished(): void {
    this.#link?.published(this.cameraNo);
    const { cameraNo } = this;
    const video = this.#videoConfig;
    const audio = this.#audioConfig;
    if (video) this.#link?.media(cameraNo, MESSAGE.video, 0, video, video.length);
    if (audio) this.#link?.media(cameraNo, MESSAGE.audio, 0, audio, audio.length);
  }

  /** One message of its publisher. */
  media(type: number, timestamp: number, data: Buffer, length: number, now: MonoMicros): void {
    this.mediaAt = now;
    if (length <= MAX_KEPT_BYTES && this.#keepConfig(type, data, length)) {
      // The next viewing begins with the configuration that was kept, and with the frames that follow it.
      this.#end({ kind: 'failure', cause: 'offline', reason: 'the encoder changed to another codec' }, now);
      return;
    }
    if (this.#link?.media(this.cameraNo, type, timestamp, data, length)) return;
    this.dropped++;
    const reason = 'frames came faster than the recording thread took them';
    this.#end({ kind: 'failure', cause: 'overload', reason }, now);
  }

  /** Ends the viewing and not the publishing: what comes waits for the next one. */
  #end(end: ViewingEnd, now: MonoMicros): void {
    this.#link?.ended(this.cameraNo, end);
    this.#hold(now);
  }

  #hold(now: MonoMicros): void {
    if (!this.session) return;
    this.waitingSince = now;
    this.session.pause();
  }

  /** True: it is one of another codec than before. */
  #keepConfig(type: number, data: Buffer, length: number): boolean {
    if (type === MESSAGE.video) {
      const tag = this.#videoTag;
      if (tag.read(data, 0, length) !== 'config') return false;
      this.#videoConfig = Buffer.from(data.subarray(0, length));
      const before = this.#codec;
      this.#codec = tag.codec;
      return before !== undefined && before !== tag.codec;
    }
    if (this.#audioTag.read(data, 0, length) === 'config') {
      this.#audioConfig = Buffer.from(data.subarray(0, length));
    }
    return false;
  }
}
