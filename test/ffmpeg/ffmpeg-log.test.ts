import { describe, expect, it } from 'vitest';
import { FfmpegLog } from '../../src/ffmpeg/ffmpeg-log.ts';

const LOCATION = 'http://viewer:ge%23heim-Wort@10.0.1.40:8080/video/viewer.mjpg?token=sesam-oeffne';
const input = { location: LOCATION, options: ['-headers', 'X-Key: streng-geheim'] };

function reasonOf(lines: readonly string[], location = LOCATION): string {
  const log = new FfmpegLog({ ...input, location });
  for (const line of lines) log.write(`${line}\n`);
  return log.failure(1, null).reason;
}

describe('what ffmpeg says', () => {
  it.each([
    ['[http @ 0x5] [error] HTTP error 401 Unauthorized', 'credentials', /refuses the password$/],
    ['[rtsp @ 0x5] [error] method DESCRIBE failed: 401 Unauthorized', 'credentials', /refuses the password$/],
    ['[http @ 0x5] [error] HTTP error 404 Not Found', 'not-found', /has no such stream$/],
    [
      '[tcp @ 0x5] [error] Connection to tcp://10.0.1.40:8080 failed: Connection refused',
      'offline',
      /refuses the/,
    ],
    [
      '[tcp @ 0x5] [error] Failed to resolve hostname 10.0.1.40: Name or service not known',
      'offline',
      /name of/,
    ],
    [`[error] ${LOCATION}: Connection timed out`, 'offline', /does not answer$/],
    [
      `[error] ${LOCATION}: Invalid data found when processing input`,
      'protocol',
      /nothing that ffmpeg knows$/,
    ],
    ["[hls @ 0x5] [error] Protocol 'file' not on whitelist 'http,tcp'!", 'protocol', /not allowed to open$/],
  ])('%s', (line, cause, reason) => {
    const log = new FfmpegLog(input);
    log.write(`${line}\n`);
    expect(log.failure(1, null)).toMatchObject({ cause, reason: expect.stringMatching(reason) });
    expect(log.failure(1, null).reason).toContain('10.0.1.40:8080');
  });

  it('names where it was looked for without user, password or path, whatever ffmpeg repeats', () => {
    const said = [
      `[error] Something about ${LOCATION}: strange thing`,
      '[error] and ge%23heim-Wort or ge#heim-Wort and sesam-oeffne and X-Key: streng-geheim of viewer',
      '[error] see http://other:passwort@10.0.1.41/live/secretpath for more: odd',
    ];
    for (const line of said) {
      const reason = reasonOf([line]);
      expect(reason).toMatch(/^ffmpeg says of http:\/\/10\.0\.1\.40:8080: /);
      expect(reason).not.toMatch(/heim|sesam|streng|passwort|secretpath|video/);
    }
  });

  it('words in the address itself mean nothing', () => {
    const location = '/srv/404 Not Found/Connection refused.mp4';
    expect(reasonOf([`[error] ${location}: Operation not permitted`], location)).toBe(
      'ffmpeg says of Connection refused.mp4: Connection refused.mp4: Operation not permitted',
    );
  });

  it('a stream that ends, a process that is killed', () => {
    expect(new FfmpegLog(input).failure(0, null).reason).toBe('http://10.0.1.40:8080 came to its end');
    expect(new FfmpegLog(input).failure(null, 'SIGKILL').reason).toBe('ffmpeg was ended by SIGKILL');
    expect(new FfmpegLog(input).failure(69, null).reason).toBe('ffmpeg ended with 69 and said nothing');
  });

  it('knows what was opened, however the lines are cut', () => {
    const said = [
      "[info] Input #0, hls, from 'http://10.0.1.40/live':",
      '[info]   Duration: 00:00:08.00, start: 0.000000, bitrate: 0 kb/s',
      '[info]     Stream #0:0: Video: h264 (High), yuv420p',
    ].join('\n');
    const log = new FfmpegLog(input);
    for (const character of `${said}\n`) {
      expect(log.described).toBe(false);
      log.write(character);
    }
    expect(log).toMatchObject({ format: 'hls', finite: true, described: true });
  });

  it('keeps one line at most, whatever comes', () => {
    const log = new FfmpegLog(input);
    for (let i = 0; i < 100; i++) log.write('[error] x'.repeat(10_000));
    expect(log.failure(1, null).reason.length).toBeLessThan(400);
  });
});
