import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventListJson } from '../../src/api/schemas.ts';
import type { EventState } from '../../src/catalog/motion.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { hookKey } from '../../src/motion/webhooks/signature.ts';
import { wallMicros } from '../../src/time/units.ts';
import { freePort } from '../support/free-port.ts';
import { type RunningVigie, startVigie, temporaryFolder, until } from '../support/vigie.ts';
import { startReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

const SECRET = 'a secret of the receiver';
const TOKEN = 'token-in-the-address';
const MINUTE = 60_000_000;

describe('events of a server that is killed', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let receiver: WebhookReceiver;
  let vigie: RunningVigie;
  let url: string;
  const minute = wallMicros(Math.floor((Date.now() * 1_000) / MINUTE) * MINUTE - 5 * MINUTE);

  const start = async (): Promise<RunningVigie> =>
    startVigie({
      folder: folder.path,
      cameras: [{ id: 'gare', source: `rtsp://127.0.0.1:${await freePort()}/1` }],
      config: [`webhooks: [{ url: "${url}", secret: "\${HOOK_SECRET}" }]`],
      env: { HOOK_SECRET: SECRET },
    });

  beforeAll(async () => {
    folder = await temporaryFolder();
    receiver = await startReceiver(SECRET);
    url = `${receiver.url}?${TOKEN}`;
    // What a server leaves that is killed while something moves.
    const catalog = await openSqliteCatalog({ path: `${folder.path}/catalog.db` });
    const { cameraNo } = await catalog.putCamera({ id: 'gare', name: 'gare' });
    const event: EventState = {
      ...{ cameraNo, kind: 'motion', from: minute, to: null, continues: false },
      ...{ score: 0, box: null, zones: [] },
    };
    const looked = { cameraNo, minute, pictures: 9, moving: 9, passed: 0, heat: null };
    await catalog.motion.apply(
      [
        { kind: 'event', event, tell: [hookKey(url)] },
        { kind: 'looked', looked },
      ],
      wallMicros(Date.now() * 1_000),
    );
    await catalog.close();
  });
  afterAll(async () => {
    await vigie.stop();
    await receiver.close();
    await folder.remove();
  });

  it('are told to its webhooks after the next start, at least once and under the same ids', async () => {
    // Takes the message, and says nothing until the server is dead.
    receiver.answer = () => undefined;
    vigie = await start();
    await until('the receiver has the first message', () => receiver.received.length === 1);
    await vigie.kill();
    expect(vigie.output()).toContain('events that a crash had left open are ended');
    let answers = 0;
    receiver.answer = (response) => void response.writeHead(++answers === 1 ? 503 : 204).end();
    vigie = await start();
    await until('everything is told', () => receiver.received.length === 4);
    const [before, refused, again, ended] = receiver.received;
    expect(refused?.id).toBe(before?.id);
    expect(again?.id).toBe(before?.id);
    expect(again?.json.type).toBe('event-begun');
    expect(ended?.id).not.toBe(before?.id);
    expect(ended?.json).toMatchObject({ type: 'event-ended', event: { camera: 'gare', kind: 'motion' } });
    // Nobody knows of it after the minute in which the camera was last looked at.
    expect(Date.parse(String(ended?.json.event['to'])) * 1_000).toBe(minute + MINUTE);
    expect(receiver.received.every(({ signed }) => signed)).toBe(true);
  });

  it('are in the list, counted, and told under no secret', async () => {
    const list = (await (await fetch(`${vigie.url}/api/events?camera=gare`)).json()) as EventListJson;
    expect(list.events).toEqual([receiver.received.at(-1)?.json.event]);
    const hook = `127.0.0.1:${receiver.port}`;
    await until('it is counted', async () => {
      const metrics = await vigie.metrics();
      return (
        metrics.includes(`vigie_webhook_deliveries_total{hook="${hook}",result="delivered"} 2`) &&
        metrics.includes(`vigie_webhook_backlog{hook="${hook}"} 0`)
      );
    });
    expect(vigie.output()).not.toContain(SECRET);
    expect(vigie.output()).not.toContain(TOKEN);
    expect(vigie.log).toContainEqual(
      expect.objectContaining({ hook, problem: 'it answers 503', msg: expect.stringContaining('webhook') }),
    );
  });
});
