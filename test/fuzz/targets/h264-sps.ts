import { parseH264Sps } from '../../../src/media/h264/sps.ts';
import { parameterSetConfig } from '../support/parameter-sets.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** A whole NAL unit, as such and as what a stream is described by. */
export const target: FuzzTarget = {
  name: 'h264-sps',
  maxBytes: 8_192,
  tokens: [[0x67], [0x67, 0x64, 0, 0x28], [0, 0, 3], [0xff, 0xff], [0, 0, 0], [0x80]].map((token) =>
    Buffer.from(token),
  ),
  run(bytes) {
    const sps = parseH264Sps(bytes);
    if (sps) {
      hold(
        sps.width > 0 && sps.width <= 16_384 && sps.height > 0 && sps.height <= 16_384,
        'a picture has a size',
      );
      hold(
        sps.bitDepthLuma >= 8 && sps.bitDepthLuma <= 14 && sps.chromaFormat <= 3,
        'a picture has a format',
      );
      hold(sps.id <= 31, 'an id is one of 32');
      hold(Number.isFinite(sps.frameRate) && sps.frameRate >= 0, 'a frame rate is a number');
      const { pixelAspect } = sps;
      hold(!pixelAspect || (pixelAspect.width > 0 && pixelAspect.height > 0), 'a pixel has a shape');
    }
    parameterSetConfig('h264', [bytes, Buffer.from([0x68, 0xee, 0x3c, 0x80])]);
  },
};
