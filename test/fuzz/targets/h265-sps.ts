import { parseH265Sps } from '../../../src/media/h265/sps.ts';
import { parameterSetConfig } from '../support/parameter-sets.ts';
import { type FuzzTarget, hold } from '../target.ts';

const VPS = Buffer.from('40010c01ffff01600000030090000003000003005d959809', 'hex');
const PPS = Buffer.from('4401c172b46240', 'hex');

/** A whole NAL unit, as such and as what a stream is described by. */
export const target: FuzzTarget = {
  name: 'h265-sps',
  maxBytes: 8_192,
  tokens: [[0x42, 1], [0x42, 1, 1], [0x42, 1, 0x0f], [0, 0, 3], [0xff, 0xff], [0, 0, 0], [0x80]].map(
    (token) => Buffer.from(token),
  ),
  run(bytes) {
    const sps = parseH265Sps(bytes);
    if (sps) {
      hold(
        sps.width > 0 && sps.width <= 16_384 && sps.height > 0 && sps.height <= 16_384,
        'a picture has a size',
      );
      hold(
        sps.bitDepthLuma >= 8 && sps.bitDepthLuma <= 16 && sps.chromaFormat <= 3,
        'a picture has a format',
      );
      hold(sps.id <= 15 && sps.temporalLayers >= 1 && sps.temporalLayers <= 8, 'ids and layers are bounded');
      hold(Number.isFinite(sps.frameRate) && sps.frameRate >= 0, 'a frame rate is a number');
      const { pixelAspect } = sps;
      hold(!pixelAspect || (pixelAspect.width > 0 && pixelAspect.height > 0), 'a pixel has a shape');
    }
    parameterSetConfig('h265', [VPS, bytes, PPS]);
  },
};
