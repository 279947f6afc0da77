import { type FileHandle, open } from 'node:fs/promises';
import { type FolderStore, folderError, readFully } from './folder-store.ts';
import { asStoreError, type SegmentStore, StoreError } from './object-store.ts';
import type { BlockCache } from './block-cache.ts';

/** Reads recorded bytes, wherever they are. */
export interface SegmentReader {
  /** Bytes of the segment's file; `undefined` when no tier has it. @throws {StoreError} */
  size(key: string): Promise<number | undefined>;
  /** Nothing is opened before the first read. */
  open(key: string): SegmentBytes;
}

export interface SegmentBytes {
  /**
   * Fills `buffer` from `offset` on with up to `length` bytes from `position` of the file.
   * @returns bytes read: fewer only where the file ends
   * @throws {StoreError} `missing` when no tier has it
   */
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * The file if it is there and whole, otherwise the object: from one read to the next, so that a segment may leave the
 * disk, or be lost from it, while it is played.
 *
 * @param onMissing no tier has the segment, and each has said so itself
 */
export function createSegmentReader(
  local: FolderStore,
  remote: { readonly store: SegmentStore; readonly cache: BlockCache } | undefined,
  onMissing: (key: string) => void,
): SegmentReader {
  return {
    async size(key) {
      const here = await local.size(key);
      if (here !== undefined) return here;
      const there = await remote?.store.size(key);
      if (there === undefined) onMissing(key);
      return there;
    },

    open(key) {
      // One for several reads at the same time.
      let file: Promise<FileHandle> | undefined;
      let isThere = false;
      const readHere = async (
        buffer: Buffer,
        offset: number,
        length: number,
        position: number,
      ): Promise<number> => {
        file ??= open(local.path(key), 'r');
        return readFully(await file, buffer, offset, length, position);
      };
      return {
        async read(buffer, offset, length, position) {
          let here: number | StoreError | undefined;
          if (!isThere) {
            try {
              here = await readHere(buffer, offset, length, position);
              // It may be shorter than it was: the object is whole, or says itself that it is not.
              if (here === length || !remote) return here;
            } catch (error) {
              here = folderError(error);
              if (!remote) {
                if (here.problem === 'missing') onMissing(key);
                throw here;
              }
            }
          }
          try {
            const { cache } = remote as NonNullable<typeof remote>;
            const bytes = await cache.read(key, buffer, offset, length, position);
            isThere = true;
            return bytes;
          } catch (error) {
            const problem = asStoreError(error);
            if (problem.problem !== 'missing') throw problem;
            // What is here, though not all of it or not at the moment, is all there is.
            if (typeof here === 'number') return here;
            if (here && here.problem !== 'missing') throw here;
            onMissing(key);
            throw new StoreError('missing', 'it is missing, here and in the object store', problem);
          }
        },
        async close() {
          // One that could not be opened has been complained of by whoever read.
          await (await file?.catch(() => undefined))?.close();
        },
      };
    },
  };
}
