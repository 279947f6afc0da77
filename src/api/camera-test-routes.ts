import { z } from 'zod';
import { VigieError } from '../errors/catalog.ts';
import { createSlots } from '../playback/slots.ts';
import type { ApiApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { cameraReportSchema, errorSchema } from './schemas.ts';

/** Tries a camera that is not configured yet. One at a time: it is for a person, and no way to search a network. */
export function cameraTestRoutes(app: ApiApp, deps: ApiDeps): void {
  const slots = createSlots({ what: 'camera tests', atOnce: 1, waiting: 0 });

  app.post(
    '/api/cameras/test',
    {
      schema: {
        summary:
          'Watches a camera for ten seconds and says what it is, what it does wrong, what to configure',
        body: z.strictObject({
          source: z.string().min(1).max(2_000).describe('as in the configuration, password included'),
          transcode: z.enum(['h264']).optional().describe('as ffmpeg.transcode in the configuration'),
        }),
        response: { 200: cameraReportSchema, 400: errorSchema, 503: errorSchema },
      },
    },
    async (request) => {
      const { source, transcode } = request.body;
      const report = await slots.run(() => deps.testCamera(source, transcode === 'h264'));
      if (typeof report === 'string') {
        throw new VigieError('VIGIE_REQUEST_INVALID', { where: 'source', problem: report });
      }
      request.log.info({ address: report.address, works: report.works }, 'a camera was tested');
      return { ...report, findings: [...report.findings], configuration: [...report.configuration] };
    },
  );
}
