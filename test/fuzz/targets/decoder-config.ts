import { avcCodecs, buildAvcC, parseAvcC } from '../../../src/media/h264/decoder-config.ts';
import { hevcCodecs, parseHvcC } from '../../../src/media/h265/decoder-config.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** Content of `avcC` and `hvcC`, from files and from encoders. */
export const target: FuzzTarget = {
  name: 'decoder-config',
  tokens: [[1], [0xff, 0xe1, 0, 4], [1, 0, 2], [0xa0, 0, 1, 0, 4], [0xff, 0xff]].map((token) =>
    Buffer.from(token),
  ),
  run(bytes) {
    const avc = parseAvcC(bytes);
    if (avc) {
      hold(avc.lengthBytes >= 1 && avc.lengthBytes <= 4, 'a length has one to four bytes');
      const sets = [...avc.sps, ...avc.pps];
      hold(sets.reduce((sum, set) => sum + set.length, 0) <= bytes.length, 'sets lie in their bytes');
      const again = parseAvcC(buildAvcC(avc.sps, avc.pps));
      hold(
        again?.sps.length === avc.sps.length && again.pps.length === avc.pps.length,
        'sets can be put together again',
      );
    }
    const hevc = parseHvcC(bytes);
    if (hevc) {
      const sets = hevc.arrays.flatMap(({ nals }) => nals);
      hold(sets.reduce((sum, set) => sum + set.length, 0) <= bytes.length, 'sets lie in their bytes');
      hold(sets.length <= bytes.length, 'sets are bounded');
    }
    hold(avcCodecs(bytes).startsWith('avc1') && hevcCodecs(bytes).startsWith('hvc1'), 'codecs have a name');
  },
};
