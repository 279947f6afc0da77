import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { RtmpService } from '../../src/rtmp/rtmp-service.ts';
import { until } from '../support/vigie.ts';

describe('the RTMP service', () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });

  /** Something else that listens, on any port if it is left out. */
  const occupy = async (port = 0): Promise<{ readonly port: number; free(): void }> => {
    const server: Server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    const free = (): void => void server.close();
    closers.push(free);
    return { port: (server.address() as { port: number }).port, free };
  };

  const create = (port: number) => {
    const deaths: { readonly error: unknown; readonly retryMillis: number }[] = [];
    const restarts: number[] = [];
    const service = new RtmpService({
      setup: { host: '127.0.0.1', port, cameras: [] },
      onRestarted: () => void restarts.push(service.port),
      observer: {
        died: (error, retryMillis) => void deaths.push({ error, retryMillis }),
        ...{ published() {}, refused() {}, counts() {} },
      },
    });
    closers.push(() => service.stop());
    return { service, deaths, restarts };
  };

  it('says that its port is taken, and leaves it at that', async () => {
    const other = await occupy();
    const { service, deaths } = create(other.port);
    const failed = await service.start();
    expect(failed).toMatchObject({ kind: 'failure', code: 'EADDRINUSE' });
    let again = false;
    process.once('worker', () => {
      again = true;
    });
    // Longer than a first restart would take to begin.
    await new Promise((resolve) => void setTimeout(resolve, 1_000));
    expect(again).toBe(false);
    expect(deaths).toEqual([]);
    expect(service.connect()).toBeUndefined();
  });

  it('comes back to its port, however long something else has it', async () => {
    const { service, deaths, restarts } = create(0);
    const created = once(process, 'worker') as Promise<[Worker]>;
    expect(await service.start()).toBeUndefined();
    const { port } = service;
    const [worker] = await created;
    await worker.terminate();
    const other = await occupy(port);
    expect([...service.problems()]).toHaveLength(1);
    expect(service.connect()).toBeUndefined();
    await until('it has tried twice', () => deaths.length === 3);
    expect(deaths.map(({ retryMillis }) => retryMillis)).toEqual([500, 1_000, 2_000]);
    expect(String(deaths[2]?.error)).toContain('EADDRINUSE');
    other.free();
    await until('it listens', () => restarts.length > 0);
    expect([...service.problems()]).toEqual([]);
    expect(service.connect()).toBeDefined();
    expect(restarts).toEqual([port]);
  });
});
