import type { AudioConfig } from '../audio-config.ts';
import { type Box, box, fullBox } from './box.ts';
import { findBox, type FoundBox } from './box-reader.ts';
import { parseAudioSpecificConfig } from '../aac/audio-specific-config.ts';

/** Of an audio sample entry (ISO/IEC 14496-12 section 12.2.3), before its boxes. */
const AUDIO_ENTRY_BYTES = 28;
const MAX_U16 = 0xffff;
/** Tags of ISO/IEC 14496-1 section 7.2.2.1. */
const ES_DESCRIPTOR = 3;
const DECODER_CONFIG = 4;
const DECODER_SPECIFIC = 5;
const SYNC_LAYER = 6;
/** `objectTypeIndication` of AAC, whichever kind. */
const AAC = 0x40;

/** The sample entry of one kind of sound: the box that `codecs` begins with. */
export function soundEntry(config: AudioConfig): Box {
  const entry = new Uint8Array(AUDIO_ENTRY_BYTES);
  const view = new DataView(entry.buffer);
  view.setUint16(6, 1); // data_reference_index
  view.setUint16(16, config.channels);
  view.setUint16(18, 16); // bits of a sample, as everybody writes, once it is decoded
  // 16.16: higher rates have no place here, and are told by the timescale.
  view.setUint32(24, config.sampleRate > MAX_U16 ? 0 : config.sampleRate * 0x1_0000);
  switch (config.codec) {
    case 'aac':
      return box('mp4a', entry, fullBox('esds', 0, 0, elementaryStream(config.decoderConfig)));
    case 'opus':
      return box('Opus', entry, box('dOps', config.decoderConfig));
    case 'pcma':
    case 'pcmu':
    case 'pcm':
      return box(config.codecs, entry);
  }
}

/**
 *     ES ( id, flags, DecoderConfig ( AAC, audio, buffer, rates, DecoderSpecific ( AudioSpecificConfig ) ), SL ( MP4 ) )
 */
function elementaryStream(decoderConfig: Uint8Array): Uint8Array {
  const specific = descriptor(DECODER_SPECIFIC, [...decoderConfig]);
  // Stream type 5 (audio), a bit that is always set, and no word about buffer size and bit rates.
  const decoder = descriptor(DECODER_CONFIG, [
    AAC,
    (5 << 2) | 1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    ...specific,
  ]);
  return Uint8Array.from(descriptor(ES_DESCRIPTOR, [0, 0, 0, ...decoder, ...descriptor(SYNC_LAYER, [2])]));
}

/** Tag, length in four bytes of seven bits, content. */
function descriptor(tag: number, content: readonly number[]): number[] {
  const { length } = content;
  return [
    tag,
    0x80 | (length >> 21),
    0x80 | ((length >> 14) & 127),
    0x80 | ((length >> 7) & 127),
    length & 127,
    ...content,
  ];
}

/** The codecs parameter (RFC 6381) of a sample entry that was read; `undefined` when it is no sound that is known here. */
export function soundCodecs(bytes: Uint8Array, entry: FoundBox): string | undefined {
  if (entry.contentStart + AUDIO_ENTRY_BYTES > entry.end) return undefined;
  if (entry.type !== 'mp4a')
    return ['alaw', 'ulaw', 'twos', 'sowt', 'Opus'].find((type) => type === entry.type);
  const esds = findBox(bytes, entry.contentStart + AUDIO_ENTRY_BYTES, entry.end, 'esds');
  const specific = esds && specificOf(bytes, esds.contentStart + 4, esds.end);
  const aac = specific && parseAudioSpecificConfig(specific);
  return aac && `mp4a.40.${aac.objectType}`;
}

/** Walks down the descriptors: those that hold others have so many bytes of their own first. */
function specificOf(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  let at = start;
  for (let depth = 0; depth < 8 && at < end; depth++) {
    const tag = bytes[at++];
    let length = 0;
    for (let i = 0; i < 4; i++) {
      const byte = bytes[at++] ?? 0;
      length = length * 128 + (byte & 127);
      if (byte < 128) break;
    }
    if (tag === DECODER_SPECIFIC) return at + length <= end ? bytes.slice(at, at + length) : undefined;
    if (tag === ES_DESCRIPTOR) at += 3;
    else if (tag === DECODER_CONFIG) at += 13;
    else return undefined;
  }
  return undefined;
}
