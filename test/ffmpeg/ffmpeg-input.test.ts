import { describe, expect, it } from 'vitest';
import { ffmpegArguments } from '../../src/ffmpeg/ffmpeg-arguments.ts';
import { locationProblem, placeOf, protocolsFor } from '../../src/ffmpeg/ffmpeg-input.ts';
import { failure } from '../../src/ffmpeg/failure.ts';
import { FfmpegSource } from '../../src/ffmpeg/ffmpeg-source.ts';
import { bundledFfmpeg } from '../../src/media/ffmpeg-path.ts';
import { EventSink } from '../support/event-sink.ts';

const PLAIN = { paced: false, transcode: false, untimed: false };

describe('what ffmpeg is given to open', () => {
  it.each([
    ['http://viewer:secret@10.0.1.40/video.mjpg?key=secret', 'http://10.0.1.40'],
    ['http://viewer:se/cret@10.0.1.40:81/video', 'http://10.0.1.40:81'],
    ['http://viewer:se@cret@10.0.1.40:81/video', 'http://10.0.1.40:81'],
    ['srt://10.0.1.40:9000?passphrase=secret', 'srt://10.0.1.40:9000'],
    ['rtsp://[fe80::1]:554/secret', 'rtsp://[fe80::1]:554'],
    ['http://10.0.1.40/live@main', 'http://10.0.1.40'],
    ['/srv/clips/street.mp4', 'street.mp4'],
    ['file:///srv/clips/street.mp4', 'street.mp4'],
  ])('%s is %s to people', (location, place) => {
    expect(placeOf(location)).toBe(place);
  });

  it('an option in place of an address is refused', async () => {
    expect(locationProblem('-f')).toMatch(/option/);
    expect(locationProblem('')).toBeDefined();
    expect(locationProblem('http://10.0.1.40/\nx')).toBeDefined();
    const source = new FfmpegSource({
      ...{ ffmpegPath: bundledFfmpeg, input: { location: '-version', options: [] }, transcode: false },
      ...{ sink: new EventSink(), onBytes: () => undefined, onEnd: () => undefined },
    });
    expect(await source.play()).toEqual(
      failure('protocol', 'the source begins with "-", which ffmpeg would take for an option'),
    );
    expect(source.pid).toBeUndefined();
  });

  it('the network may not lead to files, nor files to the network, unless the admin says so', () => {
    const network = protocolsFor('http://10.0.1.40/live.m3u8').split(',');
    expect(network).not.toContain('file');
    expect(network).not.toContain('subfile');
    expect(network).not.toContain('pipe');
    expect(protocolsFor('/srv/list.m3u8').split(',')).not.toContain('http');
    const args = ffmpegArguments(
      { location: '/srv/list.m3u8', options: ['-protocol_whitelist', 'file,http,tcp'] },
      PLAIN,
    );
    expect(args.lastIndexOf('-protocol_whitelist')).toBeGreaterThan(args.indexOf('-protocol_whitelist'));
    expect(args.lastIndexOf('-protocol_whitelist')).toBeLessThan(args.indexOf('-i'));
  });

  it('the address is one argument, whatever is in it', () => {
    const location = '/srv/a b; rm -rf $HOME `id` "x".mp4';
    const args = ffmpegArguments({ location, options: [] }, PLAIN);
    expect(args[args.indexOf('-i') + 1]).toBe(location);
  });
});
