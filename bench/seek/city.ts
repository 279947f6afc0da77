import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { link, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { segmentKey } from '../../src/catalog/segment-id.ts';
import { FolderStore } from '../../src/storage/folder-store.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import type { S3Config } from '../../src/config/config.ts';
import { wallMicros } from '../../src/time/units.ts';
import { numbers } from '../../test/motion/scene.ts';
import { beginRuns, cameraId, type CityCatalog, segmentStart } from '../city-catalog.ts';
import type { Footage } from './footage.ts';

/** Where a seek goes: a moment of a minute that has a file. */
export interface Place {
  readonly camera: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A seek does not end at the end of a file: what is played on with has one, too. */
const FILES_A_PLACE = 2;
const MINUTE_MILLIS = 60_000;
const SEED = 20_261_124;
const PUTS_AT_ONCE = 4;

/**
 * Chooses moments anywhere in the city's month, always the same ones, and brings a file to each: on disk as names of one
 * file, in the object store as objects of their own.
 */
export async function makePlaces(
  city: CityCatalog,
  footage: Footage,
  count: number,
  storage: { readonly folder: string } | { readonly s3: S3Config },
): Promise<readonly Place[]> {
  const random = numbers(SEED);
  const files = new Map<string, readonly [camera: number, minute: number]>();
  const places = Array.from({ length: count }, (): Place => {
    const camera = 1 + Math.floor(random() * city.cameras);
    const minute = Math.floor(random() * (city.minutes - FILES_A_PLACE));
    for (let i = 0; i < FILES_A_PLACE; i++) files.set(`${camera} ${minute + i}`, [camera, minute + i]);
    const start = segmentStart(city.first, camera, minute) / 1_000;
    return { camera: cameraId(camera), at: Math.round(start + random() * (MINUTE_MILLIS - 1_000)) };
  });
  beginRuns(city, files.values());
  const keys = [...files.values()].map(([camera, minute]) =>
    segmentKey(cameraId(camera), camera, wallMicros(segmentStart(city.first, camera, minute))),
  );
  if ('folder' in storage) {
    const folder = new FolderStore(storage.folder);
    for (const key of keys) {
      await mkdir(dirname(folder.path(key)), { recursive: true });
      await link(footage.path, folder.path(key));
    }
    return places;
  }
  const store = new S3Store(storage.s3);
  await store.openBucket();
  const lane = async (): Promise<void> => {
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
      await store.put(key, { ...footage, body: () => createReadStream(footage.path) });
    }
  };
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, lane));
  store.close();
  return places;
}

/** What the system remembers of a file is forgotten, so that the disk is read. */
export async function dropCache(path: string): Promise<void> {
  await promisify(execFile)('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']);
}

export const footagePath = (folder: string): string => join(folder, 'footage.mp4');
