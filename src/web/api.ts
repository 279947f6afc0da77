import type {
  CameraJson,
  CameraListJson,
  CameraStatusJson,
  ErrorJson,
  EventJson,
  EventListJson,
  HoldJson,
  StorageJson,
  TimelineJson,
} from '../api/schemas.ts';
import { isoOf, type Millis, millisOf } from './moments.ts';
import { type Region, regionQuery } from './timeline/motion-data.ts';
import type { Span, TimelineData } from './timeline/timeline-data.ts';

export type { CameraJson, CameraStatusJson, EventJson, HoldJson };

/** What the server says is wrong, in its own words. */
export class ApiError extends Error {}

/** Why asking failed, for a person. */
export const failureText = (error: unknown): string =>
  error instanceof TypeError ? 'The server does not answer.' : (error as Error).message;

const get = <T>(path: string, signal: AbortSignal): Promise<T> => ask(path, { signal });

const post = <T>(path: string, body: unknown): Promise<T> =>
  ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, init);
  if (response.ok) return (await response.json()) as T;
  const text = await response.text();
  let message = `The server answers ${response.status}.`;
  try {
    message = (JSON.parse(text) as ErrorJson).error.message;
  } catch {
    // Something in between answered, not our server.
  }
  throw new ApiError(message);
}

const cameraPath = (id: string): string => `/api/cameras/${encodeURIComponent(id)}`;

export async function fetchCameras(signal: AbortSignal): Promise<readonly CameraJson[]> {
  return (await get<CameraListJson>('/api/cameras', signal)).cameras;
}

export function fetchStatus(id: string, signal: AbortSignal): Promise<CameraStatusJson> {
  return get(`${cameraPath(id)}/status`, signal);
}

export const fetchStorage = (signal: AbortSignal): Promise<StorageJson> => get('/api/storage', signal);

export async function fetchHolds(signal: AbortSignal): Promise<readonly HoldJson[]> {
  return (await get<{ readonly holds: readonly HoldJson[] }>('/api/holds', signal)).holds;
}

export const putHold = (
  camera: string,
  span: Span,
  words: { readonly reference: string; readonly reason: string; readonly author: string },
): Promise<HoldJson> => post('/api/holds', { camera, from: isoOf(span.from), to: isoOf(span.to), ...words });

export const releaseHold = (id: number, author: string): Promise<HoldJson> =>
  post(`/api/holds/${id}/release`, { author });

/** What is closer together than `resolution` comes as one. */
export async function fetchTimeline(
  id: string,
  span: Span,
  resolution: Millis,
  signal: AbortSignal,
  region?: Region,
): Promise<TimelineData> {
  const micros = Math.max(1, Math.round(resolution * 1_000));
  const json = await get<TimelineJson>(
    `${cameraPath(id)}/timeline?${range(span)}&resolution=${micros}${region ? `&region=${regionQuery(region)}` : ''}`,
    signal,
  );
  return {
    recorded: json.recorded.map(({ from, to }) => ({ from: millisOf(from), to: millisOf(to) })),
    gaps: json.gaps.map(({ from, to, cause }) => ({
      from: millisOf(from),
      to: to === null ? Number.POSITIVE_INFINITY : millisOf(to),
      cause,
    })),
    motion: {
      from: millisOf(json.motion.from),
      step: json.motion.stepMicros / 1_000,
      density: json.motion.density,
    },
    events: json.events.map(({ from, to, ...mark }) => ({
      ...mark,
      from: millisOf(from),
      to: to === null ? Number.POSITIVE_INFINITY : millisOf(to),
      lasts: to === null,
    })),
  };
}

/** The newest, of all cameras or of one. */
export async function fetchEvents(
  limit: number,
  camera: string | undefined,
  signal: AbortSignal,
): Promise<readonly EventJson[]> {
  const filter = camera === undefined ? '' : `&camera=${encodeURIComponent(camera)}`;
  return (await get<EventListJson>(`/api/events?limit=${limit}${filter}`, signal)).events;
}

/** Events of all cameras as they begin and end. */
export const EVENT_STREAM = '/api/events/stream';

const range = ({ from, to }: Span): string => `from=${isoOf(from)}&to=${isoOf(to)}`;

export const playlistUrl = (id: string, span: Span, sound: boolean): string =>
  `${cameraPath(id)}/hls/index.m3u8?${range(span)}&sound=${sound ? 'on' : 'off'}`;

export const clipUrl = (id: string, span: Span): string => `${cameraPath(id)}/clip.mp4?${range(span)}`;

export const pictureUrl = (id: string, at: Millis, width?: number): string =>
  `${cameraPath(id)}/frame.jpg?at=${isoOf(at)}${width === undefined ? '' : `&width=${width}`}`;
