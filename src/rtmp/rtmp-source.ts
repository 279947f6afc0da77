import type { MediaSink } from '../media/access-unit-sink.ts';
import { AudioTag } from './audio-tag.ts';
import { AudioTrack } from './audio-track.ts';
import type { ViewingEnd } from './link-messages.ts';
import type { MediaEntry } from './media-batch.ts';
import { MESSAGE } from './message.ts';
import type { MediaReceiver, RtmpInbox } from './rtmp-inbox.ts';
import { VideoTag } from './video-tag.ts';
import { VideoTrack } from './video-track.ts';

export interface RtmpSourceOptions {
  readonly inbox: RtmpInbox;
  readonly cameraNo: number;
  /** Where the camera's encoder is to push, without the key. */
  readonly address: string;
  /** How long an encoder is waited for before it is said that there is none. */
  readonly timeoutMillis: number;
  readonly sink: MediaSink;
  readonly onBytes: (bytes: number) => void;
  readonly onEnd: (end: ViewingEnd) => void;
}

/** One viewing of a camera that is pushed: waits until its encoder publishes, and writes what it sends to the sink. */
export class RtmpSource implements MediaReceiver {
  /** RTMP comes over TCP: what is lost is lost with the connection. */
  readonly packetsLost = 0;
  /** It says nothing of the camera's clock. */
  readonly clockOffsetMicros = null;

  readonly #options: RtmpSourceOptions;
  readonly #video: VideoTrack;
  readonly #audio: AudioTrack;
  readonly #videoTag = new VideoTag();
  readonly #audioTag = new AudioTag();
  #resolve: ((failure: ViewingEnd | undefined) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #playing = false;
  #stopped = false;

  constructor(options: RtmpSourceOptions) {
    this.#options = options;
    this.#video = new VideoTrack(options.sink);
    this.#audio = new AudioTrack(options.sink);
  }

  play(): Promise<ViewingEnd | undefined> {
    const { inbox, cameraNo, address, timeoutMillis } = this.#options;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#timer = setTimeout(
        () => this.ended({ kind: 'failure', cause: 'offline', reason: `no encoder publishes to ${address}` }),
        timeoutMillis,
      );
      inbox.open(cameraNo, this);
    });
  }

  tick(): void {}

  stop(): void {
    this.#stopped = true;
    this.#options.inbox.close(this.#options.cameraNo, this);
    this.#settle({ kind: 'failure', cause: 'offline', reason: 'stopped by us' });
  }

  published(): void {
    this.#playing = true;
    this.#settle(undefined);
  }

  media(entry: MediaEntry, batch: Buffer): void {
    if (this.#stopped) return;
    this.#options.onBytes(entry.end - entry.start);
    if (entry.type === MESSAGE.video) this.#takeVideo(entry, batch);
    else this.#takeAudio(entry, batch);
  }

  ended(end: ViewingEnd): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#options.inbox.close(this.#options.cameraNo, this);
    if (this.#playing) this.#options.onEnd(end);
    else this.#settle(end);
  }

  #takeVideo(entry: MediaEntry, batch: Buffer): void {
    const tag = this.#videoTag;
    switch (tag.read(batch, entry.start, entry.end)) {
      case 'config':
        this.#video.config(tag, batch);
        return;
      case 'frame':
        this.#video.frame(tag, batch, entry.timestamp);
        return;
      case 'unsupported':
        this.ended({
          kind: 'failure',
          cause: 'protocol',
          reason: `the encoder sends ${tag.codecName}, and only H.264 and H.265 are recorded`,
        });
        return;
      case 'broken':
        this.#options.sink.abandonAccessUnit();
        return;
      case 'other':
        return;
    }
  }

  #takeAudio(entry: MediaEntry, batch: Buffer): void {
    const tag = this.#audioTag;
    const kind = tag.read(batch, entry.start, entry.end);
    if (kind === 'config') this.#audio.config(tag, batch, entry.end);
    else if (kind === 'frame') this.#audio.frame(tag, batch, entry.end, entry.timestamp);
  }

  #settle(failure: ViewingEnd | undefined): void {
    clearTimeout(this.#timer);
    this.#resolve?.(failure);
    this.#resolve = undefined;
  }
}
