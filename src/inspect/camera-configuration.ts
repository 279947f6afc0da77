import type { PulledSpec } from '../ingest/camera-source.ts';

/** What to write into the configuration for a camera: its user and password come from the environment. */
export function configurationFor(spec: PulledSpec, reason: string): readonly string[] {
  const anew = /transcode: h264/.test(reason);
  const transcode = anew || (spec.kind === 'ffmpeg' && spec.transcode);
  const location = withoutSecrets(spec.kind === 'rtsp' ? spec.url : spec.location);
  const source = spec.kind === 'ffmpeg' || anew ? `ffmpeg:${location}` : location;
  const options = [
    ...(transcode ? ['transcode: h264'] : []),
    ...(spec.kind === 'ffmpeg' && spec.options.length > 0 ? ['input: [ … ]'] : []),
  ];
  return [
    '- id: camera-1',
    `  source: ${/[\s#{}[\],&*!|>'"%@`]/.test(source) ? JSON.stringify(source) : source}`,
    ...(options.length > 0 ? [`  ffmpeg: { ${options.join(', ')} }`] : []),
  ];
}

/** User and password become variables, and values of the query that may be secret, too. */
function withoutSecrets(location: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(location)?.[0];
  if (scheme === undefined) return location;
  const rest = location.slice(scheme.length);
  const pathAt = rest.search(/[/?#]/);
  const userEnd = userEndOf(rest, pathAt);
  const host = rest.slice(userEnd + 1);
  const user = userEnd < 0 ? '' : '${CAM_USER}:${CAM_PASSWORD}@';
  return `${scheme}${user}${host.replaceAll(/((?:pass|passwd|password|psw|pwd|token|secret|key|passphrase)=)[^&/?;#\s_]*/gi, '$1${CAM_SECRET}')}`;
}

/** The last `@` before the path; a password with a slash in it puts it behind. */
function userEndOf(rest: string, pathAt: number): number {
  const head = pathAt < 0 ? rest : rest.slice(0, pathAt);
  const inHead = head.lastIndexOf('@');
  return inHead >= 0 || !head.includes(':') ? inHead : rest.lastIndexOf('@');
}
