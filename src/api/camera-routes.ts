import { z } from 'zod';
import { VigieError } from '../errors/catalog.ts';
import { formatIso } from '../time/iso.ts';
import type { ApiApp } from './app.ts';
import type { ApiDeps, CameraStatusView } from './deps.ts';
import {
  type CameraJson,
  type CameraStatusJson,
  cameraListSchema,
  cameraSchema,
  cameraStatusSchema,
  errorSchema,
} from './schemas.ts';

export const cameraParams = z.object({
  id: z.string().min(1).max(100).describe('the camera, as configured'),
});

export function cameraRoutes(app: ApiApp, deps: ApiDeps): void {
  const known = (id: string): CameraStatusView => {
    const camera = deps.cameras.get(id);
    if (!camera) throw new VigieError('VIGIE_CAMERA_UNKNOWN', { camera: id });
    return camera;
  };

  app.get(
    '/api/cameras',
    { schema: { summary: 'All cameras and what each is doing', response: { 200: cameraListSchema } } },
    async () => ({ cameras: deps.cameras.list().map(cameraJson) }),
  );

  app.get(
    '/api/cameras/:id',
    {
      schema: {
        summary: 'One camera',
        params: cameraParams,
        response: { 200: cameraSchema, 404: errorSchema },
      },
    },
    async (request) => cameraJson(known(request.params.id)),
  );

  app.get(
    '/api/cameras/:id/status',
    {
      schema: {
        summary: 'What a camera is doing, in numbers',
        params: cameraParams,
        response: { 200: cameraStatusSchema, 404: errorSchema },
      },
    },
    async (request) => statusJson(known(request.params.id)),
  );
}

function cameraJson({ id, name, status }: CameraStatusView): CameraJson {
  return { id, name, state: status.state, reason: status.reason, since: formatIso(status.since) };
}

function statusJson(camera: CameraStatusView): CameraStatusJson {
  const { video, stats } = camera.status;
  return {
    ...cameraJson(camera),
    video: video ? { codecs: video.codecs, width: video.width, height: video.height } : null,
    framesPerSecond: stats.framesPerSecond,
    bitrateBps: Math.round(stats.bitrateBps),
    gopTicks: stats.gopTicks,
    packetsLost: stats.packetsLost,
    framesDamaged: stats.framesDamaged,
    timestampsRepaired: stats.timestampsRepaired,
    clockOffsetMicros: stats.clockOffsetMicros,
    clockDriftPpm: stats.clockDriftPpm,
  };
}
