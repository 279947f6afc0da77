import { z } from 'zod';
import type { Box } from '../catalog/motion.ts';
import { VigieError } from '../errors/catalog.ts';

const RULE =
  'left, top, width and height in shares of the picture are needed, inside of it, like 0.25,0.5,0.5,0.25';

function parseRegion(text: string): Box | undefined {
  if (!/^(?:[01](?:\.\d{1,9})?|\.\d{1,9})(?:,(?:[01](?:\.\d{1,9})?|\.\d{1,9})){3}$/.test(text))
    return undefined;
  const [x = 0, y = 0, width = 0, height = 0] = text.split(',').map(Number);
  // What a browser makes of a rectangle at the edge may be a hair too large.
  const inside = width > 0 && height > 0 && x + width <= 1.000_001 && y + height <= 1.000_001;
  return inside ? { x, y, width, height } : undefined;
}

/** A part of the picture in a query. */
export const regionSchema = z
  .string({ error: RULE })
  .max(60, { error: RULE })
  .refine((text) => parseRegion(text) !== undefined, { error: RULE })
  .describe('left, top, width and height of a part of the picture, in shares of it')
  .meta({ example: '0.25,0.5,0.5,0.25' });

/** Of one that the schema has let through. */
export function regionOf(text: string): Box {
  const region = parseRegion(text);
  if (!region) throw new VigieError('VIGIE_REQUEST_INVALID', { where: 'region', problem: RULE });
  return region;
}
