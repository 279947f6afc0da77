import { PLAIN, withWords } from '../load/condition.ts';
import { bytesPerSecond } from '../load/load.ts';
import { type BenchReport, basisOf } from './bench-report.ts';
import type { Capacity } from './capacity.ts';
import type { Comparison, Cost } from './comparison.ts';
import { isSame } from './contender.ts';
import { CITY_CAMERAS } from './scaling.ts';
import { bytes, megabits, megabytes, percent } from './words.ts';

/** More than what a system does by itself. */
const DISTURBED_CORES = 0.2;

/** What all of it says, in sentences; the first is the one to remember. */
export function conclusion(report: BenchReport): readonly string[] {
  const { capacities, comparisons, costs, runs } = report;
  const ours = capacities.filter(({ who }) => who === 'vigie');
  const said = ours.flatMap((capacity, index) =>
    index === 0
      ? [first(capacity, report), ...bound(capacity, report)]
      : [[further(capacity), ...bound(capacity, report)].join(' ')],
  );
  said.push(...city(report));
  said.push(...costs.map((cost) => costly(cost, report)));
  said.push(...capacities.filter(({ who }) => who !== 'vigie').map(further));
  said.push(...comparisons.map(compared));
  const disturbed = Math.max(0, ...runs.map(({ measured }) => measured.machine.othersCpu));
  if (disturbed > DISTURBED_CORES)
    said.push(
      `Other programs took up to ${disturbed.toFixed(1)} cores meanwhile: on a quiet machine it carries more.`,
    );
  return [...said, ...report.notes];
}

function first(capacity: Capacity, { load, machine }: BenchReport): string {
  const { largest, condition } = capacity;
  const { width, height, bitrateBps } = load.fleet.encoding;
  const each = `${width}×${height}, ${megabits(bitrateBps)}`;
  const start = withWords(condition);
  return capital(
    largest === undefined
      ? `${start} no count of cameras (${each}) held the objective on this machine.`
      : `${start} this machine of ${machine.cores} cores recorded ${largest} cameras (${each}) with every frame on disk, ${more(capacity)}.`,
  );
}

function further(capacity: Capacity): string {
  const { who, largest, condition } = capacity;
  // The name of another program is written as it is called.
  const name = who === 'vigie' ? capital(`${withWords(condition)} it`) : who;
  return largest === undefined
    ? `${name} held the objective with no count of cameras.`
    : `${name} recorded ${largest} cameras, ${more(capacity)}.`;
}

const more = ({ smallestTooMuch }: Capacity): string =>
  smallestTooMuch === undefined ? 'and more were not tried' : `and ${smallestTooMuch} were too much`;

/** What there was least left of: where it did not hold, or else where it was closest to that. */
function bound(capacity: Capacity, { runs, failures }: BenchReport): readonly string[] {
  const { largest, smallestTooMuch } = capacity;
  const own = runs.filter(({ measured: { who }, condition }) => isSame(capacity, { who, condition }));
  const tooMuch = own.find(({ measured, verdict }) => measured.cameras === smallestTooMuch && !verdict.held);
  if (tooMuch) return [`What bound it at ${tooMuch.measured.cameras}: ${tooMuch.verdict.bound.name}.`];
  const failure = failures.find((one) => isSame(one, capacity) && one.cameras === smallestTooMuch);
  if (failure) return [`What happened at ${failure.cameras}: ${failure.problem}`];
  const last = own.findLast(({ measured }) => measured.cameras === largest);
  if (!last) return [];
  const { name, share } = last.verdict.bound;
  return [`Closest to its end at ${largest}: ${name} (${percent(share, 0)} in use).`];
}

function city({ city: needs, conditions }: BenchReport): readonly string[] {
  if (!needs) return [];
  return [
    `${CITY_CAMERAS} cameras${withWords(basisOf(conditions)?.name ?? PLAIN.name)} need ${needs.cores.toFixed(2)} cores, ` +
      `${bytes(needs.memoryBytes)} of memory, ${bytes(needs.bytesPerSecond)}/s to disk and ` +
      `${bytes(needs.bytesPerDay)} a day${needs.measured ? '' : ', reckoned from what was measured'}.`,
  ];
}

function costly(cost: Cost, { load }: BenchReport): string {
  const { condition, cameras, cpu, plainCpu, memoryBytes, storedBytesPerSecond } = cost;
  const sent = bytesPerSecond({ ...load, cameras, store: undefined });
  const stored =
    storedBytesPerSecond > 0
      ? `, while ${bytes(storedBytesPerSecond)}/s of ${bytes(sent)}/s went to the store`
      : '';
  return capital(
    `${withWords(condition)} ${cameras} cameras take ${cores(cpu - plainCpu)} and ${memory(memoryBytes)} ` +
      `than without: ${cpu.toFixed(2)} instead of ${plainCpu.toFixed(2)} cores${stored}.`,
  );
}

/** What is less than what a run differs from the next is less, not an error. */
const cores = (count: number): string =>
  `${Math.abs(count).toFixed(2)} ${Math.abs(count) < 1 ? 'of a core' : 'cores'} ${count < 0 ? 'less' : 'more'}`;
const memory = (count: number): string => `${megabytes(Math.abs(count))} ${count < 0 ? 'less' : 'more'}`;

function compared({ who, condition, cameras, cpuTimes, memoryTimes, missing }: Comparison): string {
  const lost = missing > 0 ? `, and lost ${missing} frames` : '';
  const of = condition === PLAIN.name ? '' : ` of vigie${withWords(condition)}`;
  return `${who} took ${cpuTimes.toFixed(1)} times the processor and ${memoryTimes.toFixed(1)} times the memory${of} for ${cameras} cameras${lost}.`;
}

function capital(sentence: string): string {
  const text = sentence.trimStart();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
