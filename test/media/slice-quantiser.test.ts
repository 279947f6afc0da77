import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createH264QuantiserReader } from '../../src/media/h264/slice-quantiser.ts';
import { createH265QuantiserReader } from '../../src/media/h265/slice-quantiser.ts';
import { describeWith } from '../support/components.ts';
import { nalsOf } from '../support/frames.ts';
import { encodeVideo } from '../support/video.ts';

const H264 = [
  [
    'CABAC, weighted prediction, B pictures',
    { bFrames: 2, encoder: 'cabac=1:weightp=2:ref=4:bitrate=200:vbv-maxrate=200:vbv-bufsize=100' },
  ],
  ['CAVLC, several slices', { encoder: 'cabac=0:slices=3:weightp=0' }],
  ['constant rate', { bitrate: '300k', encoder: 'cabac=1' }],
  ['fields', { encoder: 'interlaced=1:bframes=1:cabac=1', bFrames: 1 }],
  ['many references, open groups', { bFrames: 3, openGop: true, encoder: 'ref=8:b-pyramid=2:weightb=1' }],
  ['colour of full resolution, no deblocking', { encoder: 'no-deblock=1:aq-mode=0:qp=33' }],
] as const;

const H265 = [
  ['as it comes', {}],
  ['B pictures, weighted prediction', { bFrames: 3, encoder: 'weightp=1:weightb=1:ref=4:bitrate=200' }],
  ['constant rate', { bitrate: '300k' }],
  [
    'open groups, pyramid, temporal layers',
    { bFrames: 4, openGop: true, encoder: 'b-pyramid=1:temporal-layers=2' },
  ],
  ['several slices, no offset, fixed quantiser', { encoder: 'slices=2:no-sao=1:qp=30:no-deblock=1' }],
  ['no temporal motion, scaling lists', { encoder: 'no-temporal-mvp=1:scaling-list=default:ref=5' }],
] as const;

/** What ffmpeg's own reader says: the quantiser of the first slice of each picture. */
async function oracle(path: string): Promise<number[]> {
  const { stderr } = await promisify(execFile)(
    'ffmpeg',
    ['-nostdin', '-i', path, '-c', 'copy', '-bsf:v', 'trace_headers', '-f', 'null', '-'],
    { maxBuffer: 256 * 1024 * 1024 },
  );
  let initial = 0;
  let isFirst = false;
  const quantisers: number[] = [];
  for (const line of stderr.split('\n')) {
    const value = Number(/= (-?\d+)\s*$/.exec(line)?.[1]);
    if (/\binit_qp_minus26|pic_init_qp_minus26/.test(line)) initial = 26 + value;
    else if (/Packet: /.test(line)) isFirst = true;
    else if (line.includes('slice_qp_delta') && isFirst) {
      quantisers.push(initial + value);
      isFirst = false;
    }
  }
  return quantisers;
}

describeWith(['ffmpeg'], 'the quantiser of a slice', () => {
  it.each(H264)('of H.264 is what ffmpeg reads: %s', async (_name, options) => {
    let expected: number[] = [];
    const video = await encodeVideo({
      ...{ frames: 40, gop: 20, ...options },
      inspect: async (path) => {
        expected = await oracle(path);
      },
    });
    const reader = createH264QuantiserReader(video.config.decoderConfig);
    const read = video.frames.map(({ data }) => {
      const slice = [...nalsOf(data)].find((nal) => [1, 5].includes((nal[0] as number) & 0x1f));
      return slice && reader?.read(slice);
    });
    expect(expected.length).toBe(40);
    expect(read).toEqual(expected);
  });

  it.each(H265)('of H.265 is what ffmpeg reads: %s', async (_name, options) => {
    let expected: number[] = [];
    const video = await encodeVideo({
      ...{ frames: 40, gop: 20, codec: 'h265', ...options },
      inspect: async (path) => {
        expected = await oracle(path);
      },
    });
    const reader = createH265QuantiserReader(video.config.decoderConfig);
    const read = video.frames.map(({ data }) => {
      const slice = [...nalsOf(data)].find((nal) => (nal[0] as number) >> 1 < 32);
      return slice && reader?.read(slice);
    });
    expect(expected.length).toBe(40);
    expect(read).toEqual(expected);
  });

  it('of anything else is a number in range or nothing', async () => {
    const video = await encodeVideo({ frames: 2, gop: 2, encoder: 'weightp=2' });
    const reader = createH264QuantiserReader(video.config.decoderConfig);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const qp = reader?.read(bytes);
        return qp === undefined || (qp >= -40 && qp <= 51);
      }),
      { numRuns: 5_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        createH264QuantiserReader(bytes);
        createH265QuantiserReader(bytes);
      }),
    );
  });
});
