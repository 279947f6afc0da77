import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect } from 'vitest';
import { asStoreError, type StoredObject, StoreError, type Upload } from '../../src/storage/object-store.ts';

export const upload = (content: Buffer, signed = content): Upload => ({
  bytes: content.length,
  sha256: createHash('sha256').update(signed).digest(),
  body: () => Readable.from([content]),
});

export async function collect(objects: AsyncIterable<StoredObject>): Promise<StoredObject[]> {
  const all: StoredObject[] = [];
  for await (const object of objects) all.push(object);
  return all;
}

export const failure = async (work: Promise<unknown>): Promise<StoreError> => {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError);
    return asStoreError(error);
  }
  throw new Error('It worked, and should not have.');
};
