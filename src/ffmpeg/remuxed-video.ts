import { parseAvcC } from '../media/h264/decoder-config.ts';
import { parseHvcC } from '../media/h265/decoder-config.ts';
import type { VideoSink } from '../media/access-unit-sink.ts';
import { ParameterSets } from '../media/parameter-sets.ts';
import { MEDIA_TICKS_PER_SECOND } from '../time/units.ts';
import { ANNEX_B, visitNals } from './nal-units.ts';
import type { NutStream } from './nut-headers.ts';

/** Tags of what is recorded: those of a broadcast, of a file, of RTSP, as ffmpeg passes them on. */
const CODECS: ReadonlyMap<string, 'h264' | 'h265'> = new Map([
  ...['H264', 'h264', 'X264', 'x264', 'avc1', 'DAVC'].map((tag) => [tag, 'h264'] as const),
  ...['HEVC', 'hevc', 'H265', 'h265'].map((tag) => [tag, 'h265'] as const),
]);
/** Names for people, of what browsers cannot play. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ...['MJPG', 'mjpg', 'jpeg', 'JPEG', 'LJPG', 'AVRn'].map((tag) => [tag, 'MJPEG'] as const),
  ...['FMP4', 'mp4v', 'XVID', 'DIVX', 'MP4S'].map((tag) => [tag, 'MPEG-4 Visual'] as const),
  ...['mpg2', 'MPG2', 'm2v1', '\u0002\0\0\u0010'].map((tag) => [tag, 'MPEG-2'] as const),
  ['VP80', 'VP8'],
  ['VP90', 'VP9'],
  ['AV01', 'AV1'],
]);

export const videoCodec = (stream: NutStream): 'h264' | 'h265' | undefined => CODECS.get(stream.tag);

export function videoName({ tag }: NutStream): string {
  return NAMES.get(tag) ?? (/^[!-~]{4}$/.test(tag) ? tag : 'a codec without a name');
}

/** Writes the pictures of one stream to a sink, in the order in which they are decoded. */
export class RemuxedVideo {
  readonly #sink: VideoSink;
  readonly #codec: 'h264' | 'h265';
  readonly #lengthBytes: number;
  /** Ticks of 90 kHz in a step of the stream's clock, as a fraction in lowest terms: exact over years. */
  readonly #factor: number;
  readonly #divisor: number;
  #written = false;
  #hasSlice = false;

  /** Begins the stream at the sink. */
  constructor(stream: NutStream, codec: 'h264' | 'h265', sink: VideoSink) {
    const { numerator, denominator } = stream.timeBase;
    const factor = numerator * MEDIA_TICKS_PER_SECOND;
    const common = greatestCommonDivisor(factor, denominator);
    this.#factor = factor / common;
    this.#divisor = denominator / common;
    this.#sink = sink;
    this.#codec = codec;
    const sets = new ParameterSets(codec);
    this.#lengthBytes = readDecoderConfig(codec, stream.decoderConfig, sets);
    sink.begin(sets);
  }

  frame(pts: number, key: boolean, source: Buffer, start: number, end: number): void {
    this.#written = false;
    this.#hasSlice = false;
    const whole = visitNals(source, start, end, this.#lengthBytes, this.#nal);
    if (whole && this.#hasSlice) {
      const ticks = Math.round((pts * this.#factor) / this.#divisor) % 2 ** 32;
      this.#sink.endAccessUnit(ticks < 0 ? ticks + 2 ** 32 : ticks, key);
    } else if (this.#written) {
      this.#sink.abandonAccessUnit();
    }
  }

  readonly #nal = (source: Buffer, start: number, end: number): void => {
    const first = source[start] as number;
    const type = this.#codec === 'h264' ? first & 0x1f : (first >> 1) & 0x3f;
    if (this.#codec === 'h264' ? type === 7 || type === 8 : type >= 32 && type <= 34) {
      this.#sink.parameterSet(source, start, end);
      return;
    }
    if (this.#codec === 'h264' ? type >= 1 && type <= 5 : type < 32) this.#hasSlice = true;
    this.#written = true;
    this.#sink.beginNal();
    this.#sink.write(source, start, end);
    this.#sink.endNal();
  };
}

/** Puts the sets in; returns the bytes of each NAL unit's length, or `ANNEX_B`. */
function readDecoderConfig(codec: 'h264' | 'h265', config: Buffer, sets: ParameterSets): number {
  if (config[0] !== 1) {
    if (config.length > 0) {
      visitNals(config, 0, config.length, ANNEX_B, (source, start, end) => {
        sets.put(source.subarray(start, end));
      });
    }
    return ANNEX_B;
  }
  if (codec === 'h264') {
    const parsed = parseAvcC(config);
    for (const nal of [...(parsed?.sps ?? []), ...(parsed?.pps ?? [])]) sets.put(nal);
    return parsed?.lengthBytes ?? 4;
  }
  const parsed = parseHvcC(config);
  for (const nal of parsed?.arrays.flatMap(({ nals }) => nals) ?? []) sets.put(nal);
  return parsed?.lengthBytes ?? 4;
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return x;
}
