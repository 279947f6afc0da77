import { availableParallelism } from 'node:os';
import type { Measured } from '../load/measured.ts';

/** What a recorder has to hold under a load, beside losing nothing. */
export interface Limits {
  /** 99th percentile of a write to the disk, seconds. */
  readonly writeSeconds: number;
  /** 99th percentile of how late a thread comes to what is due, in the middle one of the windows, seconds. */
  readonly loopSeconds: number;
  /** What may wait in sockets at the end, in seconds of video. */
  readonly behindSeconds: number;
  /** Connections may end: the run has faults that break them. */
  readonly breaksAllowed: boolean;
}

export const DEFAULT_LIMITS: Limits = {
  ...{ writeSeconds: 0.1, loopSeconds: 0.1, behindSeconds: 1, breaksAllowed: false },
};

export interface Verdict {
  readonly held: boolean;
  /** A frame is missing, doubled or out of order, or there is a gap: the worst that can be said. */
  readonly lost: boolean;
  /** Sentences; none when it held. */
  readonly problems: readonly string[];
  /** What there was least left of. */
  readonly bound: Bound;
}

/** A resource, and how much of it was in use: 1 is all of it. */
export interface Bound {
  readonly name: string;
  readonly share: number;
}

/** The fleet's own time: when it cannot keep it, the run says nothing about the recorder. */
const FLEET_LATE_MILLIS = 200;
const FLEET_ROUND_MILLIS = 1_000;
/** It looks at its cameras once a second. */
const GAP_SECONDS = 1;

export function judge(measured: Measured, limits: Limits): Verdict {
  const problems = [...frameProblems(measured, limits), ...timeProblems(measured, limits)];
  const { findings, died } = measured;
  const lost =
    findings.missing + findings.doubled + findings.outOfOrder + findings.holes + findings.unreadable > 0 ||
    died !== undefined;
  return { held: problems.length === 0, lost, problems, bound: boundOf(measured, limits) };
}

function frameProblems({ findings, told, died }: Measured, limits: Limits): string[] {
  const { expected, missing, doubled, outOfOrder, holes, unreadable, reconnections } = findings;
  const problems: string[] = [];
  if (died !== undefined) problems.push(died);
  if (expected === 0) problems.push('no frame can be expected: the cameras sent none that could be recorded');
  if (missing > 0) problems.push(`${frames(missing)} missing of ${expected}`);
  if (doubled > 0) problems.push(`${frames(doubled)} recorded twice`);
  if (outOfOrder > 0) problems.push(`${frames(outOfOrder)} out of order`);
  if (holes > 0) problems.push(`${holes} times a recording does not go on where it ended: a gap`);
  if (unreadable > 0) problems.push(`${unreadable} files cannot be read`);
  if (limits.breaksAllowed) return problems;
  if (reconnections > 0) problems.push(`the recorder connected anew ${reconnections} times`);
  if (told && told.gapSeconds > GAP_SECONDS)
    problems.push(`the server itself counts ${told.gapSeconds.toFixed(1)} s in which it did not record`);
  return problems;
}

function timeProblems({ told, behindSeconds }: Measured, limits: Limits): string[] {
  const problems: string[] = [];
  if (behindSeconds > limits.behindSeconds)
    problems.push(`it is ${behindSeconds.toFixed(1)} s of video behind the cameras`);
  const write = told?.write.p99 ?? 0;
  if (write > limits.writeSeconds)
    problems.push(
      `the slowest hundredth of the writes takes ${millis(write)} or more: ${millis(limits.writeSeconds)} is allowed`,
    );
  const { usual = 0, thread = '' } = told?.loopDelay ?? {};
  if (usual > limits.loopSeconds)
    problems.push(
      `thread ${thread} comes ${millis(usual)} too late to what is due: ${millis(limits.loopSeconds)} is allowed`,
    );
  return problems;
}

/** The resource of which the largest share was in use. */
function boundOf(measured: Measured, limits: Limits): Bound {
  const { machine, parts, told, fleet } = measured;
  const others = machine.othersCpu / availableParallelism();
  const whose =
    others > machine.busy / 2
      ? 'most of it taken by other programs on this machine'
      : "the cameras' share included";
  const candidates: Bound[] = [
    {
      name: `the processor: all ${availableParallelism()} cores, ${whose}`,
      share: machine.busy,
    },
    { name: 'the disk', share: Math.min(1, machine.diskBusy) },
    { name: 'what the disk takes for a write', share: (told?.write.p99 ?? 0) / limits.writeSeconds },
  ];
  const busiest = parts.find(({ name }) => !name.endsWith('(child)'));
  if (busiest)
    candidates.push({ name: `thread ${busiest.name}: one core`, share: busiest.user + busiest.system });
  if (fleet.lateMillis > FLEET_LATE_MILLIS || fleet.longestRoundMillis > FLEET_ROUND_MILLIS)
    candidates.push({ name: 'the cameras of this bench, which could not send in time', share: 1 });
  return candidates.toSorted((a, b) => b.share - a.share)[0] as Bound;
}

const frames = (count: number): string => (count === 1 ? '1 frame is' : `${count} frames are`);
const millis = (seconds: number): string => `${Math.round(seconds * 1_000)} ms`;
