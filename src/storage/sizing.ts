import type { Prices } from '../config/config.ts';

/** What a recorder has to carry. */
export interface Load {
  readonly cameras: number;
  readonly bitrateBps: number;
  readonly segmentSeconds: number;
  readonly fragmentSeconds: number;
  /** How long footage is kept in the mean, and of that on the machine itself. */
  readonly days: number;
  readonly localDays: number;
  readonly hasStore: boolean;
}

/** What the bench has found on a machine: the largest count of cameras that lost nothing. */
export interface BenchResult {
  readonly cameras: number;
  readonly bitrateBps: number;
  /** Share of one core. */
  readonly cpu: number;
  readonly residentBytes: number;
}

export interface Sizing {
  readonly bytesPerSecond: number;
  readonly bytesPerDay: number;
  /** At full retention. */
  readonly localBytes: number;
  readonly storeBytes: number;
  readonly segments: number;
  readonly objects: number;
  readonly putsPerSecond: number;
  readonly writesPerSecond: number;
  readonly catalogBytes: number;
  /** Of recording alone, as the bench measured it; `null` without a result. */
  readonly cores: number | null;
  readonly memoryBytes: number | null;
  /** A month at full retention; `null` without prices. */
  readonly storeCost: number | null;
}

const DAY_SECONDS = 86_400;
const MONTH_DAYS = 30.44;
/** A row with its index of fragments, as measured over a catalog of 9.4 million: and what its indexes take. */
const CATALOG_ROW_BYTES = 420;
/** What a process takes before its first camera, of what the bench found. */
const BASE_BYTES = 230e6;

/** Plain arithmetic, so that a table of it can be checked by hand. */
export function sizeFor(load: Load, bench: BenchResult | undefined, prices: Prices | undefined): Sizing {
  const { cameras, bitrateBps, days, hasStore } = load;
  const bytesPerSecond = (cameras * bitrateBps) / 8;
  const bytesPerDay = bytesPerSecond * DAY_SECONDS;
  const localDays = hasStore ? Math.min(load.localDays, days) : days;
  const segments = Math.ceil((cameras * days * DAY_SECONDS) / load.segmentSeconds);
  const putsPerSecond = hasStore ? cameras / load.segmentSeconds : 0;
  const storeBytes = hasStore ? bytesPerDay * days : 0;
  return {
    bytesPerSecond,
    bytesPerDay,
    localBytes: bytesPerDay * localDays,
    storeBytes,
    segments,
    objects: hasStore ? segments : 0,
    putsPerSecond,
    writesPerSecond: cameras / load.fragmentSeconds,
    catalogBytes: segments * CATALOG_ROW_BYTES,
    // Bytes are what costs: a camera of twice the rate counts as two.
    cores: bench ? (bench.cpu / (bench.cameras * bench.bitrateBps)) * cameras * bitrateBps : null,
    memoryBytes: bench
      ? BASE_BYTES +
        (Math.max(0, bench.residentBytes - BASE_BYTES) / (bench.cameras * bench.bitrateBps)) *
          cameras *
          bitrateBps
      : null,
    storeCost:
      prices && hasStore
        ? (storeBytes / 1e9) * prices.gigabyteMonth +
          ((putsPerSecond * DAY_SECONDS * MONTH_DAYS) / 1_000) * prices.thousandPuts
        : null,
  };
}
