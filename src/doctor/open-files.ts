import { readFile } from 'node:fs/promises';
import type { CameraConfig } from '../config/config.ts';
import { type Finding, findingsAbout } from './finding.ts';
import { enabledCameras, type Subject } from './subject.ts';

/** The file twice, one of them for writing past the system's cache. */
const SEGMENT_HANDLES = 2;
/** Libraries, the catalog, the log, pipes between threads, decoders of motion, and some to spare. */
const OWN_HANDLES = 150;
/** Connections that the API takes, and a file for each stream: see src/api. */
const VIEWER_HANDLES = 512 + 64;

const { good, warning, bad } = findingsAbout('open files');

/** Handles that recording alone needs. */
export function handlesForRecording(subject: Subject): number {
  const cameras = enabledCameras(subject);
  const known = cameras.reduce((sum, camera) => sum + SEGMENT_HANDLES + handlesOf(camera), 0);
  const planned = Math.max(0, subject.cameras - cameras.length) * (SEGMENT_HANDLES + 1);
  const { s3 } = subject.config.storage;
  // A file and a connection for each upload.
  return OWN_HANDLES + known + planned + (s3 ? 2 * s3.concurrency : 0);
}

/** Of its stream, and of the smaller one that is looked at, which is asked for in the same way and without sound. */
function handlesOf(camera: CameraConfig): number {
  const { detect } = camera;
  const looked = detect.enabled && detect.source !== undefined;
  return socketsOf(camera) + (looked ? socketsOf({ ...camera, source: detect.source, audio: false }) : 0);
}

/** By UDP two for the video and two for the sound, which need not come by UDP in the end. */
function socketsOf({ source, rtsp, audio }: Pick<CameraConfig, 'source' | 'rtsp' | 'audio'>): number {
  if (source.startsWith('ffmpeg:')) return 3;
  if (source === 'rtmp' || rtsp.transport === 'tcp') return 1;
  return 1 + (rtsp.transport === 'udp' ? (audio ? 4 : 2) : 0);
}

/** Whether the process may open as many files as it will. Node raises the soft limit to the hard one by itself. */
export async function checkOpenFiles(subject: Subject): Promise<Finding> {
  const limits = await readFile('/proc/self/limits', 'latin1').catch(() => '');
  const match = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(limits);
  if (!match) return warning('The limit of open files is not known on this system.', 'See "ulimit -Hn".');
  const limit = match[2] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(match[2]);
  const needed = handlesForRecording(subject);
  const comfortable = needed + VIEWER_HANDLES;
  const remedy = `In a systemd unit: LimitNOFILE=65536. In a shell, before it is started: ulimit -n 65536. At least ${comfortable} are needed.`;
  if (limit < needed) {
    return bad(
      `${limit} files may be open, and recording ${subject.cameras} cameras takes ${needed}.`,
      remedy,
    );
  }
  if (limit < comfortable) {
    return warning(
      `${limit} files may be open: enough to record, which takes ${needed}, and few for those who watch.`,
      remedy,
    );
  }
  return good(`${match[2]} files may be open; ${comfortable} are needed at most.`);
}
