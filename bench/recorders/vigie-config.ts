import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { cameraPath } from '../fleet/fleet-options.ts';
import type { FleetProcess } from '../fleet/spawn-fleet.ts';
import type { Load } from '../load/load.ts';

/** With an object store segments are shorter, so that some are closed and brought there while it is measured. */
const STORED_SEGMENT_SECONDS = 20;

export interface ConfigOptions {
  readonly load: Load;
  readonly fleet: Pick<FleetProcess, 'url' | 'subUrl'>;
  readonly folder: string;
  /** With which encoders push. */
  readonly key: string;
  /** Further lines. */
  readonly lines?: readonly string[];
}

/** The configuration file of a measured server, as a user would write it. */
export function vigieConfig(options: ConfigOptions): string {
  const { load, folder, key, lines = [] } = options;
  const path = (name: string): string => JSON.stringify(join(folder, name));
  const store = load.store ? `, s3: ${JSON.stringify({ ...load.store, createBucket: true })}` : '';
  const detects = knowsDetect();
  const cameras = Array.from({ length: load.cameras }, (_, index) => ({
    id: cameraPath(index),
    ...(load.transport === 'rtmp'
      ? { source: 'rtmp', key }
      : { source: options.fleet.url(index), transport: load.transport }),
    ...(load.fleet.sound ? { audio: true } : {}),
    ...(detects ? { detect: detectOf(load, options.fleet.subUrl(index)) } : {}),
  }));
  return [
    'server: { listen: "127.0.0.1:0" }',
    `catalog: { sqlite: ${path('catalog.db')} }`,
    // What it writes has to stay until it was looked at.
    `storage: { local: { path: ${path('segments')}, reserve: 64MiB }${store} }`,
    ...(load.store ? [`record: { segment: ${STORED_SEGMENT_SECONDS}s }`] : []),
    ...(load.transport === 'rtmp' ? ['rtmp: { listen: "127.0.0.1:0" }'] : []),
    ...lines,
    'cameras:',
    ...cameras.map((camera) => `  - ${JSON.stringify(camera)}`),
    '',
  ].join('\n');
}

function detectOf(load: Load, subUrl: string): object {
  switch (load.motion) {
    case 'off':
      return { enabled: false };
    case 'key-frames':
      return { enabled: true };
    case 'sub-stream':
      return { source: subUrl };
  }
}

/** Whether this version has motion detection to switch on or off. */
export function knowsDetect(): boolean {
  const text = 'cameras: [{ id: a, source: "rtsp://127.0.0.1/a", detect: { enabled: false } }]';
  return loadConfig({ text, file: 'bench', env: {} }).ok;
}
