/** The only application there is: `rtmp://<server>/live/<camera id>?key=…`. */
export const APP = 'live';

/** Where somebody wants to publish. */
export interface StreamName {
  readonly cameraId: string;
  /** As it was sent: secret. Empty when there is none. */
  readonly key: string;
}

/** Of names and keys alike: what is longer than the longest of both is nothing that was configured. */
const MAX_LENGTH = 512;
const CAMERA_ID = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

/**
 * Camera and key out of application and stream name. Most encoders put what follows the application into the stream
 * name, `live` and `gare?key=…`; some leave the query with the application (L12).
 * @returns `undefined` for anything but `live/<camera id>`
 */
export function parseStreamName(app: string, name: string): StreamName | undefined {
  if (app.length > MAX_LENGTH || name.length > MAX_LENGTH) return undefined;
  const [application, appQuery] = splitQuery(app);
  const [cameraId, nameQuery] = splitQuery(name);
  if (application.replace(/\/$/, '') !== APP || !CAMERA_ID.test(cameraId)) return undefined;
  return { cameraId, key: keyOf(nameQuery) ?? keyOf(appQuery) ?? '' };
}

function splitQuery(text: string): [string, string] {
  const at = text.indexOf('?');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Keys are made of characters that need no percent sign. */
function keyOf(query: string): string | undefined {
  for (const part of query.split('&')) if (part.startsWith('key=')) return part.slice('key='.length);
  return undefined;
}
