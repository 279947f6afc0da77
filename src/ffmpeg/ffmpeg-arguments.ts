import { type FfmpegInput, protocolsFor } from './ffmpeg-input.ts';

/** How ffmpeg is run for one viewing. */
export interface FfmpegMode {
  /** Reads no faster than the pictures are to be shown: for what has no speed of its own. */
  readonly paced: boolean;
  /** Pictures become H.264; otherwise they stay as they are. */
  readonly transcode: boolean;
  /** Pictures have no times of their own (MJPEG over HTTP): each gets that of its arrival. */
  readonly untimed: boolean;
}

/** How much ffmpeg looks at, at most, before it says what it is. What it looked at is recorded all the same. */
const PROBE_BYTES = 5_000_000;
const PROBE_MICROS = 3_000_000;
/** Sound that lags, or never comes, holds up the pictures for so long at most; 10 s if nothing is said (K5). */
const INTERLEAVE_MICROS = 100_000;
const KEY_FRAME_SECONDS = 2;

/**
 * The command line, never seen by a shell. The admin's options come after ours, so that they prevail.
 * `-fflags nobuffer` is left out: it throws away what was looked at, and with it the first pictures.
 */
export function ffmpegArguments(input: FfmpegInput, mode: FfmpegMode): string[] {
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'level+info'],
    ...['-protocol_whitelist', protocolsFor(input.location)],
    ...['-probesize', `${PROBE_BYTES}`, '-analyzeduration', `${PROBE_MICROS}`],
    ...(mode.paced ? ['-re'] : []),
    ...input.options,
    ...['-i', input.location],
    ...['-map_metadata', '-1', '-sn', '-dn', '-c:a', 'copy'],
    ...(mode.transcode ? encoderArguments(mode.untimed) : ['-c:v', 'copy']),
    ...['-max_interleave_delta', `${INTERLEAVE_MICROS}`, '-flush_packets', '1', '-write_index', '0'],
    ...['-f', 'nut', 'pipe:1'],
  ];
}

/**
 * The encoder counts in ticks, so that no picture is moved, doubled or dropped; and as an x264 of 2018 takes ticks for
 * pictures a second and announces a level that no decoder has, it is told a usual number of them.
 */
function encoderArguments(untimed: boolean): string[] {
  const now = 'settb=1/90000,setpts=(RTCTIME-RTCSTART)*9/100';
  return [
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
    ...['-threads', '2', '-enc_time_base', '1:90000', '-x264-params', 'fps=25/1'],
    ...(untimed ? ['-vf', now] : []),
    ...['-force_key_frames', `expr:gte(t,n_forced*${KEY_FRAME_SECONDS})`],
  ];
}
