import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseAvcC } from '../../src/media/h264/decoder-config.ts';
import { parseH264Sps } from '../../src/media/h264/sps.ts';
import { parseHvcC } from '../../src/media/h265/decoder-config.ts';
import { parseH265Sps } from '../../src/media/h265/sps.ts';
import { readInit } from '../../src/media/mp4/init-segment.ts';
import { ParameterSets } from '../../src/media/parameter-sets.ts';
import { describeWith } from '../support/components.ts';
import { setsOf } from '../support/frames.ts';
import { temporaryFolder } from '../support/vigie.ts';

const run = promisify(execFile);

/** The decoder configuration that ffmpeg writes into an MP4, and the parameter sets in it. */
async function encode(codec: 'h264' | 'h265', options: readonly string[], size: string, rate = '25') {
  const folder = await temporaryFolder();
  try {
    const path = join(folder.path, 'video.mp4');
    const encoder = codec === 'h264' ? 'libx264' : 'libx265';
    await run('ffmpeg', [
      ...['-v', 'error', '-f', 'lavfi', '-i', `testsrc=s=${size}:r=${rate}`, '-frames:v', '3'],
      ...['-c:v', encoder, '-pix_fmt', 'yuv420p', ...options],
      ...(codec === 'h265' ? ['-x265-params', 'log-level=none', '-tag:v', 'hvc1'] : []),
      ...['-movflags', '+faststart', path],
    ]);
    const init = readInit(await readFile(path));
    if (!init) throw new Error('ffmpeg wrote no video');
    return init;
  } finally {
    await folder.remove();
  }
}

describeWith(['ffmpeg'], 'H.264 parameter sets', () => {
  it.each([
    ['1920x1080', '25', ['-profile:v', 'high'], 25],
    ['1280x720', '30000/1001', ['-profile:v', 'main'], 29.97],
    ['704x576', '25', ['-profile:v', 'baseline'], 25],
    ['638x358', '15', ['-profile:v', 'high', '-bf', '2'], 15],
    ['720x576', '25', ['-aspect', '16:9'], 25],
  ])('%s at %s is what ffmpeg says it is, to the byte', async (size, rate, options, fps) => {
    const init = await encode('h264', options, size, rate);
    const config = setsOf(init).config();
    const [width, height] = size.split('x').map(Number);
    expect(config).toMatchObject({
      codecs: `avc1.${Buffer.from(init.decoderConfig.subarray(1, 4)).toString('hex')}`,
      width,
      height,
    });
    expect(config?.declaredFrameRate).toBeCloseTo(fps, 2);
    expect(Buffer.from(config?.decoderConfig ?? []).toString('hex')).toBe(
      Buffer.from(init.decoderConfig).toString('hex'),
    );
    const aspect = config?.pixelAspect;
    const shown = ((width ?? 0) * (aspect?.width ?? 0)) / (aspect?.height ?? 1) / (height ?? 1);
    if (options.includes('-aspect')) expect(shown).toBeCloseTo(16 / 9, 2);
    else expect(aspect?.width).toBe(aspect?.height);
  });
});

describeWith(['ffmpeg'], 'H.265 parameter sets', () => {
  it.each([
    ['1920x1080', '25', 25],
    ['640x360', '30000/1001', 29.97],
    ['318x182', '15', 15],
  ])('%s at %s is what ffmpeg says it is', async (size, rate, fps) => {
    const init = await encode('h265', [], size, rate);
    const told = parseHvcC(init.decoderConfig);
    const sets = new ParameterSets('h265');
    for (const nal of (told?.arrays ?? []).flatMap(({ nals }) => nals)) sets.put(nal);
    const config = sets.config();
    const [width, height] = size.split('x').map(Number);
    expect(config).toMatchObject({ width, height });
    expect(config?.declaredFrameRate).toBeCloseTo(fps, 2);
    const ours = parseHvcC(config?.decoderConfig ?? new Uint8Array());
    expect(ours).toMatchObject({
      profileIdc: told?.profileIdc,
      levelIdc: told?.levelIdc,
      chromaFormat: told?.chromaFormat,
      temporalLayers: told?.temporalLayers,
    });
    const inHex = (
      arrays: readonly { readonly nalType: number; readonly nals: readonly Uint8Array[] }[] = [],
    ) =>
      arrays
        .filter(({ nalType }) => nalType >= 32 && nalType <= 34)
        .map(({ nalType, nals }) => [nalType, ...nals.map((nal) => Buffer.from(nal).toString('hex'))]);
    expect(inHex(ours?.arrays)).toEqual(inHex(told?.arrays));
  });
});

describeWith(['ffmpeg'], 'hostile parameter sets', () => {
  it('never make a parser throw', async () => {
    const real = parseAvcC((await encode('h264', [], '320x180')).decoderConfig)?.sps[0] as Uint8Array;
    const real265 = parseHvcC((await encode('h265', [], '320x180')).decoderConfig)?.arrays.find(
      ({ nalType }) => nalType === 33,
    )?.nals[0] as Uint8Array;
    const mutated = (base: Uint8Array) =>
      fc
        .array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
        .map((changes) => {
          const bytes = Uint8Array.from(base);
          for (const [at, value] of changes) bytes[at] = value;
          return bytes;
        });
    const check = (nal: Uint8Array): void => {
      for (const codec of ['h264', 'h265'] as const) {
        const sets = new ParameterSets(codec);
        sets.put(nal);
        sets.config();
      }
      for (const parsed of [parseH264Sps(nal), parseH265Sps(nal)]) {
        if (!parsed) continue;
        expect(parsed.width).toBeGreaterThan(0);
        expect(parsed.width).toBeLessThanOrEqual(65_535);
        expect(Number.isFinite(parsed.frameRate)).toBe(true);
      }
      parseAvcC(nal);
      parseHvcC(nal);
    };
    fc.assert(fc.property(mutated(real), check), { numRuns: 3_000 });
    fc.assert(fc.property(mutated(real265), check), { numRuns: 3_000 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), check), { numRuns: 3_000 });
  });

  it('know a set that comes again, and take one that differs', () => {
    const sets = new ParameterSets('h264');
    const sps = Buffer.from('67640028acd940780227e5c044000003000400000300c83c60c658', 'hex');
    const pps = Buffer.from('68ebe3cb22c0', 'hex');
    expect([sets.put(sps), sets.put(pps), sets.put(sps), sets.put(pps)]).toEqual([true, true, false, false]);
    expect(sets.put(Buffer.from('68ebe3cb22c1', 'hex'))).toBe(true);
    expect(sets.put(Buffer.from('65888400', 'hex'))).toBe(false);
    const spropped = new ParameterSets('h264');
    spropped.putSpropParameterSets(`${sps.toString('base64')},${pps.toString('base64')}`);
    expect(spropped.config()).toMatchObject({ width: 1920, height: 1080 });
  });
});
