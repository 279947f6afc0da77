import { z } from 'zod';
import { hiddenSounds } from '../playback/hidden-sounds.ts';
import { buildPlaylist, MAX_PLAYLIST_HOURS } from '../playback/hls.ts';
import { createStillMaker } from '../playback/still.ts';
import { MAX_EVENT_MARKS, MAX_EVENTS_SEARCHED, readEventMarks } from '../playback/event-marks.ts';
import { MAX_MOTION_PARTS, MAX_REGION_DAYS, readMotionLine, searchMotion } from '../playback/motion-line.ts';
import { MAX_TIMELINE_DAYS, MAX_TIMELINE_ITEMS, readTimeline, type WallRange } from '../playback/timeline.ts';
import { formatIso } from '../time/iso.ts';
import type { ApiApp } from './app.ts';
import { cameraParams } from './camera-routes.ts';
import type { ApiDeps } from './deps.ts';
import { notRecorded, recordedCamera } from './footage-routes.ts';
import { momentOf, momentSchema, rangeOf, rangeSchema } from './moments.ts';
import { regionOf, regionSchema } from './region-query.ts';
import { errorSchema, motionSearchSchema, timelineSchema } from './schemas.ts';

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
        summary: `Recorded ranges and gaps with their cause, at most ${MAX_TIMELINE_ITEMS} of each; motion and events`,
        description:
          `Motion comes in at most ${MAX_MOTION_PARTS} parts, events as at most ${MAX_EVENT_MARKS} marks. With a region, motion is ` +
          `that in the region, and events are those that touched it or have no place, of the newest ${MAX_EVENTS_SEARCHED}; the ` +
          `range is then ${MAX_REGION_DAYS} days at most.`,
        params: cameraParams,
        querystring: rangeSchema.extend({
          resolution: wholeNumber(1, 86_400_000_000, RESOLUTION)
            .optional()
            .describe('microseconds; what is closer together is merged. Default: a thousandth of the range'),
          region: regionSchema.optional(),
        }),
        response: { 200: timelineSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async (request) => {
      const camera = await recordedCamera(deps.catalog, request.params.id);
      const { region: text } = request.query;
      const region = text === undefined ? undefined : regionOf(text);
      const range = rangeOf(request.query, (region ? MAX_REGION_DAYS : MAX_TIMELINE_DAYS) * 24);
      const { from, to } = range;
      const timeline = await readTimeline(deps, camera, from, to, request.query.resolution);
      const { motion: catalog } = deps.catalog;
      const { cameraNo } = camera;
      const motion = await readMotionLine(catalog, cameraNo, range, timeline.resolutionMicros, region);
      const events = await readEventMarks(catalog, cameraNo, range, timeline.resolutionMicros, region);
      return {
        from: formatIso(from),
        to: formatIso(to),
        resolutionMicros: timeline.resolutionMicros,
        recorded: timeline.recorded.map(rangeJson),
        gaps: timeline.gaps.map((gap) => ({
          from: formatIso(gap.from),
          to: gap.to === null ? null : formatIso(gap.to),
          cause: gap.cause,
        })),
        motion: {
          from: formatIso(motion.from),
          stepMicros: motion.stepMicros,
          // Three digits are more than a screen shows.
          density: motion.density.map((value) => (value === null ? null : Math.round(value * 1_000) / 1_000)),
        },
        events: events.map(({ eventNo, kind, count, score, zones, ...mark }) => ({
          ...{ id: eventNo, kind, from: formatIso(mark.from) },
          to: mark.to === null ? null : formatIso(mark.to),
          ...{ count, score, zones: [...zones] },
        })),
      };
    },
  );

  app.get(
    '/api/cameras/:id/motion',
    {
      schema: {
        summary: 'When something moved, to the minute: anywhere, or in a region of the picture',
        description:
          `At most ${MAX_MOTION_PARTS} spans, in ${MAX_REGION_DAYS} days at most. Where nobody looked nothing is known, so those ` +
          'spans are told as well.',
        params: cameraParams,
        querystring: rangeSchema.extend({ region: regionSchema.optional() }),
        response: { 200: motionSearchSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async (request) => {
      const camera = await recordedCamera(deps.catalog, request.params.id);
      const range = rangeOf(request.query, MAX_REGION_DAYS * 24);
      const { region: text } = request.query;
      const region = text === undefined ? undefined : regionOf(text);
      const found = await searchMotion(deps.catalog.motion, camera.cameraNo, range, region);
      return {
        ...rangeJson(range),
        resolutionMicros: found.resolutionMicros,
        spans: found.spans.map((span) => ({
          ...rangeJson(span),
          strength: Math.round(span.strength * 1_000) / 1_000,
        })),
        unseen: found.unseen.map(rangeJson),
      };
    },
  );

  app.get(
    '/api/cameras/:id/hls/index.m3u8',
    {
      schema: {
        summary: `Playlist of up to ${MAX_PLAYLIST_HOURS} h: fMP4 by byte range; it grows until the range is over`,
        params: cameraParams,
        querystring: rangeSchema.extend({
          sound: z
            .enum(['on', 'off'])
            .optional()
            .describe('on, which is the default: with sound where all of it has some that browsers play'),
        }),
      },
    },
    async (request, reply) => {
      const camera = await recordedCamera(deps.catalog, request.params.id);
      const { from, to } = rangeOf(request.query, MAX_PLAYLIST_HOURS);
      const growing = to > deps.clock.wall();
      const segments = await deps.segments.between(camera, from, to);
      const silenced = await hiddenSounds(deps.catalog, segments, request.query.sound !== 'off');
      const playlist = buildPlaylist(segments, from, to, growing, silenced);
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

const rangeJson = ({ from, to }: WallRange): { from: string; to: string } => ({
  from: formatIso(from),
  to: formatIso(to),
});
