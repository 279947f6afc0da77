import { readFragmentHead } from '../../../src/media/mp4/fragment-reader.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** `prft` + `moof` + `mdat`. */
export const target: FuzzTarget = {
  name: 'fragment-reader',
  tokens: [
    ...[
      'moof',
      'mdat',
      'mfhd',
      'traf',
      'tfhd',
      'tfdt',
      'trun',
      'prft',
      '\0\0\0\x08',
      '\0\0\0\x01',
      '\0\0\0\0',
    ],
    ...[
      '\xff\xff\xff\xff',
      '\0\x01\x86\xa0',
      '\0\0\x0f\x05',
      '\x01\0\x0f\x05',
      '\0\x02\0\x20',
      '\0\0\x02\x05',
    ],
  ].map((token) => Buffer.from(token, 'latin1')),
  run(bytes) {
    const reading = readFragmentHead(bytes, 0);
    if (reading.kind === 'needs') hold(reading.bytes > 0, 'what is needed is more than nothing');
    if (reading.kind === 'broken') hold(reading.problem !== '', 'what is wrong is said');
    if (reading.kind !== 'head') return;
    const { totalBytes, payloadOffset, payloadBytes, samples, mediaStart, durationTicks } = reading.head;
    hold(payloadOffset <= bytes.length, 'the head lies in its bytes');
    hold(payloadOffset + payloadBytes === totalBytes && Number.isSafeInteger(totalBytes), 'the parts add up');
    hold(Number.isSafeInteger(mediaStart) && Number.isSafeInteger(durationTicks), 'times are integers');
    const { count, sizes, durations, keys, compositionOffsets } = samples;
    hold(count > 0 && count <= 100_000, 'samples are bounded');
    hold(
      [sizes, durations, keys, compositionOffsets].every((column) => column.length === count),
      'columns are alike',
    );
    hold(sizes.reduce((sum, size) => sum + size, 0) === payloadBytes, 'sizes add up');
    hold(durations.reduce((sum, ticks) => sum + ticks, 0) === durationTicks, 'durations add up');
  },
};
