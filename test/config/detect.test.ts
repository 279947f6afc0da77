import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';

const MAIN = 'source: "rtsp://u:geheim@10.0.0.1/1"';

function load(detect: string | undefined, main = MAIN) {
  const more = detect === undefined ? '' : `, detect: ${detect}`;
  const text = `cameras:\n  - { id: a, ${main}${more} }`;
  return loadConfig({ text, file: 'city.yaml', env: {} });
}

function detectOf(detect: string | undefined, main = MAIN) {
  const result = load(detect, main);
  return result.ok ? result.config.cameras[0]?.detect : result.problems;
}

describe('detection of a camera', () => {
  it.each([
    [undefined, { enabled: true, source: undefined, frames: 'auto' }],
    ['{}', { enabled: true, source: undefined, frames: 'auto' }],
    ['{ enabled: false }', { enabled: false }],
    ['{ frames: keys }', { source: undefined, frames: 'keys' }],
    ['{ frames: all }', { source: undefined, frames: 'all', fps: 5 }],
    ['{ source: "rtsp://u:pw@10.0.0.1/2" }', { source: 'rtsp://u:pw@10.0.0.1/2', frames: 'auto' }],
    ['{ source: "rtsp://10.0.0.1/2", fps: 8 }', { source: 'rtsp://10.0.0.1/2', frames: 'all', fps: 8 }],
    ['{ source: "rtsp://10.0.0.1/2", fps: 8, frames: auto }', { frames: 'auto', fps: 8 }],
    ['{ source: "ffmpeg:http://10.0.0.1/small.mjpg" }', { source: 'ffmpeg:http://10.0.0.1/small.mjpg' }],
  ])('%s', (written, meant) => {
    expect(detectOf(written)).toMatchObject(meant);
  });

  it('of an encoder that pushes may be a stream that it is asked for', () => {
    const pushed = 'source: rtmp, key: abcdefghijklmnop';
    expect(detectOf('{ source: "rtsp://10.0.0.1/2" }', pushed)).toMatchObject({
      source: 'rtsp://10.0.0.1/2',
      frames: 'auto',
    });
  });

  it.each([
    ['{ enabled: off-and-on }', 'cameras[0].detect.enabled', /true or false/],
    ['{ source: rtmp }', 'cameras[0].detect.source', /smaller stream of the same camera/],
    ['{ source: "http://10.0.0.1/x" }', 'cameras[0].detect.source', /smaller stream/],
    ['{ source: "ffmpeg:-i" }', 'cameras[0].detect.source', /smaller stream/],
    ['{ frames: some }', 'cameras[0].detect.frames', /keys, all, auto/],
    ['{ fps: 0 }', 'cameras[0].detect.fps', /from 1 to 30/],
    ['{ fps: 31 }', 'cameras[0].detect.fps', /from 1 to 30/],
    ['{ fps: fast }', 'cameras[0].detect.fps', /from 1 to 30/],
    ['{ frames: keys, fps: 5 }', 'cameras[0].detect.fps', /frames is keys/],
    ['{ stream: 2 }', 'cameras[0].detect.stream', /enabled, source, frames, fps, zones/],
  ])('%s: says what is allowed', (written, key, allowed) => {
    const result = load(written);
    const problem = result.ok ? undefined : result.problems.find((one) => one.key === key);
    expect(problem?.allowed).toMatch(allowed);
  });

  it('shows no password of the smaller stream', () => {
    const result = load('{ source: "http://u:geheim@10.0.0.1/2" }');
    expect(JSON.stringify(result)).toContain('detect.source');
    expect(JSON.stringify(result)).not.toContain('geheim');
  });
});
