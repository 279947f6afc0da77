import { createServer } from 'node:net';
import { type Finding, findingsAbout } from './finding.ts';
import { boundSockets, ownerOfPort } from './port-owner.ts';
import { enabledCameras, type Subject } from './subject.ts';

const { good, warning, bad } = findingsAbout('ports');

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Whether the server can listen where it is told to, and find ports for what comes by UDP. */
export async function checkPorts(subject: Subject): Promise<readonly Finding[]> {
  const { config } = subject;
  const findings = [await tryPort(subject, 'the page and the API', config.server, 'server.listen')];
  if (config.rtmp) findings.push(await tryPort(subject, 'encoders that push', config.rtmp, 'rtmp.listen'));
  const range = await checkRange(subject);
  if (range) findings.push(range);
  return findings;
}

async function tryPort(subject: Subject, what: string, address: Address, key: string): Promise<Finding> {
  const where = `${address.host}:${address.port}`;
  const code = await listenOnce(address);
  if (code === undefined) return good(`${where}, for ${what}, is free.`);
  if (code === 'EADDRINUSE') {
    const owner = await ownerOfPort('tcp', address.port);
    if (subject.running) return good(`${where}, for ${what}, is in use: the server runs.`);
    return bad(
      `${where}, for ${what}, is in use by ${owner ?? 'a program of another user'}.`,
      `End that program, or set ${key} to another port.`,
    );
  }
  if (code === 'EACCES') {
    return bad(
      `${where}, for ${what}, may not be used by this user.`,
      `Set ${key} to a port from 1024 on, or give the unit AmbientCapabilities=CAP_NET_BIND_SERVICE.`,
    );
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return bad(
      `${address.host}, for ${what}, is no address of this machine.`,
      `Set ${key} to one of "ip address", or to 0.0.0.0 for all.`,
    );
  }
  return bad(`Nothing can listen on ${where}, for ${what}: ${code}.`, `Set ${key} to another address.`);
}

/** What keeps a server from listening there; `undefined`: nothing. */
function listenOnce({ host, port }: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}

/** Counted in /proc, as binding a thousand ports would be in the way of a server that starts. */
async function checkRange(subject: Subject): Promise<Finding | undefined> {
  const { udpPorts } = subject.config;
  if (!udpPorts || subject.running) return undefined;
  const cameras = enabledCameras(subject).filter(
    ({ source, rtsp }) => /^rtsps?:/i.test(source) && rtsp.transport !== 'tcp',
  );
  const surely = cameras.filter(({ rtsp }) => rtsp.transport === 'udp');
  const pairs = (list: typeof cameras): number => list.reduce((sum, { audio }) => sum + (audio ? 2 : 1), 0);
  const taken = new Set((await boundSockets('udp')).map(({ port }) => port));
  let free = 0;
  for (let port = udpPorts.from + (udpPorts.from % 2); port + 1 <= udpPorts.to; port += 2) {
    if (!taken.has(port) && !taken.has(port + 1)) free++;
  }
  const said = `${free} pairs of UDP ports are free from ${udpPorts.from} to ${udpPorts.to}`;
  const remedy = 'Set rtsp.udpPorts to a larger range: two ports a camera, two more for its sound.';
  if (free < pairs(surely)) {
    return bad(`${said}, and cameras with transport: udp need ${pairs(surely)}.`, remedy);
  }
  if (free < pairs(cameras)) {
    return warning(`${said}; should all cameras choose UDP, they need ${pairs(cameras)}.`, remedy);
  }
  return good(`${said}.`);
}
