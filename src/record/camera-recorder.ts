import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { GapCause } from '../catalog/catalog.ts';
import { segmentKey } from '../catalog/segment-id.ts';
import type { Fragment, FragmentSink } from '../ingest/fragment.ts';
import type { AudioConfig } from '../media/audio-config.ts';
import type { FragmentEntry } from '../media/fragment-index.ts';
import { fragmentHead } from '../media/mp4/fragment-writer.ts';
import { buildInitSegment } from '../media/mp4/init-segment.ts';
import { buildSegmentIdentity } from '../media/mp4/segment-identity.ts';
import { joinCodecs } from '../media/parameter-sets.ts';
import type { VideoConfig } from '../media/video-config.ts';
import type { Clock } from '../time/clock.ts';
import { mediaTicks, type MonoMicros, type WallMicros } from '../time/units.ts';
import type { RecorderEvent } from './recorder-event.ts';
import { nextBoundary } from './segment-boundary.ts';
import { SegmentFile } from './segment-file.ts';
import { soundIn } from './segment-sound.ts';
import type { StagingBuffers } from './staging-buffers.ts';

/** A camera without key frames would never come to the end of a segment: then it is cut where it is. */
const LONGEST_SEGMENTS = 5;
const FIRST_RETRY_MICROS = 1_000_000;
const LONGEST_RETRY_MICROS = 30_000_000;

export interface RecorderOptions {
  readonly camera: { readonly cameraNo: number; readonly id: string };
  readonly storageRoot: string;
  /** For writing past the file cache; one for all cameras of a thread. */
  readonly staging: StagingBuffers | undefined;
  readonly segmentMicros: number;
  /** Longest time between two syncs of a file that is written to. */
  readonly syncMicros: number;
  readonly clock: Clock;
  readonly emit: (event: RecorderEvent) => void;
  /** One write took so long. */
  readonly onWrite: (micros: number) => void;
  /** Recording of this camera has to pause. */
  readonly onProblem: (cause: GapCause, error: unknown) => void;
}

type Job =
  | { readonly kind: 'fragment'; readonly fragment: Fragment }
  | { readonly kind: 'ended'; readonly at: WallMicros; readonly cause: GapCause }
  | { readonly kind: 'missing'; readonly from: WallMicros; readonly cause: GapCause };

/**
 * Writes the fragments of one camera into its segments, one write a fragment, in order. What it cannot write becomes
 * a gap with its cause, and the camera is tried again, for ever; it throws nothing.
 *
 * The queue in front of it is bounded by the memory that fragments hold: the budget of the thread's `SlabPool`.
 */
export class CameraRecorder implements FragmentSink {
  recordedTicks = 0;
  blocked: string | undefined;

  readonly #options: RecorderOptions;
  readonly #queue: Job[] = [];
  #working = false;
  #idle: (() => void)[] = [];

  #open: OpenSegment | undefined;
  /** The run that goes on; `undefined` when the next fragment begins one. */
  #run: { readonly start: WallMicros; readonly baseTicks: number } | undefined;
  /** Where the last fragment that was written ends. */
  #end: WallMicros | undefined;
  #gap: GapCause | undefined;
  #retryAt = 0 as MonoMicros;
  #retryMicros = FIRST_RETRY_MICROS;
  #config: VideoConfig | undefined;
  #audio: AudioConfig | undefined;
  #init: Uint8Array = new Uint8Array(0);

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  fragment(fragment: Fragment): void {
    this.#push({ kind: 'fragment', fragment });
  }

  runEnded(at: WallMicros, cause: GapCause): void {
    this.#push({ kind: 'ended', at, cause });
  }

  missing(from: WallMicros, cause: GapCause): void {
    this.#push({ kind: 'missing', from, cause });
  }

  /** Resolves when everything that was handed over is on disk, or has become a gap. */
  async drained(): Promise<void> {
    if (this.#working) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #push(job: Job): void {
    this.#queue.push(job);
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) {
      switch (job.kind) {
        case 'fragment':
          await this.#record(job.fragment);
          job.fragment.data.release();
          break;
        case 'ended':
          await this.#close();
          this.#openGap(this.#run && this.#end !== undefined ? this.#end : job.at, job.cause);
          this.#run = undefined;
          break;
        case 'missing':
          this.#openGap(job.from, job.cause);
          break;
      }
    }
    this.#working = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #record(fragment: Fragment): Promise<void> {
    if (this.blocked !== undefined && (this.#options.clock.mono() < this.#retryAt || !fragment.key)) return;
    if (this.#open && this.#isDue(this.#open, fragment)) await this.#close();
    if (fragment.startsRun) this.#run = undefined;
    try {
      if (this.#open) await this.#append(this.#open, fragment);
      else await this.#begin(fragment);
    } catch (error) {
      await this.#block(fragment, error);
      return;
    }
    if (this.blocked !== undefined) {
      this.blocked = undefined;
      this.#retryMicros = FIRST_RETRY_MICROS;
    }
  }

  /** The segment ends before this fragment. */
  #isDue(open: OpenSegment, fragment: Fragment): boolean {
    if (fragment.startsRun || fragment.config !== open.config || fragment.audio !== open.audio) return true;
    if (fragment.key) return fragment.wallStart >= open.boundary;
    return fragment.wallStart - open.start >= LONGEST_SEGMENTS * this.#options.segmentMicros;
  }

  async #begin(fragment: Fragment): Promise<void> {
    const { camera, storageRoot, staging, segmentMicros, emit } = this.#options;
    const start = fragment.wallStart;
    const run = this.#run ?? { start, baseTicks: fragment.data.startTicks };
    if (fragment.config !== this.#config || fragment.audio !== this.#audio) {
      this.#config = fragment.config;
      this.#audio = fragment.audio;
      this.#init = buildInitSegment(fragment.config, fragment.audio);
    }
    const identity = buildSegmentIdentity({
      cameraNo: camera.cameraNo,
      cameraId: camera.id,
      start,
      runStart: run.start,
    });
    const file = await SegmentFile.create(
      join(storageRoot, segmentKey(camera.id, camera.cameraNo, start)),
      staging,
    );
    const headBytes = this.#init.length + identity.length;
    const open: OpenSegment = {
      file,
      start,
      config: fragment.config,
      audio: fragment.audio,
      boundary: nextBoundary(camera.cameraNo, start, segmentMicros),
      fragments: 0,
      syncedAt: this.#options.clock.mono(),
    };
    const mediaStart = mediaTicks(fragment.data.startTicks - run.baseTicks);
    let entry: FragmentEntry;
    try {
      entry = await this.#write(open, fragment, run.baseTicks, [this.#init, identity]);
    } catch (error) {
      // There is no row yet, so nothing may stay.
      await file.close().catch(() => undefined);
      await unlink(file.path).catch(() => undefined);
      throw error;
    }
    this.#open = open;
    this.#run = run;
    const { width, height } = fragment.config;
    const codecs = joinCodecs(fragment.config.codecs, fragment.audio?.codecs);
    emit({
      kind: 'opened',
      cameraNo: camera.cameraNo,
      start,
      runStart: run.start,
      mediaStart,
      headBytes,
      init: { bytes: this.#init, codecs, width, height },
      fragment: { ...entry, bytes: entry.bytes - headBytes },
      end: fragment.wallEnd,
    });
    if (start === run.start) {
      this.#gap = undefined;
      emit({ kind: 'gap-closed', cameraNo: camera.cameraNo, to: start });
    }
  }

  async #append(open: OpenSegment, fragment: Fragment): Promise<void> {
    const entry = await this.#write(open, fragment, this.#run?.baseTicks ?? 0, []);
    this.#options.emit({
      kind: 'fragment',
      cameraNo: this.#options.camera.cameraNo,
      fragment: entry,
      end: fragment.wallEnd,
    });
    const now = this.#options.clock.mono();
    if (now - open.syncedAt >= this.#options.syncMicros) {
      await open.file.sync();
      open.syncedAt = now;
    }
  }

  /** One write: what stands before the fragment, its head, its samples where they lie. */
  async #write(
    open: OpenSegment,
    fragment: Fragment,
    baseTicks: number,
    before: readonly Uint8Array[],
  ): Promise<FragmentEntry> {
    const { clock, onWrite } = this.#options;
    const { data } = fragment;
    const sound = data.sound && soundIn(data.sound, baseTicks);
    const head = fragmentHead({
      sequence: open.fragments + 1,
      mediaStart: mediaTicks(data.startTicks - baseTicks),
      wallStart: fragment.wallStart,
      samples: data.samples,
      payloadBytes: data.payloadBytes,
      sound: sound?.track,
    });
    const from = open.file.bytes;
    const began = clock.mono();
    await open.file.append([...before, head, ...data.slices, ...(sound?.slices ?? [])]);
    onWrite(clock.mono() - began);
    open.fragments++;
    this.#end = fragment.wallEnd;
    this.recordedTicks += data.endTicks - data.startTicks;
    return {
      bytes: open.file.bytes - from,
      durationTicks: data.endTicks - data.startTicks,
      samples: data.samples.count,
      key: fragment.key,
    };
  }

  /** Ends the open segment in order, if there is one. */
  async #close(): Promise<void> {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    const { cameraNo } = this.#options.camera;
    try {
      this.#options.emit({ kind: 'closed', cameraNo, sha256: await open.file.close() });
    } catch (error) {
      this.#options.onProblem(causeOf(error), error);
      this.#options.emit({ kind: 'broken', cameraNo });
    }
  }

  /** The disk does not take it: keep what is whole, and wait. */
  async #block(fragment: Fragment, error: unknown): Promise<void> {
    const { camera, clock, emit, onProblem } = this.#options;
    const cause = causeOf(error);
    const open = this.#open;
    if (open) {
      this.#open = undefined;
      try {
        emit({ kind: 'closed', cameraNo: camera.cameraNo, sha256: await open.file.close() });
      } catch {
        emit({ kind: 'broken', cameraNo: camera.cameraNo });
      }
    }
    const from = this.#run && this.#end !== undefined ? this.#end : fragment.wallStart;
    this.#run = undefined;
    this.#openGap(from, cause);
    if (this.blocked === undefined) onProblem(cause, error);
    this.blocked = problemText(cause, error);
    this.#retryAt = (clock.mono() + this.#retryMicros) as MonoMicros;
    this.#retryMicros = Math.min(LONGEST_RETRY_MICROS, this.#retryMicros * 2);
  }

  #openGap(from: WallMicros, cause: GapCause): void {
    if (this.#gap === cause) return;
    this.#gap = cause;
    this.#options.emit({ kind: 'gap-opened', cameraNo: this.#options.camera.cameraNo, from, cause });
  }
}

interface OpenSegment {
  readonly file: SegmentFile;
  readonly start: WallMicros;
  readonly config: VideoConfig;
  readonly audio: AudioConfig | undefined;
  /** It ends at the first key frame from here on. */
  readonly boundary: number;
  fragments: number;
  syncedAt: MonoMicros;
}

function causeOf(error: unknown): GapCause {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' ? 'disk-full' : 'io-error';
}

function problemText(cause: GapCause, error: unknown): string {
  if (cause === 'disk-full') return 'The disk is full: nothing of this camera can be recorded.';
  return `The disk takes nothing of this camera: ${(error as Error).message}.`;
}
