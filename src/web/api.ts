import type {
  CameraJson,
  CameraListJson,
  CameraStatusJson,
  ErrorJson,
  TimelineJson,
} from '../api/schemas.ts';
import { isoOf, type Millis, millisOf } from './moments.ts';
import type { Span, TimelineData } from './timeline/timeline-data.ts';

export type { CameraJson, CameraStatusJson };

/** What the server says is wrong, in its own words. */
export class ApiError extends Error {}

/** Why asking failed, for a person. */
export const failureText = (error: unknown): string =>
  error instanceof TypeError ? 'The server does not answer.' : (error as Error).message;

async function get<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(path, { signal });
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

/** What is closer together than `resolution` comes as one. */
export async function fetchTimeline(
  id: string,
  span: Span,
  resolution: Millis,
  signal: AbortSignal,
): Promise<TimelineData> {
  const micros = Math.max(1, Math.round(resolution * 1_000));
  const json = await get<TimelineJson>(
    `${cameraPath(id)}/timeline?${range(span)}&resolution=${micros}`,
    signal,
  );
  return {
    recorded: json.recorded.map(({ from, to }) => ({ from: millisOf(from), to: millisOf(to) })),
    gaps: json.gaps.map(({ from, to, cause }) => ({
      from: millisOf(from),
      to: to === null ? Number.POSITIVE_INFINITY : millisOf(to),
      cause,
    })),
  };
}

const range = ({ from, to }: Span): string => `from=${isoOf(from)}&to=${isoOf(to)}`;

export const playlistUrl = (id: string, span: Span): string =>
  `${cameraPath(id)}/hls/index.m3u8?${range(span)}`;

export const clipUrl = (id: string, span: Span): string => `${cameraPath(id)}/clip.mp4?${range(span)}`;

export const pictureUrl = (id: string, at: Millis, width?: number): string =>
  `${cameraPath(id)}/frame.jpg?at=${isoOf(at)}${width === undefined ? '' : `&width=${width}`}`;
