import { placeOf } from '../ffmpeg/ffmpeg-input.ts';
import {
  createSourceMemory,
  openSource,
  type PulledSpec,
  type SourceFailure,
} from '../ingest/camera-source.ts';
import { RtmpInbox } from '../rtmp/rtmp-inbox.ts';
import { parseRtspUrl } from '../rtsp/url.ts';
import type { Clock } from '../time/clock.ts';
import { configurationFor } from './camera-configuration.ts';
import { type AudioReport, type CameraReport, Findings } from './camera-report.ts';
import { MediaObserver } from './media-observer.ts';
import { RtspObserver } from './rtsp-observer.ts';

const READ_BUFFER_BYTES = 64 * 1024;
/** For connecting, and for each answer of the camera. */
const ANSWER_MILLIS = 8_000;
/** From the first attempt to the end, whatever the camera does. */
export const LONGEST_TEST_MILLIS = 20_000;
export const USUAL_TEST_MILLIS = 10_000;
const TICK_MILLIS = 100;
const SOURCE_TICK_MICROS = 1_000_000;
/** Browsers and players can begin at key frames only, and a crash costs what came since the last. */
const LONG_GOP_MICROS = 4_000_000;
const CLOCK_OFF_MICROS = 2_000_000;

/**
 * Watches a camera for a while with the very client that would record it, and says what it is and what is wrong with it.
 * Always comes to an end, and throws nothing.
 * @param mediaMillis how long to watch, from the first picture
 */
export async function testCamera(
  spec: PulledSpec,
  clock: Clock,
  mediaMillis: number = USUAL_TEST_MILLIS,
): Promise<CameraReport> {
  const address = addressOf(spec);
  if (address === undefined) throw new Error('A camera is to be tested whose source is no RTSP URL.');
  const findings = new Findings();
  const media = new MediaObserver(clock);
  const readBuffer = Buffer.alloc(READ_BUFFER_BYTES);
  const observer = spec.kind === 'rtsp' ? new RtspObserver(readBuffer, findings) : undefined;
  let ended: SourceFailure | undefined;
  const began = clock.mono();
  // Sound is asked for, to see whether there is any; it is not kept.
  const order = { cameraNo: 0, source: spec, audio: true };
  const rtmp = new RtmpInbox();
  const tools = { readBuffer, rtmp, timeoutMillis: ANSWER_MILLIS, udpPorts: undefined };
  const source = openSource(order, tools, createSourceMemory(), media, {
    onBytes(bytes) {
      media.arrivalWall = clock.wall();
      media.arrivalMono = clock.mono();
      observer?.arrived(bytes);
    },
    onEnd(failure) {
      ended = failure;
    },
  });
  const late = sleep(LONGEST_TEST_MILLIS);
  const failed = await Promise.race([source.play(), late.then(() => tooSlow(address))]);
  if (!failed) {
    await watch(() => {
      const now = clock.mono();
      if (ended !== undefined || now - began > LONGEST_TEST_MILLIS * 1_000) return false;
      // Without a picture, or one to begin with, it is watched for just as long.
      return now - (media.firstAt < 0 ? began : media.firstAt) < mediaMillis * 1_000;
    }, source);
  }
  const { packetsLost } = source;
  const clockOffsetMicros = media.senderClock.reading(clock.mono(), clock.wall())?.offsetMicros ?? null;
  source.stop();
  late.cancel();
  observer?.finish(media.watchedMicros);
  judge(media, findings, clockOffsetMicros, spec.kind === 'rtsp');
  const problem = failed ?? whatIsMissing(media, ended, mediaMillis);
  return {
    works: problem === undefined,
    address,
    reason: problem ? sentence(problem.reason) : '',
    cause: problem?.cause ?? null,
    watchedMicros: media.watchedMicros,
    video: media.report() ?? null,
    audio: audioOf(media) ?? observer?.audio ?? null,
    clockOffsetMicros,
    packetsLost,
    findings: findings.list(),
    configuration: configurationFor(spec, problem?.reason ?? ''),
  };
}

type Problem = { readonly cause: NonNullable<CameraReport['cause']>; readonly reason: string };

const tooSlow = (address: string): Problem => ({
  ...{ cause: 'offline', reason: `${address} has not begun after ${LONGEST_TEST_MILLIS / 1_000} s` },
});

function whatIsMissing(
  media: MediaObserver,
  ended: SourceFailure | undefined,
  mediaMillis: number,
): Problem | undefined {
  const seconds = `${Math.round(mediaMillis / 100) / 10} s`;
  if (media.pictures === 0) {
    return ended ?? { cause: 'no-video', reason: `the camera plays but sends no picture in ${seconds}` };
  }
  if (!media.config) {
    const reason = `pictures come, but in ${seconds} not the parameter sets to decode them`;
    return { cause: 'no-keyframe', reason };
  }
  if (media.keyPictures === 0) {
    return { cause: 'no-keyframe', reason: `pictures come, but no key frame in ${seconds} to begin with` };
  }
  return undefined;
}

/** What the pictures and the clock give away. */
function judge(
  media: MediaObserver,
  findings: Findings,
  clockOffsetMicros: number | null,
  hasDescription: boolean,
): void {
  const report = media.report();
  if (!report) return;
  const gop = report.keyFrameMicros ?? (media.keyPictures === 1 ? media.watchedMicros : 0);
  if (gop > LONG_GOP_MICROS) {
    const seconds = `${report.keyFrameMicros === null ? 'more than ' : ''}${Math.floor(gop / 100_000) / 10} s`;
    findings.add(
      'J32',
      `Key frames are ${seconds} apart: set 2 s at the camera (I-frame interval) and switch "smart" codecs off, or playback starts slowly.`,
    );
  }
  if (hasDescription && media.described && media.keyPictures > 1 && media.setsInStream === 0) {
    findings.add(
      'J23',
      'Its parameter sets are in the description only, never in the stream; they are kept.',
    );
  }
  if (hasDescription && media.setsChanged) {
    findings.add(
      'J26',
      'The parameter sets in the stream are others than in its description; those of the stream count.',
    );
  }
  if (media.jumps > 0)
    findings.add('I15', 'Its timestamps jump; recordings go on, with times that were put right.');
  if (media.damaged > 0) {
    findings.add(null, `${media.damaged} pictures were incomplete and would have been left out.`);
  }
  if (media.config && report.width === 0) {
    findings.add(
      'J29',
      'Its sequence parameter set cannot be read, so its size is not known; it is recorded all the same.',
    );
  }
  if (clockOffsetMicros !== null && Math.abs(clockOffsetMicros) > CLOCK_OFF_MICROS) {
    const seconds = Math.abs(clockOffsetMicros) / 1e6;
    const far = seconds > 86_400 ? `${Math.round(seconds / 86_400)} days` : `${Math.round(seconds)} s`;
    findings.add(
      'I12',
      `Its clock is ${far} ${clockOffsetMicros > 0 ? 'fast' : 'slow'}: give it a time server (NTP). Recordings are dated by ours.`,
    );
  }
}

function audioOf({ audio }: MediaObserver): AudioReport | undefined {
  if (!audio) return undefined;
  return { codec: audio.codec.toUpperCase(), sampleRate: audio.sampleRate, channels: audio.channels };
}

/** Without user and password; `undefined` when it is no address. */
function addressOf(spec: PulledSpec): string | undefined {
  return spec.kind === 'rtsp' ? parseRtspUrl(spec.url)?.redacted : `ffmpeg:${placeOf(spec.location)}`;
}

/** Lets it play as long as `goOn` says so. */
function watch(goOn: () => boolean, source: ReturnType<typeof openSource>): Promise<void> {
  return new Promise((resolve) => {
    let tickAt = 0;
    const timer = setInterval(() => {
      if (!goOn()) {
        clearInterval(timer);
        resolve();
        return;
      }
      const now = performance.now() * 1_000;
      if (now < tickAt) return;
      tickAt = now + SOURCE_TICK_MICROS;
      source.tick(Math.round(now) as Parameters<typeof source.tick>[0]);
    }, TICK_MILLIS);
  });
}

function sleep(millis: number): Promise<void> & { cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, millis);
  });
  return Object.assign(promise, { cancel: () => clearTimeout(timer) });
}

const sentence = (reason: string): string => `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
