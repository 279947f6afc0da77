import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Finding, findingsAbout } from './finding.ts';
import type { Subject } from './subject.ts';

interface FileSystem {
  readonly name: string;
  readonly kind: 'disk' | 'memory' | 'network' | 'container' | 'odd';
}

/** statfs(2) and linux/magic.h. */
const KNOWN: ReadonlyMap<number, FileSystem> = new Map([
  [0xef53, { name: 'ext4', kind: 'disk' }],
  [0x58465342, { name: 'XFS', kind: 'disk' }],
  [0x9123683e, { name: 'Btrfs', kind: 'disk' }],
  [0x2fc12fc1, { name: 'ZFS', kind: 'disk' }],
  [0xf2f52010, { name: 'F2FS', kind: 'disk' }],
  [0xca451a4e, { name: 'bcachefs', kind: 'disk' }],
  [0x01021994, { name: 'tmpfs', kind: 'memory' }],
  [0x858458f6, { name: 'ramfs', kind: 'memory' }],
  [0x6969, { name: 'NFS', kind: 'network' }],
  [0x517b, { name: 'SMB', kind: 'network' }],
  [0xff534d42, { name: 'CIFS', kind: 'network' }],
  [0xfe534d42, { name: 'SMB2', kind: 'network' }],
  [0x00c36400, { name: 'CephFS', kind: 'network' }],
  [0x01021997, { name: '9P', kind: 'network' }],
  [0x794c7630, { name: 'overlay', kind: 'container' }],
  [0x65735546, { name: 'FUSE', kind: 'odd' }],
  [0x4d44, { name: 'FAT', kind: 'odd' }],
  [0x2011bab0, { name: 'exFAT', kind: 'odd' }],
]);

/** The file system of a folder, or of the nearest one above that is there. */
export async function fileSystemOf(path: string): Promise<FileSystem> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    try {
      const { type } = await statfs(folder);
      // Node gives some of the larger numbers with a sign.
      const magic = type >>> 0;
      return KNOWN.get(magic) ?? { name: `0x${magic.toString(16)}`, kind: 'disk' };
    } catch (error) {
      if (folder === dirname(folder)) throw error;
    }
  }
}

/** Whether recordings and catalog lie where they stay. */
export async function checkFileSystems({ config }: Subject): Promise<readonly Finding[]> {
  const recordings = await fileSystemOf(config.storage.path);
  const catalog = await fileSystemOf(dirname(config.catalog.sqlite));
  return [
    judge('recordings', config.storage.path, recordings, 'storage.local.path'),
    judge('catalog', config.catalog.sqlite, catalog, 'catalog.sqlite'),
  ];
}

function judge(
  what: 'recordings' | 'catalog',
  path: string,
  { name, kind }: FileSystem,
  key: string,
): Finding {
  const { good, warning, bad } = findingsAbout('file system');
  const where = `The ${what} (${path}) would lie on ${name}`;
  switch (kind) {
    case 'memory':
      return bad(
        `${where}, which is memory: all is gone when the machine is switched off.`,
        `Set ${key} to a disk.`,
      );
    case 'container':
      return bad(
        `${where}, which is gone with this container.`,
        `Mount a volume, and set ${key} to a folder in it.`,
      );
    case 'network':
      return what === 'catalog'
        ? bad(
            `${where}: a database on a network file system breaks, sooner or later.`,
            `Set ${key} to a disk of this machine, an SSD if there is one.`,
          )
        : warning(
            `${where}: whenever the network or that server hangs, nothing is recorded.`,
            `Set ${key} to a disk of this machine, and bring recordings to an object store (storage.s3).`,
          );
    case 'odd':
      return warning(
        `${where}, which keeps no promise about power cuts, or is slow.`,
        `Set ${key} to ext4 or XFS.`,
      );
    case 'disk':
      return good(`The ${what} lie${what === 'catalog' ? 's' : ''} on ${name}.`);
  }
}
