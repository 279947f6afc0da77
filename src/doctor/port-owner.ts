import { readdir, readFile, readlink } from 'node:fs/promises';

const LISTENING = '0A';

interface Socket {
  readonly port: number;
  readonly inode: string;
}

/** Sockets of /proc/net/tcp and the like (proc(5)): those that listen, or all of UDP. */
export async function boundSockets(protocol: 'tcp' | 'udp'): Promise<readonly Socket[]> {
  const found: Socket[] = [];
  for (const name of [protocol, `${protocol}6`]) {
    const text = await readFile(`/proc/net/${name}`, 'latin1').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      const [, local, , state] = fields;
      const inode = fields[9];
      if (local === undefined || inode === undefined) continue;
      if (protocol === 'tcp' && state !== LISTENING) continue;
      found.push({ port: Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16), inode });
    }
  }
  return found;
}

/** Name and number of the process that listens at a port; `undefined`: it is another user's, or gone. */
export async function ownerOfPort(protocol: 'tcp' | 'udp', port: number): Promise<string | undefined> {
  const sockets = await boundSockets(protocol);
  const links = new Set(
    sockets.filter((socket) => socket.port === port).map(({ inode }) => `socket:[${inode}]`),
  );
  if (links.size === 0) return undefined;
  for (const entry of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(entry)) continue;
    const handles = await readdir(`/proc/${entry}/fd`).catch(() => []);
    for (const handle of handles) {
      const link = await readlink(`/proc/${entry}/fd/${handle}`).catch(() => '');
      if (!links.has(link)) continue;
      const name = (await readFile(`/proc/${entry}/comm`, 'utf8').catch(() => '')).trim();
      return `${name} (process ${entry})`;
    }
  }
  return undefined;
}
