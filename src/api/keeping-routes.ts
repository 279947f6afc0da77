import { z } from 'zod';
import type { CameraRow } from '../catalog/catalog.ts';
import { type Deletion, type Hold, isActive } from '../catalog/keeping.ts';
import { VigieError } from '../errors/catalog.ts';
import { formatIso } from '../time/iso.ts';
import type { WallMicros } from '../time/units.ts';
import type { ApiApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { recordedCamera } from './footage-routes.ts';
import { momentOf, momentSchema, rangeOf } from './moments.ts';
import {
  type DeletionJson,
  deletionListSchema,
  errorSchema,
  type HoldJson,
  holdListSchema,
  holdSchema,
  storageSchema,
} from './schemas.ts';

/** A hold may cover as much as anybody keeps. */
const MAX_HOLD_HOURS = 24 * 3_660;
const MAX_DELETIONS = 1_000;

const words = (most: number) => z.string().trim().min(1).max(most);

/** What must stay, what is gone, and where the rest is. */
export function keepingRoutes(app: ApiApp, deps: ApiDeps): void {
  const { catalog, clock } = deps;
  const idOf = async (): Promise<(cameraNo: number) => string> => {
    const cameras = new Map((await catalog.cameras()).map((row: CameraRow) => [row.cameraNo, row.id]));
    return (cameraNo) => cameras.get(cameraNo) ?? String(cameraNo);
  };

  app.get(
    '/api/storage',
    { schema: { summary: 'Disk, object store, what waits for it', response: { 200: storageSchema } } },
    async () => {
      const status = await deps.storage.status();
      return { ...status, problems: [...status.problems] };
    },
  );

  app.get(
    '/api/holds',
    { schema: { summary: 'Every hold there ever was, newest first', response: { 200: holdListSchema } } },
    async () => {
      const camera = await idOf();
      const now = clock.wall();
      return { holds: (await catalog.holds()).map((hold) => holdJson(hold, camera(hold.cameraNo), now)) };
    },
  );

  app.post(
    '/api/holds',
    {
      schema: {
        summary: 'Keeps the footage of a camera from being deleted, until it is released or ends by itself',
        body: z.strictObject({
          camera: z.string().min(1).max(100),
          from: momentSchema,
          to: momentSchema,
          reference: words(200).describe('number of the request or of the case'),
          reason: words(2_000),
          author: words(200).describe('who asks for it'),
          until: momentSchema.optional().describe('when it ends by itself'),
        }),
        response: { 201: holdSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async (request, reply) => {
      const { camera: id, reference, reason, author, until } = request.body;
      const camera = await recordedCamera(catalog, id);
      const { from, to } = rangeOf(request.body, MAX_HOLD_HOURS);
      const created = clock.wall();
      const end = until === undefined ? null : momentOf(until);
      if (end !== null && end <= created) {
        throw new VigieError('VIGIE_REQUEST_INVALID', { where: 'until', problem: 'it is over already' });
      }
      const { cameraNo } = camera;
      const held = { cameraNo, from, to, reference, reason, author, created, until: end };
      const hold = await catalog.putHold(held);
      request.log.info({ hold: hold.holdNo, camera: id, reference, author }, 'footage is held');
      return reply.code(201).send(holdJson(hold, id, created));
    },
  );

  app.post(
    '/api/holds/:hold/release',
    {
      schema: {
        summary: 'Ends a hold: what is past its date is destroyed within a minute',
        params: z.object({ hold: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
        body: z.strictObject({ author: words(200).describe('who releases it') }),
        response: { 200: holdSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async (request) => {
      const { hold: holdNo } = request.params;
      const now = clock.wall();
      const hold = await catalog.releaseHold(holdNo, now, request.body.author);
      if (!hold) throw new VigieError('VIGIE_HOLD_UNKNOWN', { hold: holdNo });
      request.log.info({ hold: holdNo, author: request.body.author }, 'a hold is released');
      deps.storage.sweep();
      return holdJson(hold, (await idOf())(hold.cameraNo), now);
    },
  );

  app.get(
    '/api/deletions',
    {
      schema: {
        summary: 'The deletion journal, newest first: what was destroyed, why, and when each copy was gone',
        querystring: z.object({
          camera: z.string().min(1).max(100).optional(),
          from: momentSchema.optional().describe('footage after this'),
          to: momentSchema.optional().describe('footage before this'),
          cursor: z.coerce.number().int().min(1).optional().describe('as the page before gave it'),
        }),
        response: { 200: deletionListSchema, 400: errorSchema, 404: errorSchema },
      },
    },
    async (request) => {
      const { camera: id, from, to, cursor } = request.query;
      const camera = id === undefined ? undefined : await recordedCamera(catalog, id);
      const entries = await catalog.deletions({
        limit: MAX_DELETIONS,
        ...(camera ? { cameraNo: camera.cameraNo } : {}),
        ...(from === undefined ? {} : { from: momentOf(from) }),
        ...(to === undefined ? {} : { to: momentOf(to) }),
        ...(cursor === undefined ? {} : { before: cursor }),
      });
      const idOfCamera = await idOf();
      return {
        deletions: entries.map((entry) => deletionJson(entry, idOfCamera(entry.cameraNo))),
        cursor: entries.length === MAX_DELETIONS ? (entries.at(-1)?.deletionNo ?? null) : null,
      };
    },
  );
}

function holdJson(hold: Hold, camera: string, now: WallMicros): HoldJson {
  const { holdNo, reference, reason, author, releasedBy } = hold;
  return {
    ...{ id: holdNo, camera, reference, reason, author, releasedBy },
    from: formatIso(hold.from),
    to: formatIso(hold.to),
    created: formatIso(hold.created),
    until: hold.until === null ? null : formatIso(hold.until),
    released: hold.released === null ? null : formatIso(hold.released),
    active: isActive(hold, now),
  };
}

function deletionJson(entry: Deletion, camera: string): DeletionJson {
  const { deletionNo, segments, bytes, reason } = entry;
  return {
    ...{ id: deletionNo, camera, segments, bytes, reason },
    from: formatIso(entry.from),
    to: formatIso(entry.to),
    decided: formatIso(entry.decided),
    localGone: formatIso(entry.localGone),
    remoteGone: entry.remoteGone === null ? null : formatIso(entry.remoteGone),
  };
}
