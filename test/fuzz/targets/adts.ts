import { configOfAdts, createAdtsHeader, readAdtsHeader } from '../../../src/media/aac/adts.ts';
import { parseAudioSpecificConfig } from '../../../src/media/aac/audio-specific-config.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** ADTS at every place of the bytes. */
export const target: FuzzTarget = {
  name: 'adts',
  maxBytes: 2_048,
  tokens: [
    [0xff, 0xf1],
    [0xff, 0xf0],
    [0xff, 0xf9, 0x4c, 0x80, 0x2e, 0x7f, 0xfc],
  ].map((token) => Buffer.from(token)),
  run(bytes) {
    const header = createAdtsHeader();
    for (let at = 0; at < bytes.length; at++) {
      if (!readAdtsHeader(bytes, at, bytes.length, header)) continue;
      const { headerBytes, frameBytes } = header;
      hold(headerBytes === 7 || headerBytes === 9, 'a header has a length');
      hold(frameBytes >= headerBytes && frameBytes < 8_192, 'a frame holds its header');
      const config = configOfAdts(header);
      hold(!config || parseAudioSpecificConfig(config) !== undefined, 'what it stands for can be read');
    }
  },
};
