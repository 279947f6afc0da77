import { z } from 'zod';
import { buildPlaylist, MAX_PLAYLIST_HOURS } from '../playback/hls.ts';
import { createStillMaker } from '../playback/still.ts';
import { MAX_TIMELINE_DAYS, MAX_TIMELINE_ITEMS, readTimeline } from '../playback/timeline.ts';
import { formatIso } from '../time/iso.ts';
import type { ApiApp } from './app.ts';
import { cameraParams } from './camera-routes.ts';
import type { ApiDeps } from './deps.ts';
import { notRecorded, recordedCamera } from './footage-routes.ts';
import { momentOf, momentSchema, rangeOf, rangeSchema } from './moments.ts';
import { errorSchema, timelineSchema } from './schemas.ts';

const RESOLUTION = 'a whole number of microseconds from 1 to 86400000000 is needed';
const WIDTH = 'a whole number of pixels from 16 to 3840 is needed';

const wholeNumber = (lowest: number, highest: number, rule: string) =>
  z.coerce
    .number({ error: rule })
    .int({ error: rule })
    .min(lowest, { error: rule })
    .max(highest, { error: rule });

/** What there is to see, and how to play it: the timeline, the playlist, the picture at a moment. */
export function timelineRoutes(app: ApiApp, deps: ApiDeps): void {
  const stills = createStillMaker(deps);

  app.get(
    '/api/cameras/:id/timeline',
    {
      schema: {
        summary: `Recorded ranges and gaps with their cause, at most ${MAX_TIMELINE_ITEMS} of each`,
        params: cameraParams,
        querystring: rangeSchema.extend({
          resolution: wholeNumber(1, 86_400_000_000, RESOLUTION)
            .optional()
            .describe('microseconds; what is closer together is merged. Default: a thousandth of the range'),
        }),
        response: { 200: timelineSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async (request) => {
      const camera = await recordedCamera(deps.catalog, request.params.id);
      const { from, to } = rangeOf(request.query, MAX_TIMELINE_DAYS * 24);
      const timeline = await readTimeline(deps, camera, from, to, request.query.resolution);
      return {
        from: formatIso(from),
        to: formatIso(to),
        resolutionMicros: timeline.resolutionMicros,
        recorded: timeline.recorded.map((range) => ({
          from: formatIso(range.from),
          to: formatIso(range.to),
        })),
        gaps: timeline.gaps.map((gap) => ({
          from: formatIso(gap.from),
          to: gap.to === null ? null : formatIso(gap.to),
          cause: gap.cause,
        })),
      };
    },
  );

  app.get(
    '/api/cameras/:id/hls/index.m3u8',
    {
      schema: {
        summary: `Playlist of up to ${MAX_PLAYLIST_HOURS} h: fMP4 by byte range; it grows until the range is over`,
        params: cameraParams,
        querystring: rangeSchema,
      },
    },
    async (request, reply) => {
      const camera = await recordedCamera(deps.catalog, request.params.id);
      const { from, to } = rangeOf(request.query, MAX_PLAYLIST_HOURS);
      const growing = to > deps.clock.wall();
      const playlist = buildPlaylist(await deps.segments.between(camera, from, to), from, to, growing);
      if (playlist === undefined) {
        throw notRecorded(camera, `between ${formatIso(from)} and ${formatIso(to)}`);
      }
      deps.onFirstByte?.('playlist', reply.elapsedTime / 1000);
      return reply
        .type('application/vnd.apple.mpegurl')
        .header('cache-control', 'private, no-cache')
        .send(playlist);
    },
  );

  app.get(
    '/api/cameras/:id/frame.jpg',
    {
      schema: {
        summary: 'The picture at a moment',
        params: cameraParams,
        querystring: z.object({
          at: momentSchema.describe('the moment'),
          width: wholeNumber(16, 3_840, WIDTH)
            .optional()
            .describe('pixels; the height follows. Default: as recorded'),
        }),
      },
    },
    async (request, reply) => {
      const camera = await recordedCamera(deps.catalog, request.params.id);
      const at = momentOf(request.query.at);
      const jpeg = await stills.at(camera, at, request.query.width ?? 0);
      if (!jpeg) throw notRecorded(camera, `at ${formatIso(at)}`);
      deps.onFirstByte?.('frame', reply.elapsedTime / 1000);
      return reply
        .type('image/jpeg')
        .header('cache-control', 'private, max-age=60')
        .send(Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.length));
    },
  );
}
