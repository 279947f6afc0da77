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
  return {
    id,
    name,
    state: status.state,
    reason: status.reason,
    since: formatIso(status.since),
    sound: status.audio !== undefined,
  };
}

function statusJson(camera: CameraStatusView): CameraStatusJson {
  const { video, audio, audioProblem, certificateEnd, stats } = camera.status;
  const detection = camera.detection ?? { state: 'off', reason: '', lastLookAt: null, framesPerSecond: 0 };
  return {
    ...cameraJson(camera),
    video: video ? { codecs: video.codecs, width: video.width, height: video.height } : null,
    audio: audio ? { codecs: audio.codecs, sampleRate: audio.sampleRate, channels: audio.channels } : null,
    audioProblem,
    certificateEnd: certificateEnd === null ? null : formatIso(certificateEnd),
    framesPerSecond: stats.framesPerSecond,
    bitrateBps: Math.round(stats.bitrateBps),
    gopTicks: stats.gopTicks,
    packetsLost: stats.packetsLost,
    framesDamaged: stats.framesDamaged,
    timestampsRepaired: stats.timestampsRepaired,
    clockOffsetMicros: stats.clockOffsetMicros,
    clockOffsetErrorMicros: stats.clockOffsetErrorMicros,
    clockDriftPpm: toHundredths(stats.clockDriftPpm, Math.round),
    clockDriftErrorPpm: toHundredths(stats.clockDriftErrorPpm, Math.ceil),
    detection: {
      state: detection.state,
      reason: detection.reason,
      lastLookAt: detection.lastLookAt === null ? null : formatIso(detection.lastLookAt),
      framesPerSecond: Math.round(detection.framesPerSecond * 100) / 100,
    },
  };
}

function toHundredths(value: number | null, round: (value: number) => number): number | null {
  return value === null ? null : round(value * 100) / 100;
}
