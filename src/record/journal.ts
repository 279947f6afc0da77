import type { Catalog, CatalogWrite, GapCause, GapRow } from '../catalog/catalog.ts';
import type { OpenSegments, SegmentView } from '../catalog/segment-view.ts';
import type { FragmentEntry } from '../media/fragment-index.ts';
import type { WallMicros } from '../time/units.ts';
import type { RecorderEvent } from './recorder-event.ts';

/** Events are committed together at most this often: one transaction for all cameras. */
const COMMIT_MILLIS = 200;
const RETRY_MILLIS = 1_000;
/** Events that may wait for a catalog that takes nothing: about a day of 217 cameras' fragments. */
const MAX_WAITING = 4_000_000;

interface LiveSegment {
  readonly view: Omit<SegmentView, 'fragments' | 'bytes' | 'durationTicks' | 'end'>;
  readonly fragments: FragmentEntry[];
  bytes: number;
  durationTicks: number;
  end: WallMicros;
}

/** Of an open gap. */
export interface Missing {
  readonly cause: GapCause;
  readonly from: WallMicros;
}

/**
 * Turns what the recording threads report into rows, in group commits, and shows what is not in the catalog yet: a
 * segment is in the live view until the commit that closes it is done, so that a reader never finds it in neither.
 *
 * A catalog that refuses (its disk is full, too) is asked again until it takes everything: recording goes on
 * meanwhile. What could not be kept for it is found by recovery at the next start, as its file is there.
 */
export class RecordingJournal implements OpenSegments {
  /** Why the catalog takes nothing; `undefined` when it does. */
  problem: string | undefined;

  readonly #catalog: Catalog;
  readonly #onProblem: (error: unknown) => void;
  /** By camera: the segments that are not yet closed in the catalog, oldest first. */
  readonly #live = new Map<number, LiveSegment[]>();
  readonly #missing = new Map<number, Missing>();
  readonly #events: RecorderEvent[] = [];
  #writes: CatalogWrite[] = [];
  /** Closed in `#writes`, to leave the live view once they are committed. */
  #closing: LiveSegment[] = [];
  #broken: { readonly cameraNo: number; readonly start: WallMicros }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #committing: Promise<void> | undefined;

  constructor(options: { readonly catalog: Catalog; readonly onProblem: (error: unknown) => void }) {
    this.#catalog = options.catalog;
    this.#onProblem = options.onProblem;
  }

  of(cameraNo: number): readonly SegmentView[] {
    return (this.#live.get(cameraNo) ?? []).map((segment) => ({
      ...segment.view,
      bytes: segment.bytes,
      durationTicks: segment.durationTicks,
      end: segment.end,
      // A copy: the reader may take its time, and the segment grows on.
      fragments: segment.fragments.slice(),
    }));
  }

  push(events: readonly RecorderEvent[]): void {
    if (this.#events.length + this.#writes.length > MAX_WAITING) return;
    for (const event of events) {
      this.#events.push(event);
      if (event.kind === 'gap-opened') this.#missing.set(event.cameraNo, event);
      else if (event.kind === 'gap-closed') this.#missing.delete(event.cameraNo);
    }
    this.#timer ??= setTimeout(() => void this.flush(), COMMIT_MILLIS);
  }

  /** Why nothing of the camera is recorded now, and since when; `undefined` when something is. */
  missing(cameraNo: number): Missing | undefined {
    return this.#missing.get(cameraNo);
  }

  /** Gaps that are open in the catalog already. */
  seedGaps(gaps: readonly GapRow[]): void {
    for (const gap of gaps) this.#missing.set(gap.cameraNo, gap);
  }

  /** Segments whose files were left as after a crash since the last call: to be walked and settled. */
  takeBroken(): readonly { readonly cameraNo: number; readonly start: WallMicros }[] {
    return this.#broken.splice(0);
  }

  /** A recording thread is gone: what it had open is as after a crash, and no longer shown. */
  abandon(cameraNos: ReadonlySet<number>): void {
    for (const cameraNo of cameraNos) this.#live.delete(cameraNo);
  }

  /** Resolves when everything pushed so far is committed, or has failed once: then it is tried again by itself. */
  async flush(): Promise<void> {
    while (this.#committing) await this.#committing;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#committing = this.#commit();
    await this.#committing;
    this.#committing = undefined;
  }

  async #commit(): Promise<void> {
    let taken = 0;
    try {
      for (let event = this.#events[0]; event; event = this.#events[taken]) {
        await this.#take(event);
        taken++;
      }
      const closing = this.#closing;
      if (this.#writes.length > 0) await this.#catalog.apply(this.#writes);
      this.#writes = [];
      this.#closing = [];
      for (const segment of closing) this.#forget(segment);
      this.problem = undefined;
    } catch (error) {
      if (this.problem === undefined) this.#onProblem(error);
      this.problem = `The catalog takes nothing: ${(error as Error).message}`;
      this.#timer ??= setTimeout(() => void this.flush(), RETRY_MILLIS);
    } finally {
      this.#events.splice(0, taken);
    }
  }

  async #take(event: RecorderEvent): Promise<void> {
    const { cameraNo } = event;
    switch (event.kind) {
      case 'opened': {
        const initNo = await this.#catalog.putInit(event.init);
        const { start, runStart, mediaStart, headBytes } = event;
        this.#writes.push({
          kind: 'segment-opened',
          cameraNo,
          start,
          runStart,
          mediaStart,
          headBytes,
          initNo,
        });
        const live: LiveSegment = {
          view: { cameraNo, start, runStart, mediaStart, headBytes, initNo, sha256: null, open: true },
          fragments: [event.fragment],
          bytes: headBytes + event.fragment.bytes,
          durationTicks: event.fragment.durationTicks,
          end: event.end,
        };
        const segments = this.#live.get(cameraNo);
        if (segments) segments.push(live);
        else this.#live.set(cameraNo, [live]);
        return;
      }
      case 'fragment': {
        const live = this.#live.get(cameraNo)?.at(-1);
        if (!live) return;
        live.fragments.push(event.fragment);
        live.bytes += event.fragment.bytes;
        live.durationTicks += event.fragment.durationTicks;
        live.end = event.end;
        return;
      }
      case 'closed': {
        const live = this.#live.get(cameraNo)?.at(-1);
        if (!live) return;
        const { end, durationTicks, bytes, fragments } = live;
        const { start } = live.view;
        const { sha256 } = event;
        this.#writes.push({
          ...{ kind: 'segment-closed', cameraNo, start, end, durationTicks, bytes, sha256 },
          ...{ recovered: false, fragments },
        });
        this.#closing.push(live);
        return;
      }
      case 'broken': {
        const live = this.#live.get(cameraNo)?.at(-1);
        if (!live) return;
        this.#broken.push({ cameraNo, start: live.view.start });
        this.#closing.push(live);
        return;
      }
      case 'gap-opened':
      case 'gap-closed':
        this.#writes.push(event);
    }
  }

  #forget(segment: LiveSegment): void {
    const { cameraNo } = segment.view;
    const rest = (this.#live.get(cameraNo) ?? []).filter((live) => live !== segment);
    if (rest.length === 0) this.#live.delete(cameraNo);
    else this.#live.set(cameraNo, rest);
  }
}
