import { z } from 'zod';
import { VigieError } from '../errors/catalog.ts';
import { formatIso } from '../time/iso.ts';
import type { ApiApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { errorSchema, type LogLevelJson, logLevelSchema } from './schemas.ts';

const DEFAULT_SECONDS = 900;
const LONGEST_SECONDS = 7 * 86_400;

/** How much is logged, for a while. Where it would stay for good is the configuration. */
export function logLevelRoutes(app: ApiApp, { logLevels }: ApiDeps): void {
  const json = (): LogLevelJson => {
    const { until, parts, ...rest } = logLevels.state();
    return { ...rest, until: until === null ? null : formatIso(until), parts: { ...parts } };
  };

  app.get(
    '/api/log-level',
    { schema: { summary: 'How much is logged', response: { 200: logLevelSchema } } },
    async () => json(),
  );

  app.put(
    '/api/log-level',
    {
      schema: {
        summary: 'Logs more, or less, of all or of one part; after a while it is as configured again',
        body: z.strictObject({
          level: z.string().max(20).describe(logLevels.levels.join(', ')),
          part: z
            .string()
            .max(20)
            .optional()
            .describe(`${logLevels.parts.join(', ')}; all if it is left out`),
          seconds: z
            .number()
            .int()
            .min(1)
            .max(LONGEST_SECONDS)
            .optional()
            .describe(`for so long; ${DEFAULT_SECONDS}`),
        }),
        response: { 200: logLevelSchema, 400: errorSchema },
      },
    },
    async (request) => {
      const { level, part, seconds } = request.body;
      const problem = logLevels.change(level, part, (seconds ?? DEFAULT_SECONDS) * 1_000_000);
      if (problem) throw new VigieError('VIGIE_REQUEST_INVALID', { ...problem });
      return json();
    },
  );
}
