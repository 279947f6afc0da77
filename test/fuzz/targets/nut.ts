import { NutReader } from '../../../src/ffmpeg/nut-reader.ts';
import type { NutStream } from '../../../src/ffmpeg/nut-headers.ts';
import { audioCodec, RemuxedAudio } from '../../../src/ffmpeg/remuxed-audio.ts';
import { RemuxedVideo, videoCodec, videoName } from '../../../src/ffmpeg/remuxed-video.ts';
import { Dice } from '../dice.ts';
import { CheckedHub } from '../support/checked-hub.ts';
import { type FuzzTarget, hold } from '../target.ts';

const FRAME_MICROS = 20_000;

/** Reads in pieces, each in a buffer that is overwritten afterwards, and records what there is. */
function read(bytes: Buffer, cuts: readonly number[]): string {
  const checked = new CheckedHub();
  const found: string[] = [];
  let video: { readonly id: number; readonly writer: RemuxedVideo } | undefined;
  let audio: { readonly id: number; readonly writer: RemuxedAudio } | undefined;
  const begin = (stream: NutStream): void => {
    found.push(`${stream.id} ${stream.kind} ${videoName(stream)}`);
    const codec = videoCodec(stream);
    const sound = audioCodec(stream);
    if (stream.kind === 'video' && codec) {
      video ??= { id: stream.id, writer: new RemuxedVideo(stream, codec, checked.hub) };
    }
    if (sound) audio ??= { id: stream.id, writer: new RemuxedAudio(stream, sound, checked.hub) };
  };
  const reader = new NutReader({
    streams: (streams) => streams.forEach(begin),
    frame: (stream, pts, key, buffer, start, end) => {
      hold(start >= 0 && start <= end && end <= buffer.length, 'a frame is in its buffer');
      hold(Number.isFinite(pts), 'a frame has a time');
      found.push(`${stream.id} ${pts} ${key} ${buffer.toString('latin1', start, end)}`);
      checked.wait(FRAME_MICROS);
      if (stream.id === video?.id) video.writer.frame(pts, key, buffer, start, end);
      if (stream.id === audio?.id) audio.writer.frame(pts, buffer, start, end);
    },
  });
  const shared = Buffer.alloc(bytes.length);
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    const length = bytes.copy(shared, 0, at, cut);
    const problem = reader.read(shared.subarray(0, length));
    shared.fill(0xcc, 0, length);
    if (problem !== undefined) {
      hold(/^[ -~]{5,80}$/.test(problem), 'what is wrong is said');
      found.push(problem);
      break;
    }
    at = cut;
  }
  checked.finish();
  return found.join('\n');
}

/** What ffmpeg writes to its pipe. */
export const target: FuzzTarget = {
  name: 'nut',
  cost: 4,
  tokens: [
    'nut/multimedia container\0',
    'NM\x7aV',
    'NS\x11@',
    'NK\xe4\xad',
    'H264',
    'HEVC',
    'mp4a',
    'alaw',
    'PSD\x10',
    'Opus',
  ].map((token) => Buffer.from(token, 'latin1')),
  run(bytes) {
    const dice = new Dice(bytes.length);
    const cuts = Array.from({ length: dice.below(12) }, () => dice.below(bytes.length + 1)).toSorted(
      (a, b) => a - b,
    );
    hold(read(bytes, cuts) === read(bytes, []), `cut at ${cuts.join()} it is another`);
  },
};
