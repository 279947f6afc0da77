import type { FrameIdentity } from '../../src/simulator/frame-identity.ts';
import { isSubPath } from '../fleet/fleet-options.ts';
import type { FleetLedger, SentSession } from '../fleet/sent-frames.ts';
import type { ReadSegment } from './segment-check.ts';
import { SessionCheck } from './session-check.ts';

/** The verdict of the files of a run, over all cameras. */
export interface RunFindings {
  /** Frames that can be on disk: sent whole, from the first key frame of a connection on. */
  readonly expected: number;
  readonly found: number;
  readonly missing: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  /** Places where the end of a file or fragment is not the beginning of the next one of the same run. */
  readonly holes: number;
  /** Connections beyond the first of each camera. */
  readonly reconnections: number;
  /** Files that cannot be read. */
  readonly unreadable: number;
  /** A few sentences that name what is wrong and where. */
  readonly examples: readonly string[];
}

const MAX_EXAMPLES = 8;

interface CameraState {
  readonly sessions: Map<number, SessionCheck>;
  runStart: number;
  endTicks: number;
}

/** Compares what the fleet says that it sent with what is found in the files of each camera, in their order. */
export class RunCheck {
  readonly #cameras = new Map<string, CameraState>();
  readonly #examples: string[] = [];
  readonly #tail: number;
  #holes = 0;
  #unreadable = 0;

  /** @param tail frames of a broken connection that may have been on their way */
  constructor(tail: number) {
    this.#tail = tail;
  }

  told(ledger: FleetLedger): void {
    for (const session of ledger.sessions) {
      // Small streams are looked at, not recorded; and a try to connect that came to nothing sent nothing.
      if (!isSubPath(session.camera) && session.sent > 0) this.#sessionOf(session).told(session);
    }
  }

  frames(camera: string, frames: readonly FrameIdentity[]): void {
    const { sessions } = this.#camera(camera);
    for (const { session, frame } of frames) {
      const check = sessions.get(session);
      if (check) check.take(frame);
      else this.#example(`${camera}: a frame of connection ${session} is recorded that never was`);
    }
  }

  segment(camera: string, segment: ReadSegment): void {
    this.frames(camera, segment.frames);
    const state = this.#camera(camera);
    this.#holes += segment.holes;
    if (state.runStart === segment.runStart && state.endTicks !== segment.startTicks) {
      this.#holes++;
      this.#example(
        `${camera}: a file begins ${segment.startTicks - state.endTicks} ticks after the one before it`,
      );
    }
    if (segment.holes > 0)
      this.#example(`${camera}: ${segment.holes} fragments do not follow the one before`);
    state.runStart = segment.runStart;
    state.endTicks = segment.endTicks;
  }

  unreadable(path: string, problem: string): void {
    this.#unreadable++;
    this.#example(problem.includes(path) ? problem : `${path}: ${problem}`);
  }

  finish(): RunFindings {
    const total = { expected: 0, found: 0, missing: 0, doubled: 0, outOfOrder: 0, reconnections: 0 };
    for (const [camera, { sessions }] of this.#cameras) {
      total.reconnections += Math.max(0, sessions.size - 1);
      for (const [session, check] of sessions) {
        const findings = check.finish(this.#tail);
        total.expected += findings.expected;
        total.found += findings.found;
        total.missing += findings.missing;
        total.doubled += findings.doubled;
        total.outOfOrder += findings.outOfOrder;
        if (findings.firstBad < 0) continue;
        const { missing, doubled, outOfOrder, firstBad } = findings;
        const counts = [
          [missing, 'missing'],
          [doubled, 'doubled'],
          [outOfOrder, 'out of order'],
        ] as const;
        const what = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
        this.#example(`${camera}, connection ${session}: ${what.join(', ')}; the first is frame ${firstBad}`);
      }
    }
    return { ...total, holes: this.#holes, unreadable: this.#unreadable, examples: this.#examples };
  }

  #camera(camera: string): CameraState {
    const known = this.#cameras.get(camera);
    if (known) return known;
    const state: CameraState = { sessions: new Map(), runStart: -1, endTicks: -1 };
    this.#cameras.set(camera, state);
    return state;
  }

  #sessionOf({ camera, session }: SentSession): SessionCheck {
    const { sessions } = this.#camera(camera);
    const known = sessions.get(session);
    if (known) return known;
    const check = new SessionCheck();
    sessions.set(session, check);
    return check;
  }

  #example(text: string): void {
    if (this.#examples.length < MAX_EXAMPLES) this.#examples.push(text);
  }
}
