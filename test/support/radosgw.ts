import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, S3_DOMAIN, type S3Server, s3Access } from './s3-server.ts';

/** A real S3 server: Ceph's monitor, one OSD that keeps everything in memory, and radosgw in front. */
export interface Radosgw extends S3Server {
  admin(...args: readonly string[]): string;
  /** Ends radosgw as a power cut does; `revive` starts it again with what it had. */
  kill(): Promise<void>;
  revive(): Promise<void>;
  /** The disk behind it hangs: requests get no answer until `thaw`. */
  freeze(): void;
  thaw(): void;
}

const CREDENTIALS = { accessKeyId: 'vigietest', secretAccessKey: 'vigietestsecret' };

export async function startRadosgw(): Promise<Radosgw> {
  const folder = await mkdtemp(join(tmpdir(), 'vigie-ceph-'));
  const [port, monitorPort] = [await freePort(), await freePort()];
  const conf = join(folder, 'ceph.conf');
  for (const name of ['mon', 'osd', 'rgw', 'run', 'log']) await mkdir(join(folder, name));
  await writeFile(conf, configuration(folder, port, monitorPort));
  const run = (command: string, ...args: readonly string[]): string =>
    execFileSync(command, [...args, '-c', conf], {
      encoding: 'utf8',
      // It waits half a minute for a gateway that was away to take notice.
      timeout: 90_000,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, CEPH_CONF: conf },
    });
  const uuid = randomUUID();
  const map = join(folder, 'monmap');
  const fsid = /fsid = (\S+)/.exec(await readFile(conf, 'utf8'))?.[1] as string;
  run('monmaptool', '--create', '--fsid', fsid, '--addv', 'a', `[v2:127.0.0.1:${monitorPort}]`, map);
  run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map);
  run('ceph-mon', '-i', 'a');
  const osd = run('ceph', 'osd', 'new', uuid).trim();
  run('ceph-osd', '-i', osd, '--mkfs', '--osd-uuid', uuid);
  run('ceph-osd', '-i', osd);
  const pidOf = async (name: string): Promise<number> =>
    Number((await readFile(join(folder, `${name}.pid`), 'utf8')).trim());
  const endpoint = `http://127.0.0.1:${port}`;
  const startGateway = async (): Promise<void> => {
    run('radosgw', '-n', 'client.rgw', '--pid-file', join(folder, 'rgw.pid'));
    for (let tries = 0; tries < 300; tries++) {
      const answers = await fetch(endpoint).then(
        () => true,
        () => false,
      );
      if (answers) return;
      await sleep(50);
    }
    throw new Error('radosgw does not answer');
  };
  await startGateway();
  const admin = (...args: readonly string[]): string => run('radosgw-admin', '-n', 'client.rgw', ...args);
  admin(
    'user',
    'create',
    '--uid=vigie',
    '--display-name=vigie',
    `--access-key=${CREDENTIALS.accessKeyId}`,
    `--secret-key=${CREDENTIALS.secretAccessKey}`,
  );
  const osdPid = await pidOf('osd');
  process.once('exit', () => {
    for (const name of ['rgw', 'osd', 'mon']) {
      // A test that failed may not have stopped it.
      spawn(
        'sh',
        ['-c', `kill -CONT $(cat ${join(folder, name)}.pid); kill -9 $(cat ${join(folder, name)}.pid)`],
        {
          stdio: 'ignore',
          detached: true,
        },
      ).unref();
    }
  });

  return {
    ...s3Access(endpoint, CREDENTIALS),
    admin,
    async kill() {
      process.kill(await pidOf('rgw'), 'SIGKILL');
      await sleep(50);
    },
    revive: startGateway,
    freeze: () => void process.kill(osdPid, 'SIGSTOP'),
    thaw: () => void process.kill(osdPid, 'SIGCONT'),
    async stop() {
      for (const name of ['rgw', 'osd', 'mon']) {
        try {
          const pid = await pidOf(name);
          process.kill(pid, 'SIGCONT');
          process.kill(pid, 'SIGKILL');
        } catch {
          // It is gone already.
        }
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * One of everything, no replicas, no authentication between its parts, nothing that waits. `crc secure`: without
 * authentication a monitor would otherwise insist on an encryption that the others cannot speak.
 */
function configuration(folder: string, port: number, monitorPort: number): string {
  return `[global]
fsid = ${randomUUID()}
mon host = [v2:127.0.0.1:${monitorPort}/0]
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc secure
ms mon service mode = crc secure
ms mon cluster mode = crc secure
ms bind ipv6 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 1
run dir = ${folder}/run
admin socket = ${folder}/run/$cluster-$name.asok
pid file = ${folder}/$type.pid
log file = ${folder}/log/$name.log
mon cluster log file = ${folder}/log/cluster.log
crash dir = ${folder}/log
log to stderr = false
[mon]
mon data = ${folder}/mon
mon initial members = a
paxos propose interval = 0.05
paxos min wait = 0.01
mon osd min in ratio = 0
[osd]
osd data = ${folder}/osd
osd journal = ${folder}/osd/journal
osd objectstore = memstore
memstore device bytes = 8589934592
osd class update on start = false
[client]
rgw frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw dns name = ${S3_DOMAIN}
rgw data = ${folder}/rgw
rgw thread pool size = 64
rgw enable usage log = false
keyring = /dev/null
`;
}
