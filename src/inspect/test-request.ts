import { isStream, locationProblem } from '../ffmpeg/ffmpeg-input.ts';
import type { PulledSpec } from '../ingest/camera-source.ts';
import { parseRtspUrl } from '../rtsp/url.ts';

/**
 * What is wrong with a source that is to be tested, as part of a sentence; `undefined`: nothing.
 * @param asker `anyone` may not reach files and devices of this machine, whose owner may
 */
export function testProblem(spec: PulledSpec, asker: 'owner' | 'anyone'): string | undefined {
  if (spec.kind === 'rtsp') {
    return parseRtspUrl(spec.url)
      ? undefined
      : 'it is no RTSP URL, as in rtsp://user:password@10.0.1.17/stream1';
  }
  const wrong = locationProblem(spec.location);
  if (wrong !== undefined) return `it ${wrong}`;
  return asker === 'owner' || isStream(spec.location)
    ? undefined
    : 'only addresses on the network are tested here, as in ffmpeg:http://10.0.1.40/video.mjpg';
}
