import type { AudioConfig } from '../audio-config.ts';
import { BitReader } from '../bit-reader.ts';

/** Rate of each `samplingFrequencyIndex` (ISO/IEC 14496-3 table 1.18); 15 means that it is written out. */
const RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
] as const;
const WRITTEN_OUT = 15;
/** Channels of each `channelConfiguration` (table 1.19); 0 means that a program config element tells. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8] as const;

const LOW_COMPLEXITY = 2;
const SBR = 5;
const PARAMETRIC_STEREO = 29;
const LOW_DELAY = 23;
const ENHANCED_LOW_DELAY = 39;
const ESCAPE = 31;
/** What can be recorded as frames of a fixed length: Main, LC, SSR, LTP, scalable, and the low-delay ones. */
const PLAIN_TYPES: ReadonlySet<number> = new Set([1, 2, 3, 4, 6, 17, 19, 20, LOW_DELAY, ENHANCED_LOW_DELAY]);
/** Real ones have 2 to 7 bytes, with a program config element a few dozen. */
const MAX_CONFIG_BYTES = 256;
const MAX_RATE = 192_000;
const MAX_CHANNELS = 16;

/** What an AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1) says. */
export interface AacConfig {
  /** As it is announced: 2 = LC, 5 = HE-AAC (with SBR), 29 = HE-AAC v2. */
  readonly objectType: number;
  /** Of the core: with SBR the decoder puts out twice as many. */
  readonly sampleRate: number;
  /** What comes out with SBR, where it is announced; else the same as `sampleRate`. */
  readonly outputRate: number;
  readonly channels: number;
  /** At `sampleRate`. */
  readonly samplesPerFrame: number;
}

/** Reads one; `undefined` when it is cut short or is of a kind that is not recorded. Never throws. */
export function parseAudioSpecificConfig(bytes: Uint8Array): AacConfig | undefined {
  return bytes.length > MAX_CONFIG_BYTES ? undefined : readAudioSpecificConfig(new BitReader(bytes));
}

/** The same in the middle of other bits (LATM). */
export function readAudioSpecificConfig(bits: BitReader): AacConfig | undefined {
  const objectType = readObjectType(bits);
  const sampleRate = readRate(bits);
  const channelConfiguration = bits.bits(4);
  let coreType = objectType;
  let outputRate = sampleRate;
  if (objectType === SBR || objectType === PARAMETRIC_STEREO) {
    outputRate = readRate(bits);
    coreType = readObjectType(bits);
  }
  if (!PLAIN_TYPES.has(coreType)) return undefined;
  const shortFrames = bits.flag();
  let samplesPerFrame = shortFrames ? 960 : 1024;
  let channels: number = CHANNELS[channelConfiguration] ?? 0;
  if (coreType === ENHANCED_LOW_DELAY) {
    samplesPerFrame = shortFrames ? 480 : 512;
  } else {
    if (coreType === LOW_DELAY) samplesPerFrame = shortFrames ? 480 : 512;
    if (bits.flag()) bits.skip(14); // depends on a core coder, with so much delay
    bits.skip(1); // extension flag
    if (channelConfiguration === 0) channels = readProgramChannels(bits);
  }
  const sane = sampleRate > 0 && sampleRate <= MAX_RATE && channels > 0 && channels <= MAX_CHANNELS;
  if (bits.overrun || !sane) return undefined;
  return { objectType, sampleRate, outputRate: outputRate || sampleRate, channels, samplesPerFrame };
}

/** The shortest one that says this: what ADTS says, or what must be assumed where a camera says nothing. */
export function buildAudioSpecificConfig(
  sampleRate: number,
  channels: number,
  objectType: number = LOW_COMPLEXITY,
): Uint8Array {
  const index = RATES.indexOf(sampleRate as (typeof RATES)[number]);
  const configuration = Math.max(0, CHANNELS.indexOf(channels as (typeof CHANNELS)[number]));
  if (index >= 0) {
    const bits = (objectType << 11) | (index << 7) | (configuration << 3);
    return Uint8Array.of(bits >> 8, bits & 0xff);
  }
  const head = (objectType << 4) | WRITTEN_OUT;
  // 5 + 4 bits, 24 of rate, 4 of channels, 3 zeros: 40.
  return Uint8Array.of(
    head >> 1,
    ((head & 1) << 7) | (sampleRate >> 17),
    (sampleRate >> 9) & 0xff,
    (sampleRate >> 1) & 0xff,
    ((sampleRate & 1) << 7) | (configuration << 3),
  );
}

/** What a player is told of AAC. */
export function aacAudioConfig(aac: AacConfig, decoderConfig: Uint8Array, clockRate: number): AudioConfig {
  return {
    codec: 'aac',
    codecs: `mp4a.40.${aac.objectType}`,
    sampleRate: aac.sampleRate,
    channels: aac.channels,
    clockRate,
    sharesVideoClock: false,
    samplesPerFrame: aac.samplesPerFrame,
    bytesPerSample: 0,
    decoderConfig,
  };
}

/** Rate of an index, as ADTS has it; 0 when there is none. */
export const aacRate = (index: number): number => RATES[index] ?? 0;

export const aacChannels = (configuration: number): number => CHANNELS[configuration] ?? 0;

function readObjectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === ESCAPE ? 32 + bits.bits(6) : type;
}

function readRate(bits: BitReader): number {
  const index = bits.bits(4);
  return index === WRITTEN_OUT ? bits.bits(24) : aacRate(index);
}

/** `program_config_element` (section 4.4.1.1) as far as its channels. */
function readProgramChannels(bits: BitReader): number {
  bits.skip(10); // tag, object type, rate
  const front = bits.bits(4);
  const side = bits.bits(4);
  const back = bits.bits(4);
  const lowFrequency = bits.bits(2);
  bits.skip(7); // associated data, coupling channels
  for (const extra of [4, 4, 3]) if (bits.flag()) bits.skip(extra); // mixdowns
  let channels = lowFrequency;
  for (let element = 0; element < front + side + back; element++) {
    channels += bits.flag() ? 2 : 1;
    bits.skip(4);
  }
  return channels;
}
