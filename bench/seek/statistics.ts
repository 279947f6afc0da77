import type { Seek } from './viewer.ts';

export const STAGES = ['timeline', 'playlist', 'firstByte', 'firstFrame'] as const;
export type Stage = (typeof STAGES)[number];

/** Milliseconds from the click. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly most: number;
}

/** By nearest rank: each is a seek that really was. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Number((sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN).toFixed(1));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) };
}

export const byStage = (seeks: readonly Seek[]): Readonly<Record<Stage, Percentiles>> =>
  Object.fromEntries(STAGES.map((stage) => [stage, percentiles(seeks.map((seek) => seek[stage]))])) as Record<
    Stage,
    Percentiles
  >;
