import type { MessagePort } from 'node:worker_threads';
import type { LinkNews, LinkRequest, ViewingEnd } from './link-messages.ts';
import { emptyEntry, type MediaEntry, readEntry } from './media-batch.ts';

/** Who wants what one camera's encoder sends. */
export interface MediaReceiver {
  /** An encoder publishes; what it sends follows. */
  published(): void;
  /** One message: `entry` and its bytes in `batch` are valid during the call. */
  media(entry: MediaEntry, batch: Buffer): void;
  /** Nothing more comes. */
  ended(end: ViewingEnd): void;
}

interface Viewing {
  readonly number: number;
  readonly receiver: MediaReceiver;
  published: boolean;
}

const SERVER_DOWN: ViewingEnd = {
  kind: 'failure',
  cause: 'offline',
  reason: 'the RTMP server is being started again',
};

/** A recording thread's end of the line to the RTMP thread. There may be none for a while: viewings wait. */
export class RtmpInbox {
  readonly #viewings = new Map<number, Viewing>();
  readonly #entry: MediaEntry = emptyEntry();
  #port: MessagePort | undefined;
  #number = 0;

  /** The RTMP thread was started, or started again. */
  connect(port: MessagePort): void {
    this.#port?.close();
    this.#port = port;
    port.on('message', (news: LinkNews) => this.#take(port, news));
    port.on('close', () => this.#lost(port));
    for (const [cameraNo, viewing] of this.#viewings) {
      this.#send({ kind: 'open', cameraNo, viewing: viewing.number });
    }
  }

  open(cameraNo: number, receiver: MediaReceiver): void {
    this.#number = (this.#number + 1) >>> 0;
    this.#viewings.set(cameraNo, { number: this.#number, receiver, published: false });
    this.#send({ kind: 'open', cameraNo, viewing: this.#number });
  }

  close(cameraNo: number, receiver: MediaReceiver): void {
    const viewing = this.#viewings.get(cameraNo);
    if (viewing?.receiver !== receiver) return;
    this.#viewings.delete(cameraNo);
    this.#send({ kind: 'close', cameraNo, viewing: viewing.number });
  }

  /** The thread ends: so does the line. */
  disconnect(): void {
    this.#port?.close();
    this.#port = undefined;
  }

  #take(port: MessagePort, news: LinkNews): void {
    if (news.kind === 'media') {
      this.#read(Buffer.from(news.batch), news.bytes);
      port.postMessage({ kind: 'done', batch: news.batch, bytes: news.bytes } satisfies LinkRequest, [
        news.batch,
      ]);
      return;
    }
    const viewing = this.#viewings.get(news.cameraNo);
    if (viewing?.number !== news.viewing) return;
    if (news.kind === 'published') {
      viewing.published = true;
      viewing.receiver.published();
    } else {
      this.#viewings.delete(news.cameraNo);
      viewing.receiver.ended(news.end);
    }
  }

  #read(batch: Buffer, bytes: number): void {
    const entry = this.#entry;
    for (let at = 0; at < bytes; ) {
      at = readEntry(batch, at, entry);
      const viewing = this.#viewings.get(entry.cameraNo);
      if (viewing?.number === entry.viewing) viewing.receiver.media(entry, batch);
    }
  }

  /** The RTMP thread ended. Who waits for an encoder goes on waiting. */
  #lost(port: MessagePort): void {
    if (this.#port !== port) return;
    this.#port = undefined;
    for (const [cameraNo, viewing] of this.#viewings) {
      if (!viewing.published) continue;
      this.#viewings.delete(cameraNo);
      viewing.receiver.ended(SERVER_DOWN);
    }
  }

  #send(request: LinkRequest): void {
    this.#port?.postMessage(request);
  }
}
