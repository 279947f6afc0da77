import {
  type AacConfig,
  aacAudioConfig,
  buildAudioSpecificConfig,
  parseAudioSpecificConfig,
} from '../media/aac/audio-specific-config.ts';
import { type AudioConfig, uncompressedConfig } from '../media/audio-config.ts';
import { opusConfig } from '../media/opus.ts';
import { aacClockRate } from './aac-clock.ts';
import type { AacPacking } from './audio-depacketizer-aac.ts';
import { type LatmPacking, parseStreamMuxConfig } from './audio-depacketizer-latm.ts';
import type { Sdp, SdpMedia, SdpPayload } from './sdp.ts';

/** The sound of a session that will be recorded beside its video. */
export interface AudioMedia {
  readonly kind: 'audio';
  readonly media: SdpMedia;
  readonly payload: SdpPayload;
  readonly config: AudioConfig;
  /** How frames lie in packets; `plain`: one is the other. */
  readonly packing: AacPacking | LatmPacking | { readonly kind: 'plain' };
}

export interface NoAudio {
  readonly kind: 'none';
  /** Part of a sentence for a person, without its full stop. */
  readonly reason: string;
}

type Choice = Pick<AudioMedia, 'config' | 'packing'>;

const MAX_RATE = 192_000;
const MAX_CHANNELS = 8;
const MAX_CONFIG_DIGITS = 512;
const RECORDED = 'AAC, G.711, L16 and Opus are recorded';

/** Picks the first sound that can be recorded, or says why there is none. It is never a reason not to record video. */
export function chooseAudio(sdp: Sdp): AudioMedia | NoAudio {
  const audios = sdp.medias.filter((media) => media.kind === 'audio' && !media.isBackChannel);
  const reasons: string[] = [];
  for (const media of audios) {
    for (const payload of media.payloads) {
      const choice = choiceOf(payload);
      if (typeof choice !== 'string') return { kind: 'audio', media, payload, ...choice };
      reasons.push(choice);
    }
  }
  // Comfort noise and tones come beside the sound itself, so the first reason is the one that counts.
  return none(reasons[0] ?? 'the camera offers no sound');
}

/** What it takes to record it, or why it cannot be. */
function choiceOf(payload: SdpPayload): Choice | string {
  const { encoding, clockRate, channels } = payload;
  if (clockRate > MAX_RATE || channels > MAX_CHANNELS) {
    return `the camera offers sound of ${clockRate} Hz and ${channels} channels, which is more than is recorded`;
  }
  switch (encoding) {
    case 'PCMA':
      return plain(uncompressedConfig('alaw', clockRate, channels));
    case 'PCMU':
      return plain(uncompressedConfig('ulaw', clockRate, channels));
    case 'L16':
      return plain(uncompressedConfig('twos', clockRate, channels));
    case 'PCM':
      // Hikvision's own name for samples in the order of its processor (E20).
      return plain(uncompressedConfig('sowt', clockRate, channels));
    case 'OPUS':
      return plain(opusConfig(payload.fmtp.get('sprop-stereo') === '1' ? 2 : channels));
    case 'MPEG4-GENERIC':
      return aacChoice(payload);
    case 'MP4A-LATM':
      return latmChoice(payload);
    default:
      return `the camera offers sound as ${nameOf(payload)}, which is not recorded; ${RECORDED}`;
  }
}

/** AAC by RFC 3640. Modes come in every spelling, `AAC_hbr` among them (E28). */
function aacChoice({ fmtp, clockRate, channels }: SdpPayload): Choice | string {
  const low = /lbr/i.test(fmtp.get('mode') ?? '');
  if (/celp/i.test(fmtp.get('mode') ?? ''))
    return `the camera offers sound as CELP, which is not recorded; ${RECORDED}`;
  for (const key of ['ctsdeltalength', 'dtsdeltalength', 'auxiliarydatasizelength']) {
    if (numberOf(fmtp.get(key)) ?? 0) return `the camera sends AAC with ${key}, which is not supported`;
  }
  const told = hexBytes(fmtp.get('config'));
  const aac = told && parseAudioSpecificConfig(told);
  if (told && !aac) return 'the camera offers AAC of a kind that is not recorded';
  const decoderConfig = told ?? assumedConfig(clockRate, channels);
  const known = aac ?? parseAudioSpecificConfig(decoderConfig);
  if (!known) return `the camera offers AAC of ${clockRate} Hz without a configuration`;
  const sizeLength = numberOf(fmtp.get('sizelength')) || (low ? 6 : 13);
  if (sizeLength > 16) return 'the camera sends AAC frames with a size that is too long to be one';
  return {
    config: aacAudioConfig(known, decoderConfig, clockOf(known, clockRate)),
    packing: {
      kind: 'aac',
      sizeLength,
      indexLength: low ? (numberOf(fmtp.get('indexlength')) ?? 2) : numberOf(fmtp.get('indexlength')),
      indexDeltaLength: low
        ? (numberOf(fmtp.get('indexdeltalength')) ?? 2)
        : numberOf(fmtp.get('indexdeltalength')),
      clockRate,
    },
  };
}

/**
 * AAC by RFC 6416, with its configuration in the session description. In the stream (`cpresent=1`) it would have to be
 * looked for in bits that are aligned to nothing, and no camera is known that does it.
 */
function latmChoice({ fmtp, clockRate }: SdpPayload): Choice | string {
  const told = hexBytes(fmtp.get('config'));
  if (!told || fmtp.get('cpresent') === '1') {
    return 'the camera offers AAC in LATM with its configuration in the stream, which is not supported';
  }
  const mux = parseStreamMuxConfig(told);
  if (!mux) return 'the camera offers AAC in LATM of a kind that is not recorded';
  const { aac, framesPerElement } = mux;
  // It stands in the middle of a byte there: said anew, with SBR left for the decoder to find, as it does.
  const plainType = aac.objectType === 5 || aac.objectType === 29 ? 2 : aac.objectType;
  const decoderConfig = buildAudioSpecificConfig(aac.sampleRate, aac.channels, plainType);
  return {
    config: aacAudioConfig({ ...aac, objectType: plainType }, decoderConfig, clockOf(aac, clockRate)),
    packing: { kind: 'latm', framesPerElement, clockRate },
  };
}

/** Nothing is said: low complexity, at the rate and with the channels of `rtpmap`. ADTS in the stream may correct it. */
const assumedConfig = (clockRate: number, channels: number): Uint8Array =>
  buildAudioSpecificConfig(clockRate, channels);

const clockOf = (aac: AacConfig, clockRate: number): number =>
  aacClockRate(aac.sampleRate, aac.outputRate, clockRate);

const plain = (config: AudioConfig): Choice => ({ config, packing: { kind: 'plain' } });

const none = (reason: string): NoAudio => ({ kind: 'none', reason });

/** G.726 goes by many names, and in two byte orders that none of them tells apart. */
function nameOf({ encoding, pt }: SdpPayload): string {
  if (/^(?:AAL2-)?G726/.test(encoding)) return `G.726 (${encoding})`;
  return encoding === '' ? `payload type ${pt} without a name` : encoding;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}

/** `1210` or `"1210"`; `undefined` when it is absent, empty or no such thing. */
function hexBytes(text: string | undefined): Uint8Array | undefined {
  const digits = text?.replaceAll(/[^0-9a-f]/gi, '') ?? '';
  if (digits.length < 4 || digits.length > MAX_CONFIG_DIGITS) return undefined;
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}
