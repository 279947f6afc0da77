import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SimulatorProcess } from '../../src/simulator/spawn.ts';
import { type BadCamera, startBadCamera } from '../support/bad-camera.ts';
import { spawnSmallCameras } from '../support/cameras.ts';
import { createCertificate } from '../support/certificate.ts';
import { describeWith } from '../support/components.ts';
import { everythingAsked, filledIn } from '../support/dashboards.ts';
import { freePort } from '../support/free-port.ts';
import { type Answer, type PrometheusServer, startPrometheus } from '../support/prometheus-server.ts';
import { parseSamples } from '../support/prometheus.ts';
import { promtool } from '../support/promtool.ts';
import {
  type RunningVigie,
  startVigie,
  temporaryFolder,
  until,
  type VigieOptions,
} from '../support/vigie.ts';

const RULES = fileURLToPath(new URL('../../grafana/rules.yml', import.meta.url));

/** What a minute cannot show. */
const TAKES_LONGER: readonly (readonly [RegExp, string])[] = [
  [/vigie_clock_drift/, 'the drift of a clock is known after eight minutes'],
];

const isData = (answers: readonly Answer[]): boolean =>
  answers.some(({ values }) => values.some((value) => !Number.isNaN(value)));

describeWith(['prometheus'], 'a real server that a real Prometheus looks at', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let simulator: SimulatorProcess;
  let encrypted: BadCamera;
  let odd: BadCamera;
  let hook: Server;
  let vigie: RunningVigie;
  let prometheus: PrometheusServer;
  const cameras = ['quai', 'gare', 'encrypted', 'odd', 'gone', 'pushed', 'off'];

  beforeAll(async () => {
    folder = await temporaryFolder();
    simulator = await spawnSmallCameras(['quai', 'gare']);
    const authority = createCertificate({ name: 'City of Testing', isAuthority: true });
    const { cert, key } = createCertificate({
      ...{ name: 'cam', addresses: ['127.0.0.1'], issuer: authority.issuer },
    });
    await writeFile(join(folder.path, 'ca.pem'), authority.cert);
    encrypted = await startBadCamera({ tls: { cert, key }, forever: true });
    let words = 0;
    odd = await startBadCamera({
      on: { DESCRIBE: (talk) => talk.answer(`4${10 + (words % 80)} Word ${words++}`) },
    });
    hook = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
    await until('the webhook listens', () => hook.listening);
    const port = await freePort();
    const options: VigieOptions = {
      folder: folder.path,
      args: ['--listen', `127.0.0.1:${port}`],
      config: [
        'rtmp: { listen: "127.0.0.1:0" }',
        `webhooks: [{ url: "http://127.0.0.1:${(hook.address() as AddressInfo).port}/", secret: "a secret of sixteen" }]`,
      ],
      cameras: [
        ...['quai', 'gare'].map((id) => ({ id, source: simulator.url(id) })),
        { id: 'encrypted', source: encrypted.url('/s'), tls: { caFile: join(folder.path, 'ca.pem') } },
        { id: 'odd', source: odd.url('/s') },
        { id: 'gone', source: `rtsp://127.0.0.1:${await freePort()}/s` },
        { id: 'pushed', source: 'rtmp', key: 'a-key-of-sixteen-or-more' },
        { id: 'off', source: simulator.url('quai'), enabled: false },
      ],
    };
    vigie = await startVigie(options);
    prometheus = await startPrometheus(new URL(vigie.url).host, RULES);
    await until('Prometheus has seen it record', async () => {
      const [seen] = await prometheus.now('vigie_camera_state{camera="quai",state="recording"} == 1');
      return seen !== undefined;
    });
    // A start for the annotation, and something to settle.
    await vigie.kill();
    vigie = await startVigie(options);
    await until('it records again', async () => (await vigie.status('quai')).state === 'recording');
  }, 120_000);

  afterAll(async () => {
    await prometheus?.stop();
    await vigie?.stop();
    await simulator?.stop();
    await encrypted?.close();
    await odd?.close();
    hook?.close();
    await folder?.remove();
  });

  it('gives metrics that promtool has nothing to say about, of configured cameras only', async () => {
    const text = await vigie.metrics();
    expect(promtool(['check', 'metrics'], text)).toEqual({ ok: true, says: '' });
    const named = [...text.matchAll(/[{,]camera="([^"]*)"/g)].map((match) => String(match[1]));
    expect([...new Set(named)].toSorted()).toEqual(cameras.toSorted());
    const before = parseSamples(text).series.filter((series) => series.includes('camera="odd"'));
    const tries = { camera: 'odd', cause: 'protocol' };
    await until(
      'a camera that answers something else each time was asked again',
      async () => (parseSamples(await vigie.metrics()).value('vigie_reconnects_total', tries) ?? 0) >= 3,
      40,
    );
    const after = parseSamples(await vigie.metrics()).series.filter((series) =>
      series.includes('camera="odd"'),
    );
    expect(after).toEqual(before);
  }, 60_000);

  it('answers everything that a dashboard asks', async () => {
    const to = new Date().toISOString();
    const range = `from=${new Date(Date.now() - 10_000).toISOString()}&to=${to}`;
    const asked = everythingAsked().filter(
      ({ expr }) => !TAKES_LONGER.some(([pattern]) => pattern.test(expr)),
    );
    let silent: string[] = [];
    await until(
      'each has an answer',
      async () => {
        await fetch(`${vigie.url}/api/cameras/quai/hls/index.m3u8?${range}`);
        await fetch(`${vigie.url}/api/cameras/quai/clip.mp4?${range}`).then((clip) => clip.arrayBuffer());
        silent = [];
        for (const { where, expr, instant } of asked) {
          let found = false;
          // A panel of one camera: of one of them it has to show something.
          for (const camera of expr.includes('$camera') ? cameras : ['']) {
            const values = {
              __rate_interval: '10s',
              __range: '1m',
              __interval: '5s',
              recorder: '.+',
              camera,
            };
            const answer = filledIn(expr, values);
            found ||= isData(await (instant ? prometheus.now(answer) : prometheus.over(answer)));
          }
          if (!found) silent.push(`${where}: ${expr}`);
        }
        return silent.length === 0;
      },
      60,
    ).catch(() => expect(silent).toEqual([]));
  }, 90_000);

  it('counts what is so: what is recorded and what is not make up the time', async () => {
    const seconds = async (expr: string): Promise<number> => (await prometheus.now(expr))[0]?.values[0] ?? -1;
    const expected = await seconds('vigie_expected_seconds_total{camera="quai"}');
    const recorded = await seconds('vigie_recorded_seconds_total{camera="quai"}');
    const missing = await seconds('sum(vigie_gap_seconds_total{camera="quai"})');
    // A fragment is on its way; a gap counts until the first one after it is on disk.
    expect(Math.abs(expected - recorded - missing)).toBeLessThan(5);
    const gone = await seconds('sum(vigie_gap_seconds_total{camera="gone"})');
    expect(Math.abs(gone - (await seconds('vigie_expected_seconds_total{camera="gone"}')))).toBeLessThan(2);
    const parts = await seconds('sum(rate(vigie_thread_cpu_seconds_total[20s]))');
    const whole = await seconds('rate(process_cpu_seconds_total{job="vigie"}[20s])');
    // What no thread of ours takes: collecting garbage beside, compiling, file calls, motion.
    expect(parts).toBeGreaterThan(0.1 * whole);
    expect(parts).toBeLessThan(1.3 * whole);
  });
});
