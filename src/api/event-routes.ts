import { z } from 'zod';
import type { CameraRow } from '../catalog/catalog.ts';
import { EVENT_KINDS, type EventQuery } from '../catalog/motion.ts';
import { VigieError } from '../errors/catalog.ts';
import { eventJson } from '../motion/event-json.ts';
import { createSlots } from '../playback/slots.ts';
import { formatIso } from '../time/iso.ts';
import { wallMicros } from '../time/units.ts';
import type { ApiApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { streamEvents } from './event-stream.ts';
import { recordedCamera } from './footage-routes.ts';
import { momentOf, momentSchema } from './moments.ts';
import { errorSchema, eventListSchema } from './schemas.ts';

const DEFAULT_PAGE = 100;
const LARGEST_PAGE = 1_000;
const LISTENERS = 64;
/** Who was away for longer reads the list. */
const LOOK_BACK_MICROS = 86_400_000_000;
const CURSOR = 'a cursor is taken from the page before, as it is';
const LAST_EVENT_ID = 'the id of an event of this stream is needed, which is a whole number';
const PAGE_RULE = `a whole number from 1 to ${LARGEST_PAGE} is needed`;

const filters = {
  camera: z.string().min(1).max(100).optional(),
  kind: z.enum(EVENT_KINDS).optional(),
  zone: z.string().min(1).max(200).optional().describe('touched a zone of that name'),
};

/** What happened before the cameras: as a list, and as it happens. */
export function eventRoutes(app: ApiApp, deps: ApiDeps): void {
  const { catalog } = deps;
  const slots = createSlots({ what: 'listeners to events', atOnce: LISTENERS, waiting: 0 });
  const idOf = async (): Promise<(cameraNo: number) => string> => {
    const ids = new Map((await catalog.cameras()).map((row: CameraRow) => [row.cameraNo, row.id]));
    return (cameraNo) => ids.get(cameraNo) ?? String(cameraNo);
  };

  app.get(
    '/api/events',
    {
      schema: {
        summary: 'Events, newest first',
        description:
          'What lasts for more than ten minutes is told in pieces: "continues" says that one goes on from the piece before. ' +
          'That there is no event does not say that somebody looked: the timeline does.',
        querystring: z.object({
          ...filters,
          from: momentSchema.optional().describe('those that last beyond this'),
          to: momentSchema.optional().describe('those that begin before this'),
          limit: z.coerce
            .number({ error: PAGE_RULE })
            .int({ error: PAGE_RULE })
            .min(1, { error: PAGE_RULE })
            .max(LARGEST_PAGE, { error: PAGE_RULE })
            .optional()
            .describe(`events in one page; ${DEFAULT_PAGE}`),
          cursor: z
            .string()
            .regex(/^\d{1,16}-\d{1,16}$/, { error: CURSOR })
            .optional()
            .describe('as the page before gave it'),
        }),
        response: { 200: eventListSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async (request) => {
      const { camera: id, kind, zone, limit = DEFAULT_PAGE, cursor } = request.query;
      const from = request.query.from === undefined ? undefined : momentOf(request.query.from);
      const to = request.query.to === undefined ? undefined : momentOf(request.query.to);
      if (from !== undefined && to !== undefined && to <= from)
        throw new VigieError('VIGIE_RANGE_INVALID', { from: formatIso(from), to: formatIso(to) });
      const camera = id === undefined ? undefined : await recordedCamera(catalog, id);
      const events = await catalog.motion.events({
        limit,
        ...(camera ? { cameraNo: camera.cameraNo } : {}),
        ...(kind === undefined ? {} : { kind }),
        ...(zone === undefined ? {} : { zone }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(cursor === undefined ? {} : { after: readCursor(cursor) }),
      });
      const last = events.length === limit ? events.at(-1) : undefined;
      const cameraId = await idOf();
      return {
        events: events.map((event) => eventJson(event, cameraId(event.cameraNo))),
        cursor: last ? `${last.from}-${last.eventNo}` : null,
      };
    },
  );

  app.get(
    '/api/events/stream',
    {
      exposeHeadRoute: false,
      schema: {
        summary: `Events as they begin and end (server-sent events), for ${LISTENERS} listeners at once`,
        description:
          'Each message is an event as it is now, as in the list: "to" is null while it lasts. A listener that was away ' +
          'sends the last id that it had as Last-Event-ID, as browsers do by themselves, and is told what it missed of the ' +
          'last 24 hours. One that reads nothing for half a minute is cut off.',
        querystring: z.object(filters),
        headers: z.object({
          'last-event-id': z
            .string()
            .regex(/^\d{1,16}$/, { error: LAST_EVENT_ID })
            .optional(),
        }),
        response: {
          200: {
            description: 'text/event-stream',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          ...{ 400: errorSchema, 404: errorSchema, 503: errorSchema },
        },
      },
    },
    async (request, reply) => {
      const { camera: id, kind, zone } = request.query;
      const camera = id === undefined ? undefined : await recordedCamera(catalog, id);
      const newest = await catalog.motion.lastChange();
      const lastId = request.headers['last-event-id'];
      const earliest = Math.min(newest, deps.clock.wall() - LOOK_BACK_MICROS);
      const after = lastId === undefined ? newest : Math.max(earliest, Math.min(newest, Number(lastId)));
      const cameraId = await idOf();
      await slots.run(async () => {
        reply.hijack();
        const { raw } = reply;
        raw.writeHead(200, {
          ...(reply.getHeaders() as Record<string, string>),
          'content-type': 'text/event-stream',
          'cache-control': 'no-store',
          // nginx would keep what is said until there is a page of it.
          'x-accel-buffering': 'no',
        });
        try {
          const outcome = await streamEvents(raw, {
            catalog: catalog.motion,
            onChange: deps.events.onChange,
            after,
            told: (event) =>
              (camera === undefined || event.cameraNo === camera.cameraNo) &&
              (kind === undefined || event.kind === kind) &&
              (zone === undefined || event.zones.includes(zone))
                ? eventJson(event, cameraId(event.cameraNo))
                : undefined,
          });
          if (outcome === 'stalled')
            request.log.info(
              { url: request.url },
              'a listener to events stopped reading and was disconnected',
            );
        } catch (error) {
          request.log.warn(
            { err: error, url: request.url },
            'a listener to events could not be told any more',
          );
        }
      });
    },
  );
}

const readCursor = (cursor: string): NonNullable<EventQuery['after']> => {
  const [from, eventNo] = cursor.split('-').map(Number);
  return { from: wallMicros(from as number), eventNo: eventNo as number };
};
