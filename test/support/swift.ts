import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, S3_DOMAIN, type S3Server, s3Access } from './s3-server.ts';

const PROGRAM = fileURLToPath(new URL('../peers/swift_servers.py', import.meta.url));

/**
 * OpenStack Swift with its S3 API: a proxy, one server each for accounts, containers and objects, memcached. It does
 * much of what S3 does in another way than Ceph, and answers 200 to some of what it does not know.
 */
export async function startSwift(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'vigie-swift-'));
  const [proxy, account, container, object, memcached] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  );
  const ports = { proxy, account, container, object, memcached } as Readonly<Record<string, number>>;
  await mkdir(join(folder, 'devices', 'disk'), { recursive: true });
  const files = Object.entries(configuration(folder, ports)).map(([name, text]) =>
    writeFile(join(folder, name), text),
  );
  await Promise.all(files);

  let said = '';
  const run = (command: string, args: readonly string[]): ChildProcess => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const listen = (text: Buffer | string): void => {
      said = `${said}${text.toString()}`.slice(-4_000);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', ({ message }) => listen(message));
    return child;
  };
  const children = [
    run('memcached', ['-l', '127.0.0.1', '-p', `${memcached}`, '-U', '0', '-u', userInfo().username]),
    run('/usr/bin/python3', [PROGRAM, folder]),
  ];
  const endAll = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  // A test that failed may not have stopped it.
  process.once('exit', endAll);
  const stop = async (): Promise<void> => {
    const gone = children.filter(isRunning).map((child) => new Promise((end) => child.once('close', end)));
    endAll();
    process.removeListener('exit', endAll);
    await Promise.all(gone);
    await rm(folder, { recursive: true, force: true });
  };
  for (const [name, port] of Object.entries(ports)) {
    for (let tries = 0; !(await answers(port)); tries++) {
      if (tries < 600 && children.every(isRunning)) await sleep(50);
      else {
        await stop();
        throw new Error(`Swift's ${name} does not start: ${said}`);
      }
    }
  }
  return {
    ...s3Access(`http://127.0.0.1:${proxy}`, { accessKeyId: 'ci:ci', secretAccessKey: 'cisecretcisecret' }),
    stop,
  };
}

const isRunning = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode === null && signalCode === null;

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** One of everything, no replicas, one process each, nothing that runs beside. */
function configuration(
  folder: string,
  ports: Readonly<Record<string, number>>,
): Readonly<Record<string, string>> {
  const common = (name: string): string => `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${ports[name]}
workers = 0
user = ${userInfo().username}
swift_dir = ${folder}
devices = ${folder}/devices
mount_check = false
disable_fallocate = true
log_level = ERROR
`;
  const server = (name: string): string => `${common(name)}
[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
`;
  /** What a request goes through before the proxy, in that order, and what is set of it. */
  const filters: Readonly<Record<string, readonly string[]>> = {
    catch_errors: [],
    gatekeeper: [],
    memcache: [`memcache_servers = 127.0.0.1:${ports['memcached']}`],
    listing_formats: [],
    s3api: ['location = us-east-1', 'max_bucket_listing = 50', `storage_domain = ${S3_DOMAIN}`],
    tempauth: ['user_ci_ci = cisecretcisecret .admin'],
    copy: [],
    slo: [],
    dlo: [],
    versioned_writes: ['allow_object_versioning = true'],
    symlink: [],
  };
  const filterLines = Object.entries(filters).flatMap(([name, settings]) => [
    ...[`[filter:${name}]`, `use = egg:swift#${name}`],
    ...settings,
  ]);
  return {
    'swift.conf': `[swift-hash]
swift_hash_path_prefix = vigie
swift_hash_path_suffix = test
[storage-policy:0]
name = only
default = yes
`,
    'account-server.conf': server('account'),
    'container-server.conf': server('container'),
    'object-server.conf': server('object'),
    'proxy-server.conf': `${common('proxy')}
[pipeline:main]
pipeline = ${Object.keys(filters).join(' ')} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
${filterLines.join('\n')}
`,
  };
}
