import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Finding, findingsAbout } from './finding.ts';
import { enabledCameras, type Subject } from './subject.ts';

const ANSWER_MILLIS = 10_000;
const MOST_ANSWER_BYTES = 4 * 1024 * 1024;

const { good, bad } = findingsAbout('ffmpeg');

/** Whether ffmpeg runs, and can do what it is asked for: pictures, motion, cameras that only it opens. */
export async function checkFfmpeg(subject: Subject, bundled: string): Promise<Finding> {
  const { ffmpegPath } = subject.config;
  const path = ffmpegPath ?? bundled;
  const remedy =
    ffmpegPath === undefined
      ? 'Run "npm ci" again, or set ffmpeg.path to that of the system.'
      : 'Set ffmpeg.path to a program that is there, or leave it out: one comes along.';
  const ask = async (args: readonly string[]): Promise<string> => {
    const options = { timeout: ANSWER_MILLIS, maxBuffer: MOST_ANSWER_BYTES, killSignal: 'SIGKILL' } as const;
    return (await promisify(execFile)(path, ['-hide_banner', ...args], options)).stdout;
  };
  let version: string | undefined;
  let codecs: string;
  try {
    version = /^ffmpeg version (\S+)/m.exec(await ask(['-version']))?.[1];
    codecs = `${await ask(['-decoders'])}\n${await ask(['-encoders'])}`;
  } catch (error) {
    return bad(`${path} does not run: ${problemOf(error)}.`, remedy);
  }
  if (version === undefined) return bad(`${path} is a program, and no ffmpeg.`, remedy);
  const transcodes = enabledCameras(subject).some(({ ffmpeg }) => ffmpeg.transcode !== undefined);
  const missing = [
    ...['h264', 'hevc'].filter((name) => !lists(codecs, name)).map((name) => `the decoder ${name}`),
    ...['mjpeg', ...(transcodes ? ['libx264'] : [])]
      .filter((name) => !lists(codecs, name))
      .map((name) => `the encoder ${name}`),
  ];
  if (missing.length > 0) return bad(`ffmpeg ${version} (${path}) lacks ${missing.join(', ')}.`, remedy);
  return good(`ffmpeg ${version} has what is needed.`);
}

/** ` V....D h264   H.264 / AVC …` */
const lists = (codecs: string, name: string): boolean => new RegExp(`^ V\\S{5} ${name} `, 'm').test(codecs);

function problemOf(error: unknown): string {
  // An error of the system has a word as its code, a program that failed its exit code.
  const { code, killed, message } = error as Error & {
    readonly code?: string | number;
    readonly killed?: boolean;
  };
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'it is no program, or may not be run by this user';
  if (killed === true) return `it did not answer within ${ANSWER_MILLIS / 1_000} s`;
  if (typeof code === 'number') return `it ended with ${code}`;
  return message.split('\n', 1)[0] ?? '';
}
