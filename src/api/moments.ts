import { z } from 'zod';
import { VigieError } from '../errors/catalog.ts';
import { formatIso, parseIso } from '../time/iso.ts';
import type { WallMicros } from '../time/units.ts';

const ALLOWED = 'an ISO 8601 moment with an offset is needed, like 2026-11-23T17:00:00.000000Z';

/** A moment in a query. Stays text in the schema, so that OpenAPI shows what is to be sent. */
export const momentSchema = z
  .string({ error: ALLOWED })
  .max(40, { error: ALLOWED })
  .refine((text) => parseIso(text) !== undefined, { error: ALLOWED })
  .meta({ format: 'date-time', example: '2026-11-23T17:00:00.000000Z' });

export const rangeSchema = z.object({
  from: momentSchema.describe('start, included'),
  to: momentSchema.describe('end, not included'),
});

/** Of a moment that the schema has let through. */
export function momentOf(text: string): WallMicros {
  const at = parseIso(text);
  if (at === undefined)
    throw new VigieError('VIGIE_REQUEST_INVALID', { where: `"${text}"`, problem: ALLOWED });
  return at;
}

/** @throws {VigieError} VIGIE_RANGE_INVALID, VIGIE_RANGE_TOO_LONG */
export function rangeOf(
  query: { readonly from: string; readonly to: string },
  limitHours: number,
): { readonly from: WallMicros; readonly to: WallMicros } {
  const from = momentOf(query.from);
  const to = momentOf(query.to);
  if (to <= from) throw new VigieError('VIGIE_RANGE_INVALID', { from: formatIso(from), to: formatIso(to) });
  if (to - from > limitHours * 3_600_000_000) {
    const got = `${((to - from) / 3_600_000_000).toFixed(2)} h`;
    throw new VigieError('VIGIE_RANGE_TOO_LONG', { limit: `${limitHours} h`, got });
  }
  return { from, to };
}
