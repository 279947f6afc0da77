import { lookup } from 'node:dns/promises';
import { access, constants } from 'node:fs/promises';
import { isIP } from 'node:net';
import { parseRtspUrl } from '../rtsp/url.ts';
import { type Finding, findingsAbout } from './finding.ts';
import { enabledCameras, type Subject } from './subject.ts';

/** Look-ups at a time: they share a pool of threads with the files. */
const AT_ONCE = 8;
const LOOKUP_MILLIS = 5_000;
const MOST_NAMED = 5;

const { good, warning, bad } = findingsAbout('cameras');

/** Whether the names of all cameras can be found. None is connected to: see vigie cameras test. */
export async function checkCameraNames(subject: Subject): Promise<readonly Finding[]> {
  const cameras = enabledCameras(subject);
  if (subject.cameras === 0) {
    return [warning('No camera is configured.', 'See config/example.yaml, and vigie cameras test URL.')];
  }
  const hosts = new Map<string, string[]>();
  for (const { id, source } of cameras) {
    const host = hostOf(source);
    if (host === undefined || isIP(host.split('%', 1)[0] ?? '') !== 0) continue;
    const ids = hosts.get(host);
    if (ids) ids.push(id);
    else hosts.set(host, [id]);
  }
  const lost: string[] = [];
  const names = [...hosts.keys()];
  const next = async (): Promise<void> => {
    for (let host = names.pop(); host !== undefined; host = names.pop())
      if (!(await isKnown(host))) lost.push(host);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  const findings: Finding[] = [];
  if (lost.length > 0) {
    const told = lost
      .toSorted()
      .slice(0, MOST_NAMED)
      .map((host) => `${host} (${hosts.get(host)?.slice(0, MOST_NAMED).join(', ')})`);
    const more = lost.length > told.length ? `, and ${lost.length - told.length} more` : '';
    findings.push(
      bad(
        `Nobody knows the address of ${told.join(', ')}${more}.`,
        'See the source of the camera, and /etc/resolv.conf; a fixed address needs no name server.',
      ),
    );
  }
  findings.push(...(await unreadableAuthorities(subject)));
  if (findings.length === 0) {
    const named =
      hosts.size > 0 ? `; the ${hosts.size === 1 ? 'name' : `${hosts.size} names`} can be found` : '';
    findings.push(good(`${subject.cameras} ${subject.cameras === 1 ? 'camera' : 'cameras'}${named}.`));
  }
  return findings;
}

/** Certificates that RTSPS cameras and the store are to be known by. */
async function unreadableAuthorities(subject: Subject): Promise<readonly Finding[]> {
  const files = new Set<string>();
  for (const { tls } of enabledCameras(subject)) if (tls?.kind === 'authority') files.add(tls.caFile);
  const { caFile } = subject.config.storage.s3 ?? {};
  if (caFile !== undefined) files.add(caFile);
  const findings: Finding[] = [];
  for (const file of files) {
    try {
      await access(file, constants.R_OK);
    } catch (error) {
      findings.push(
        bad(`The certificate ${file} cannot be read: ${(error as Error).message}.`, 'See caFile.'),
      );
    }
  }
  return findings;
}

/** Where a camera is to be found; `undefined`: it comes to us, or is no address. */
function hostOf(source: string): string | undefined {
  if (/^rtsps?:/i.test(source)) return parseRtspUrl(source)?.host;
  const location = source.replace(/^ffmpeg:/, '');
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(location) || !URL.canParse(location)) return undefined;
  const { hostname } = new URL(location);
  return hostname === '' ? undefined : hostname.replace(/^\[|\]$/g, '');
}

async function isKnown(host: string): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), LOOKUP_MILLIS);
  });
  const found = lookup(host).then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([found, late]);
  } finally {
    clearTimeout(timer);
  }
}
