import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Finding, findingsAbout } from './finding.ts';
import type { Subject } from './subject.ts';

const { good, warning, bad } = findingsAbout('folders');

/** Whether this user can do in the folders what the server does there, and whether others can look in. */
export async function checkFolders(subject: Subject): Promise<readonly Finding[]> {
  const { config, configFile } = subject;
  const findings = [
    await tryFolder('recordings', config.storage.path, 'storage.local.path'),
    await tryFolder('catalog', dirname(config.catalog.sqlite), 'catalog.sqlite'),
  ];
  const secret = configFile === undefined ? undefined : await othersRead(configFile);
  if (secret !== undefined) {
    findings.push(
      warning(
        `${configFile} can be read by every user of this machine, and may hold passwords of cameras.`,
        `chmod 640 ${configFile}, or write \${NAME} for each password and put them into the environment.`,
      ),
    );
  }
  if (process.getuid?.() === 0) {
    findings.push(
      warning(
        'This was asked as root, who may do everything: for the user of the server it may look otherwise.',
        'Run the server as a user of its own (config/vigie.service does), and ask again as that user.',
      ),
    );
  }
  return findings;
}

async function tryFolder(what: string, path: string, key: string): Promise<Finding> {
  const folder = await nearest(resolve(path));
  const made = folder === resolve(path) ? '' : ` (it will be made in ${folder})`;
  const user = process.getuid?.() === undefined ? 'this user' : `user ${process.getuid()}`;
  const trial = join(folder, `.vigie-doctor-${randomBytes(6).toString('hex')}`);
  try {
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    // What permissions say is not all: a disk may be read-only, or a quota used up.
    await mkdir(trial, { mode: 0o700 });
    await writeFile(join(trial, 'a'), 'vigie');
    await rename(join(trial, 'a'), join(trial, 'b'));
  } catch (error) {
    return bad(
      `Nothing can be kept in the folder of the ${what}, ${path}${made}: ${problemOf(error)}.`,
      `Give it to ${user} (chown, chmod 750), or set ${key} to another one.`,
    );
  } finally {
    await rm(trial, { recursive: true, force: true }).catch(() => undefined);
  }
  if (made === '' && what === 'recordings' && (await othersRead(folder)) !== undefined) {
    return warning(`Every user of this machine can look into ${path}.`, `chmod 750 ${path}`);
  }
  return good(`The folder of the ${what}, ${path}${made}, can be used.`);
}

/** The folder itself, or the nearest one above that is there. */
async function nearest(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    const there = await stat(folder).catch((error: NodeJS.ErrnoException) => error.code !== 'ENOENT');
    if (there !== false || folder === dirname(folder)) return folder;
  }
}

/** The mode of a file or folder that everybody can read; `undefined`: not everybody can. */
async function othersRead(path: string): Promise<number | undefined> {
  const mode = (await stat(path).catch(() => undefined))?.mode ?? 0;
  return (mode & 0o004) === 0 ? undefined : mode;
}

function problemOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return 'it may not be written to';
  if (code === 'EROFS') return 'the disk is read-only';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'it is full';
  if (code === 'ENOTDIR') return 'that is a file, and no folder';
  return message;
}
