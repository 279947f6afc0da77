import { z } from 'zod';
import { formatDuration, parseDuration, parseSize } from './units.ts';

/** @param least microseconds, as `most` */
export const duration = (least: number, most: number) =>
  z.string().refine(
    (text) => {
      const micros = parseDuration(text);
      return micros !== undefined && micros >= least && micros <= most;
    },
    { error: `a duration from ${formatDuration(least)} to ${formatDuration(most)}, as in 90s, 15m, 24h` },
  );

/** @param least bytes */
export const size = (least: number) =>
  z.string().refine((text) => (parseSize(text) ?? -1) >= least, {
    error: `a size of at least ${least / 2 ** 20}MiB, as in 512MiB, 10GiB`,
  });

/** Of footage; a segment is the least that can be kept or deleted. */
export const kept = duration(10_000_000, 3_650 * 86_400_000_000);
