import { type FileHandle, open, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type SegmentStore, type StoredObject, StoreError } from './object-store.ts';

/** A file system takes its time for each, and does several at once. */
const REMOVALS_AT_ONCE = 4;

/** Segments in a folder of this machine, where the recorder writes them. */
export class FolderStore implements SegmentStore {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  path(key: string): string {
    return join(this.root, key);
  }

  async size(key: string): Promise<number | undefined> {
    try {
      return (await stat(this.path(key))).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw folderError(error);
    }
  }

  async read(key: string, buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.path(key), 'r');
      return await readFully(file, buffer, offset, length, position);
    } catch (error) {
      throw folderError(error);
    } finally {
      await file?.close();
    }
  }

  async remove(keys: readonly string[], onRemoved?: () => void): Promise<ReadonlyMap<string, StoreError>> {
    const stayed = new Map<string, StoreError>();
    const folders = new Set<string>();
    const left = keys.values();
    const lane = async (): Promise<void> => {
      for (const key of left) {
        folders.add(dirname(key));
        try {
          await unlink(this.path(key));
          onRemoved?.();
        } catch (error) {
          if (!isMissing(error)) stayed.set(key, folderError(error));
        }
      }
    };
    await Promise.all(Array.from({ length: REMOVALS_AT_ONCE }, lane));
    for (const folder of folders) await this.#removeEmpty(folder);
    return stayed;
  }

  /** Hours in which nothing is left: in a month a city would leave 150,000 of them behind. */
  async #removeEmpty(folder: string): Promise<void> {
    for (let path = folder; path !== '.' && path !== '/'; path = dirname(path)) {
      try {
        await rmdir(this.path(path));
      } catch (error) {
        // Gone with another one; or something is in it still.
        if (!isMissing(error)) return;
      }
    }
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    let entries;
    try {
      entries = await readdir(join(this.root, folder), { withFileTypes: true });
    } catch (error) {
      if (isMissing(error)) return;
      throw folderError(error);
    }
    // A folder sorts as its name with the separator behind it, as its objects do.
    const named = entries.map((entry) => ({
      entry,
      name: entry.isDirectory() ? `${entry.name}/` : entry.name,
    }));
    for (const { entry, name } of named.toSorted((a, b) =>
      Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
    )) {
      const key = `${folder}${name}`;
      if (entry.isDirectory()) {
        if (key.startsWith(prefix) || prefix.startsWith(key)) yield* this.list(key);
      } else if (key.startsWith(prefix)) {
        const bytes = await this.size(key);
        if (bytes !== undefined) yield { key, bytes };
      }
    }
  }
}

/** Reads until the buffer's part is full or the file ends. */
export async function readFully(
  file: FileHandle,
  buffer: Buffer,
  offset: number,
  length: number,
  position: number,
): Promise<number> {
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(buffer, offset + done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Without the path: messages go to clients too. */
export function folderError(error: unknown): StoreError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new StoreError('missing', 'it is missing', error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new StoreError('refused', code, error);
  return new StoreError(code === 'EIO' ? 'corrupt' : 'unexpected', code ?? message, error);
}
