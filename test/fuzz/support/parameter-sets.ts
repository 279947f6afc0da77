import { parseAvcC } from '../../../src/media/h264/decoder-config.ts';
import { parseHvcC } from '../../../src/media/h265/decoder-config.ts';
import { buildInitSegment, readInit } from '../../../src/media/mp4/init-segment.ts';
import { ParameterSets } from '../../../src/media/parameter-sets.ts';
import type { VideoConfig } from '../../../src/media/video-config.ts';
import { hold } from '../target.ts';

/** That whatever a camera gives for parameter sets, its file can be begun and says the same when it is read. */
export function parameterSetConfig(codec: VideoConfig['codec'], nals: readonly Uint8Array[]): void {
  const sets = new ParameterSets(codec);
  for (const nal of nals) sets.put(nal);
  checkConfig(sets);
}

export function checkConfig(sets: ParameterSets): void {
  const config = sets.config();
  hold((config !== undefined) === sets.complete, 'sets that are complete describe a stream');
  if (!config) return;
  const { codec, codecs, decoderConfig } = config;
  hold(
    codec === 'h264' ? parseAvcC(decoderConfig) !== undefined : parseHvcC(decoderConfig) !== undefined,
    'what is built can be read',
  );
  hold(/^(?:avc1\.[0-9a-f]{6}|hvc1(?:\.[0-9A-Z]+){3,9})$/.test(codecs), `${codecs} is a codecs parameter`);
  const init = buildInitSegment(config);
  const read = readInit(init);
  hold(read !== undefined && read.bytes === init.length, 'a file that is begun can be read');
  hold(read.codec === codec && Buffer.compare(read.decoderConfig, decoderConfig) === 0, 'and says the same');
  hold(read.width === config.width && read.height === config.height, 'and has the same size');
}
