import type { MessagePort } from 'node:worker_threads';
import type { LinkNews, LinkRequest, ViewingEnd } from './link-messages.ts';
import { emptyEntry, entryBytes, type MediaEntry, readEntry, writeEntry } from './media-batch.ts';

const BATCH_BYTES = 1024 * 1024;
/** Longest time that a message waits for company. */
const BATCH_MILLIS = 50;
const KEPT_BATCHES = 4;
/** Handed over and not read yet, of all cameras of a recording thread and of one: half a minute of a camera. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;
const MAX_CAMERA_UNREAD_BYTES = 16 * 1024 * 1024;

export interface LinkListener {
  /** The camera is wanted, or no longer. */
  opened(cameraNo: number): void;
  closed(cameraNo: number): void;
  /** The recording thread is gone: what it wanted is not wanted any more. */
  gone(cameraNos: readonly number[]): void;
}

/**
 * The RTMP thread's end of the line to one recording thread. Messages of all its cameras travel together, in batches
 * that are transferred and not copied. What has not been read there is bounded: a thread that does not keep up gets no
 * more, and never more memory.
 */
export class RecorderLink {
  readonly #port: MessagePort;
  readonly #listener: LinkListener;
  readonly #viewings = new Map<number, number>();
  readonly #unread = new Map<number, number>();
  readonly #spare: ArrayBuffer[] = [];
  readonly #entry: MediaEntry = emptyEntry();
  #batch: Buffer | undefined;
  #filled = 0;
  #unreadBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(port: MessagePort, listener: LinkListener) {
    this.#port = port;
    this.#listener = listener;
    port.on('message', (request: LinkRequest) => this.#take(request));
    port.on('close', () => {
      clearTimeout(this.#timer);
      const cameraNos = [...this.#viewings.keys()];
      this.#viewings.clear();
      listener.gone(cameraNos);
    });
  }

  /** Somebody waits for what this camera's encoder sends. */
  isOpen(cameraNo: number): boolean {
    return this.#viewings.has(cameraNo);
  }

  published(cameraNo: number): void {
    const viewing = this.#viewings.get(cameraNo);
    if (viewing !== undefined) this.#post({ kind: 'published', cameraNo, viewing });
  }

  /** `false`: the recording thread does not keep up, and the message is lost. */
  media(cameraNo: number, type: number, timestamp: number, data: Buffer, length: number): boolean {
    const viewing = this.#viewings.get(cameraNo);
    if (viewing === undefined) return false;
    const size = entryBytes(length);
    const unread = (this.#unread.get(cameraNo) ?? 0) + size;
    if (unread > MAX_CAMERA_UNREAD_BYTES || this.#unreadBytes + size > MAX_UNREAD_BYTES) return false;
    this.#unread.set(cameraNo, unread);
    this.#unreadBytes += size;
    if (this.#batch && this.#filled + size > this.#batch.length) this.flush();
    this.#batch ??= Buffer.from(
      size > BATCH_BYTES ? new ArrayBuffer(size) : (this.#spare.pop() ?? new ArrayBuffer(BATCH_BYTES)),
    );
    this.#entry.cameraNo = cameraNo;
    this.#entry.viewing = viewing;
    this.#entry.type = type;
    this.#entry.timestamp = timestamp;
    this.#filled = writeEntry(this.#batch, this.#filled, this.#entry, data, length);
    this.#timer ??= setTimeout(() => this.flush(), BATCH_MILLIS);
    return true;
  }

  /** Tells the end of a viewing, after everything that belongs to it. */
  ended(cameraNo: number, end: ViewingEnd): void {
    const viewing = this.#viewings.get(cameraNo);
    if (viewing === undefined) return;
    this.flush();
    this.#viewings.delete(cameraNo);
    this.#post({ kind: 'ended', cameraNo, viewing, end });
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#batch;
    if (!batch) return;
    const buffer = batch.buffer as ArrayBuffer;
    this.#post({ kind: 'media', batch: buffer, bytes: this.#filled }, [buffer]);
    this.#batch = undefined;
    this.#filled = 0;
  }

  close(): void {
    this.flush();
    this.#port.close();
  }

  #take(request: LinkRequest): void {
    switch (request.kind) {
      case 'open':
        this.#viewings.set(request.cameraNo, request.viewing);
        this.#listener.opened(request.cameraNo);
        return;
      case 'close':
        if (this.#viewings.get(request.cameraNo) !== request.viewing) return;
        this.#viewings.delete(request.cameraNo);
        this.#listener.closed(request.cameraNo);
        return;
      case 'done':
        this.#forget(Buffer.from(request.batch), request.bytes);
        if (request.batch.byteLength === BATCH_BYTES && this.#spare.length < KEPT_BATCHES) {
          this.#spare.push(request.batch);
        }
        return;
    }
  }

  /** What is in a batch has been read. */
  #forget(batch: Buffer, bytes: number): void {
    const entry = this.#entry;
    for (let at = 0; at < bytes; ) {
      const next = readEntry(batch, at, entry);
      this.#unread.set(entry.cameraNo, (this.#unread.get(entry.cameraNo) ?? 0) - (next - at));
      at = next;
    }
    this.#unreadBytes -= bytes;
  }

  #post(news: LinkNews, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(news, transfer);
  }
}
