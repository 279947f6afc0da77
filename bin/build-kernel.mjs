// Compiles src/motion/assembly into src/motion/kernel/simd-binary.ts, which is kept with the source: 5 kB, so that
// neither an installation without development packages nor a first start has to compile anything. With --check it
// only says whether the file is what the source gives.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'src/motion/kernel/simd-binary.ts');

/** What the compiled kernel's file should hold. */
function compileKernel() {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-kernel-'));
  try {
    const binary = join(folder, 'kernel.wasm');
    const options = [
      '-O3',
      '--converge',
      '--noAssert',
      '--runtime',
      'stub',
      '--importMemory',
      '--enable',
      'simd',
      // Vectors never leave the kernel.
      '--disableWarning',
      '112',
    ];
    const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js');
    const source = 'src/motion/assembly/index.ts';
    const { status } = spawnSync(process.execPath, [compiler, source, '-o', binary, ...options], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (status !== 0) throw new Error('The kernel could not be compiled, see above.');
    const text = readFileSync(binary).toString('base64');
    const lines = text.match(/.{1,96}/g).map((line) => `  '${line}',`);
    return [
      '/** Made by "npm run build:kernel" from src/motion/assembly: not to be changed by hand. */',
      'export const SIMD_BINARY: string = [',
      ...lines,
      "].join('');",
      '',
    ].join('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const compiled = compileKernel();
if (!process.argv.includes('--check')) {
  writeFileSync(target, compiled);
} else if (readFileSync(target, 'utf8') !== compiled) {
  process.stderr.write('The compiled kernel is not that of its source. Run "npm run build:kernel".\n');
  process.exitCode = 1;
}
