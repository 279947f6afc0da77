import { resolve } from 'node:path';
import {
  type Config,
  DEFAULT_DETECT,
  DEFAULT_MOTION,
  DEFAULT_RECORD,
  DEFAULT_RETENTION,
  DEFAULT_RTMP,
  DEFAULT_S3,
  defaultConfig,
  type DetectConfig,
  type S3Config,
  type TlsConfig,
  type ZoneConfig,
} from './config.ts';
import { cameraRetention, retentionOf } from './retention.ts';
import { type ConfigFile, parseListen, parsePortRange } from './schema.ts';
import { isRtmp } from './source-kind.ts';
import { parseDuration, parseRate, parseSize } from './units.ts';

/** The configuration that a valid file means, with its defaults. */
export function buildConfig(file: ConfigFile): Config {
  const defaults = defaultConfig('data');
  const { record = {} } = file;
  const micros = (text: string | undefined, otherwise: number): number =>
    (text === undefined ? undefined : parseDuration(text)) ?? otherwise;
  return {
    server: parseListen(file.server?.listen ?? '') ?? defaults.server,
    rtmp: rtmpOf(file),
    catalog: { sqlite: resolve(file.catalog?.sqlite ?? defaults.catalog.sqlite) },
    storage: {
      path: resolve(file.storage?.local?.path ?? defaults.storage.path),
      reserveBytes:
        file.storage?.local?.reserve === undefined ? undefined : parseSize(file.storage.local.reserve),
      dropStill: file.storage?.local?.dropStill ?? false,
      s3: file.storage?.s3 && buildS3(file.storage.s3),
    },
    retention: {
      ...retentionOf(file),
      localMicros: micros(file.retention?.local, DEFAULT_RETENTION.localMicros),
    },
    record: {
      segmentMicros: micros(record.segment, DEFAULT_RECORD.segmentMicros),
      fragmentMicros: micros(record.fragment, DEFAULT_RECORD.fragmentMicros),
      syncMicros: micros(record.sync, DEFAULT_RECORD.syncMicros),
      workers: record.workers ?? DEFAULT_RECORD.workers,
      bufferBytes:
        (record.buffer === undefined ? undefined : parseSize(record.buffer)) ?? DEFAULT_RECORD.bufferBytes,
    },
    motion: {
      decoders: file.motion?.decoders ?? DEFAULT_MOTION.decoders,
      streams: file.motion?.streams ?? DEFAULT_MOTION.streams,
      workers: file.motion?.workers ?? DEFAULT_MOTION.workers,
    },
    udpPorts: file.rtsp?.udpPorts === undefined ? undefined : parsePortRange(file.rtsp.udpPorts),
    prices: file.prices,
    ffmpegPath: file.ffmpeg?.path,
    logLevel: file.log?.level ?? defaults.logLevel,
    webhooks: (file.webhooks ?? []).map(({ url, secret, caFile, kinds, cameras }) => ({
      ...{ url, secret, kinds, cameras },
      caFile: caFile === undefined ? undefined : resolve(caFile),
    })),
    cameras: (file.cameras ?? []).map((camera) => ({
      id: camera.id,
      name: camera.name ?? camera.id,
      source: camera.source,
      rtsp:
        camera.transport === undefined ? { ...camera.rtsp } : { ...camera.rtsp, transport: camera.transport },
      tls: camera.tls && buildTls(camera.tls),
      key: camera.key,
      ffmpeg: { input: camera.ffmpeg?.input ?? [], transcode: camera.ffmpeg?.transcode },
      enabled: camera.enabled ?? true,
      audio: camera.audio ?? false,
      retention: cameraRetention(file.retention, camera.retention),
      priority: camera.priority ?? 'normal',
      detect: buildDetect(camera.detect),
    })),
  };
}

/** The RTMP server runs when it is asked for, or when a camera needs it. */
function rtmpOf({ rtmp, cameras = [] }: ConfigFile): Config['rtmp'] {
  if (!rtmp && !cameras.some((camera) => isRtmp(camera.source))) return undefined;
  return parseListen(rtmp?.listen ?? '') ?? DEFAULT_RTMP;
}

type DetectFile = NonNullable<NonNullable<ConfigFile['cameras']>[number]['detect']>;

/** Whoever says how many pictures a second wants them all decoded. */
function buildDetect(detect: DetectFile = {}): DetectConfig {
  return {
    enabled: detect.enabled ?? true,
    source: detect.source,
    frames: detect.frames ?? (detect.fps === undefined ? DEFAULT_DETECT.frames : 'all'),
    fps: detect.fps ?? DEFAULT_DETECT.fps,
    zones: (detect.zones ?? []).map(buildZone),
  };
}

function buildZone(zone: NonNullable<DetectFile['zones']>[number]): ZoneConfig {
  return { ...zone, sensitivity: zone.sensitivity ?? 'normal', minimumSize: zone.minimumSize ?? 0 };
}

function buildTls({
  caFile,
  fingerprint = '',
}: NonNullable<NonNullable<ConfigFile['cameras']>[number]['tls']>): TlsConfig {
  return caFile === undefined
    ? { kind: 'fingerprint', sha256: fingerprint.replaceAll(':', '').toLowerCase() }
    : { kind: 'authority', caFile: resolve(caFile) };
}

function buildS3(s3: NonNullable<NonNullable<ConfigFile['storage']>['s3']>): S3Config {
  const { accessKeyId, secretAccessKey } = s3;
  const micros = (text: string | undefined, otherwise: number): number =>
    (text === undefined ? undefined : parseDuration(text)) ?? otherwise;
  const bandwidth = s3.bandwidth === undefined ? undefined : parseRate(s3.bandwidth);
  return {
    endpoint: s3.endpoint,
    region: s3.region ?? DEFAULT_S3.region,
    bucket: s3.bucket,
    prefix: s3.prefix ?? '',
    credentials:
      accessKeyId === undefined || secretAccessKey === undefined
        ? undefined
        : { accessKeyId, secretAccessKey },
    createBucket: s3.createBucket ?? false,
    pathStyle: s3.pathStyle ?? s3.endpoint !== undefined,
    caFile: s3.caFile === undefined ? undefined : resolve(s3.caFile),
    storageClass: s3.storageClass,
    encryption: s3.encryption,
    kmsKeyId: s3.kmsKeyId,
    concurrency: s3.concurrency ?? DEFAULT_S3.concurrency,
    bytesPerSecond: bandwidth === undefined ? Number.POSITIVE_INFINITY : bandwidth / 8,
    timeoutMillis: micros(s3.timeout, DEFAULT_S3.timeoutMillis * 1_000) / 1_000,
    warnAfterMicros: micros(s3.warnAfter, DEFAULT_S3.warnAfterMicros),
  };
}
