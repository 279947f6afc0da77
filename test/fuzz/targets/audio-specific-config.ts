import {
  buildAudioSpecificConfig,
  parseAudioSpecificConfig,
} from '../../../src/media/aac/audio-specific-config.ts';
import { type FuzzTarget, hold } from '../target.ts';

export const target: FuzzTarget = {
  name: 'audio-specific-config',
  tokens: [
    [0x12, 0x10],
    [0x14, 0x08],
    [0x2b, 0x11, 0x88],
    [0xeb, 0x09],
    [0xf8, 0xf0],
    [0x17, 0x80, 0, 0xfa, 0],
  ].map((token) => Buffer.from(token)),
  run(bytes) {
    const config = parseAudioSpecificConfig(bytes);
    if (!config) return;
    const { sampleRate, outputRate, channels, samplesPerFrame, objectType } = config;
    hold(sampleRate > 0 && sampleRate <= 192_000 && outputRate > 0, 'rates are rates');
    hold(channels >= 1 && channels <= 16, 'channels are bounded');
    hold([480, 512, 960, 1024].includes(samplesPerFrame), 'a frame has a length');
    // More than 31 needs the long form, and nothing that is built has it; channels by number alone.
    if (objectType > 4 || channels === 7 || channels > 8) return;
    const again = parseAudioSpecificConfig(buildAudioSpecificConfig(sampleRate, channels, objectType));
    hold(
      again?.sampleRate === sampleRate && again.channels === channels && again.objectType === objectType,
      'what is built says the same',
    );
  },
};
