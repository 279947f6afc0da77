// Builds the web page into dist/web: npm's "prepare" step, run by "npm ci" with whatever Node is there.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNewEnough, pinnedNode, TOO_OLD } from './find-node.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const vite = join(root, 'node_modules/vite/bin/vite.js');
const built = join(root, 'dist/web/index.html');

/** When the newest file below a folder was changed, ms. */
function newest(folder) {
  return Math.max(
    ...readdirSync(folder, { withFileTypes: true }).map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? newest(path) : statSync(path).mtimeMs;
    }),
  );
}

if (!existsSync(vite)) {
  process.stdout.write('Without development packages the web page is not built: the API works without it.\n');
} else if (!existsSync(built) || statSync(built).mtimeMs < newest(join(root, 'src/web'))) {
  const node = isNewEnough() ? process.execPath : pinnedNode();
  if (node === undefined) {
    process.stderr.write(TOO_OLD);
    process.exitCode = 1;
  } else {
    const args = [vite, 'build', join(root, 'src/web'), '--logLevel', 'warn'];
    const { status, error } = spawnSync(node, args, { stdio: 'inherit', cwd: root });
    if (status !== 0)
      process.stderr.write(`The web page could not be built${error ? `: ${error.message}` : ''}.\n`);
    process.exitCode = status ?? 1;
  }
}
