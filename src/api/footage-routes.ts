import { z } from 'zod';
import type { CameraRow, Catalog } from '../catalog/catalog.ts';
import { segmentId } from '../catalog/segment-id.ts';
import { VigieError } from '../errors/catalog.ts';
import { hideSound } from '../media/mp4/init-segment.ts';
import { layoutOf } from '../playback/byte-layout.ts';
import { createClipOpener } from '../playback/clip/open-clip.ts';
import { MAX_CLIP_HOURS } from '../playback/clip/select.ts';
import type { SegmentView } from '../catalog/segment-view.ts';
import { asStoreError } from '../storage/object-store.ts';
import type { SegmentReader } from '../storage/segment-reader.ts';
import { formatIso } from '../time/iso.ts';
import type { ApiApp } from './app.ts';
import { cameraParams } from './camera-routes.ts';
import type { ApiDeps } from './deps.ts';
import { rangeOf, rangeSchema } from './moments.ts';
import { createFootageSender } from './send-footage.ts';

export async function recordedCamera(catalog: Catalog, id: string): Promise<CameraRow> {
  const camera = await catalog.camera(id);
  if (!camera) throw new VigieError('VIGIE_CAMERA_UNKNOWN', { camera: id });
  return camera;
}

/** Segment files and clips: bodies that are sent as they are read. */
export function footageRoutes(app: ApiApp, deps: ApiDeps): void {
  const sender = createFootageSender(deps);
  const sendSegment = sender('segment');
  const sendClip = sender('clip');
  const clips = createClipOpener(deps);

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/segments/:id.mp4',
    schema: {
      summary: 'A segment file, with Range; of one that is being written, what is on disk so far',
      params: z.object({ id: z.string().min(1).max(40) }),
    },
    async handler(request, reply) {
      const { id } = request.params;
      const found = await deps.segments.one(id);
      if (!found) throw new VigieError('VIGIE_SEGMENT_UNKNOWN', { segment: id });
      const { segment } = found;
      const key = deps.segments.key(found.camera, segment);
      await sendSegment(request, reply, {
        etag: segmentTag(segment),
        headers: {
          'content-type': 'video/mp4',
          // A closed segment never changes; footage is for this browser's cache only.
          'cache-control': segment.open ? 'no-store' : 'private, max-age=31536000, immutable',
        },
        layout: async () => {
          await checkBytes(deps.segments.reader, key, segment);
          return layoutOf([{ kind: 'file', key, offset: 0, length: segment.bytes }]);
        },
      });
    },
  });

  app.get(
    '/api/segments/:id/silent-head.mp4',
    {
      schema: {
        summary: 'What stands before the first fragment of a segment, with its sound hidden from players',
        params: z.object({ id: z.string().min(1).max(40) }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const found = await deps.segments.one(id);
      const init = found && (await deps.catalog.init(found.segment.initNo));
      if (!init) throw new VigieError('VIGIE_SEGMENT_UNKNOWN', { segment: id });
      return reply
        .type('video/mp4')
        .header('cache-control', 'private, max-age=31536000, immutable')
        .send(Buffer.from(hideSound(init.bytes)));
    },
  );

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/cameras/:id/clip.mp4',
    schema: {
      summary: `One MP4 of any range of up to ${MAX_CLIP_HOURS} h, starting exactly at its start, with Range`,
      params: cameraParams,
      querystring: rangeSchema,
    },
    async handler(request, reply) {
      const camera = await recordedCamera(deps.catalog, request.params.id);
      const { from, to } = rangeOf(request.query, MAX_CLIP_HOURS);
      const clip = await clips.open(camera, from, to);
      if (!clip) throw notRecorded(camera, `between ${formatIso(from)} and ${formatIso(to)}`);
      await sendClip(request, reply, {
        etag: clip.etag,
        headers: {
          'content-type': 'video/mp4',
          'cache-control': 'private, no-cache',
          'content-disposition': `inline; filename="${clipName(camera.id, formatIso(clip.start))}"`,
          // Later than `from` when the recording began later: the clip begins with its first picture.
          'vigie-clip-start': formatIso(clip.start),
        },
        layout: async () => (await clip.plan()).layout,
      });
    },
  });
}

export const notRecorded = (camera: CameraRow, when: string): VigieError =>
  new VigieError('VIGIE_NOT_RECORDED', { camera: camera.id, when });

/** Of a segment that has no hash yet: its name and length, since files only ever grow. */
function segmentTag(segment: SegmentView): string {
  if (segment.sha256 && !segment.open) return `"${Buffer.from(segment.sha256).toString('base64url')}"`;
  return `"${segmentId(segment.cameraNo, segment.start)}-${segment.bytes}"`;
}

/** Looked at before the answer begins, while it can still be an error. */
async function checkBytes(reader: SegmentReader, key: string, segment: SegmentView): Promise<void> {
  let problem: string | undefined;
  try {
    const size = await reader.size(key);
    if (size === undefined) problem = 'it is missing';
    else if (size < segment.bytes) problem = `it has ${size} of ${segment.bytes} bytes`;
  } catch (error) {
    problem = asStoreError(error).message;
  }
  if (problem !== undefined) {
    const id = segmentId(segment.cameraNo, segment.start);
    throw new VigieError('VIGIE_SEGMENT_UNREADABLE', { segment: id, problem });
  }
}

/** `place-d-armes-01_20261123T170000Z.mp4` */
function clipName(cameraId: string, start: string): string {
  return `${cameraId.replaceAll(/[^\w.-]/g, '_')}_${start.slice(0, 19).replaceAll(/[-:]/g, '')}Z.mp4`;
}
