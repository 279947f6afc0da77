import { pulledSpec } from '../camera-roster.ts';
import { isRtmp } from '../config/source-kind.ts';
import type { CameraConfig } from '../config/config.ts';
import type { PulledSpec } from '../ingest/camera-source.ts';
import type { CameraReport } from '../inspect/camera-report.ts';
import { LONGEST_TEST_MILLIS, testCamera, USUAL_TEST_MILLIS } from '../inspect/camera-test.ts';
import { testProblem } from '../inspect/test-request.ts';
import { bundledFfmpeg } from '../media/ffmpeg-path.ts';
import { systemClock } from '../time/clock.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { readConfig } from './serve.ts';

interface TestOptions {
  /** A source as in the configuration, or the id of a camera that is there. */
  readonly camera: string | undefined;
  readonly config: string | undefined;
  readonly seconds: string | undefined;
  readonly transcode: boolean;
  readonly ffmpeg: string | undefined;
  readonly json: boolean;
}

/** Watches one camera and says what it is. */
export async function testOneCamera(options: TestOptions): Promise<ExitCode> {
  const millis = options.seconds === undefined ? USUAL_TEST_MILLIS : Number(options.seconds) * 1_000;
  if (!(millis >= 1_000 && millis <= LONGEST_TEST_MILLIS)) {
    return wrong(`--seconds is 1 to ${LONGEST_TEST_MILLIS / 1_000}. Got ${options.seconds}.`);
  }
  if (options.camera === undefined) return wrong('cameras test needs a URL, or --config FILE and an id.');
  const spec = await specOf(options.camera, options);
  if (typeof spec === 'string') return wrong(spec);
  const report = await testCamera(spec, systemClock, millis);
  process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report));
  return report.works ? EXIT.done : EXIT.failed;
}

/** What to test, or why that cannot be said. */
async function specOf(camera: string, options: TestOptions): Promise<PulledSpec | string> {
  let ffmpegPath = options.ffmpeg ?? bundledFfmpeg;
  let configured: Pick<CameraConfig, 'source' | 'rtsp' | 'tls' | 'ffmpeg'> = {
    ...{ source: camera, rtsp: {}, tls: undefined },
    ffmpeg: { input: [], transcode: options.transcode ? 'h264' : undefined },
  };
  if (options.config !== undefined) {
    const config = await readConfig(options.config);
    if (!config) return 'Nothing was tested.';
    const found = config.cameras.find(({ id }) => id === camera);
    if (!found && !/^(?:rtsps?|ffmpeg):/i.test(camera))
      return `There is no camera "${camera}" in ${options.config}.`;
    if (found && isRtmp(found.source))
      return `Camera "${camera}" is pushed to us: its status says whether its encoder does, and there is nothing to be asked.`;
    if (found) configured = found;
    ffmpegPath = options.ffmpeg ?? config.ffmpegPath ?? bundledFfmpeg;
  }
  const spec = pulledSpec(configured, ffmpegPath);
  const problem = testProblem(spec, 'owner');
  return problem === undefined ? spec : `That cannot be tested: ${problem}.`;
}

function wrong(words: string): ExitCode {
  process.stderr.write(`${words} See vigie cameras --help.\n`);
  return EXIT.usedWrongly;
}

function reportText(report: CameraReport): string {
  const { works, address, reason, video, audio, clockOffsetMicros, packetsLost, findings } = report;
  const seconds = (report.watchedMicros / 1e6).toFixed(1);
  const lines = [
    works ? `${address} works; watched for ${seconds} s.` : `${address} does not work. ${reason}`,
  ];
  const say = (what: string, words: string): void => void lines.push(`  ${what.padEnd(12)} ${words}`);
  if (video) {
    lines.push('');
    const size = video.width > 0 ? `${video.width} x ${video.height}` : 'unknown size';
    const rate = `${video.framesPerSecond} pictures/s, ${(video.bitrateBps / 1e6).toFixed(2)} Mbit/s`;
    const name = video.codec === 'h264' ? 'H.264' : 'H.265';
    say('video', `${name}${video.codecs === '' ? '' : ` (${video.codecs})`}, ${size}, ${rate}`);
    const far =
      video.keyFrameMicros === null
        ? 'fewer than two came'
        : `at most ${(video.keyFrameMicros / 1e6).toFixed(1)} s apart`;
    say('key frames', `${far}${video.reordered ? ', with B-frames between them' : ''}`);
    say('sound', audio ? `${audio.codec}, ${audio.sampleRate} Hz, ${audio.channels} channel(s)` : 'none');
    say('clock', clockText(clockOffsetMicros));
    say('lost', `${packetsLost} packets`);
  }
  if (findings.length > 0) {
    lines.push('', 'What is not as it should be:');
    for (const { id, sentence } of findings) lines.push(`  ${(id ?? '-').padEnd(4)} ${sentence}`);
  }
  const remedy = report.configuration.some((line) => line.includes('transcode'));
  if (works || remedy) {
    lines.push('', works ? 'For the configuration:' : 'Perhaps, in the configuration:');
    lines.push(...report.configuration.map((line) => `  ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

function clockText(offsetMicros: number | null): string {
  if (offsetMicros === null) return 'it does not tell';
  const seconds = (Math.abs(offsetMicros) / 1e6).toFixed(1);
  if (seconds === '0.0') return 'as ours';
  return `${seconds} s ${offsetMicros > 0 ? 'ahead of' : 'behind'} ours`;
}
