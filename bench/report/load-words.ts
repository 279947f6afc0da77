import type { Machine } from '../load/machine.ts';
import type { BenchReport } from './bench-report.ts';
import { bytes, megabits } from './words.ts';

/** What figures are of, in a line. */
export const machineWords = ({ processor, cores, memoryBytes, kernel, node }: Machine): string =>
  `${processor}, ${cores} cores, ${bytes(memoryBytes)} · Linux ${kernel}, Node ${node}`;

/** What the cameras sent, and what our server did with it. */
export function loadWords({ load, conditions }: BenchReport): string {
  const { encoding, aligned, profile, sound, faults } = load.fleet;
  return [
    `${encoding.width}×${encoding.height} ${encoding.codec} at ${encoding.fps} a second, ${megabits(encoding.bitrateBps)}`,
    `a key frame every ${encoding.gopFrames / encoding.fps} s${aligned ? ', of all cameras at once' : ''}`,
    `${profile} by ${load.transport}`,
    ...(sound ? ['with sound'] : []),
    ...motionWords(conditions),
    ...(conditions.some(({ stored }) => stored) ? [`S3 is ${load.store}`] : []),
    ...(load.viewers + load.seeks > 0 ? [`${load.viewers} viewers, ${load.seeks} seeks a second`] : []),
    ...(faults === '' ? [] : [`faults: ${faults}`]),
    `measured for ${load.seconds} s, ${load.settleSeconds} s after everything was recorded`,
  ].join(' · ');
}

function motionWords(conditions: BenchReport['conditions']): readonly string[] {
  const kinds = new Set(conditions.map(({ motion }) => motion));
  if (kinds.size === 1 && kinds.has('off')) return ['without motion detection'];
  return [
    ...(kinds.has('key-frames') ? ['motion is looked for in key frames'] : []),
    ...(kinds.has('sub-stream') ? ['motion is looked for in sub-streams'] : []),
  ];
}
