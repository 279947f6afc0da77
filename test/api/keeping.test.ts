import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeletionListJson, HoldJson, StorageJson } from '../../src/api/schemas.ts';
import { mediaTicks, wallMicros } from '../../src/time/units.ts';
import { listen, type RunningApi } from '../support/api.ts';
import { createRecording, type Recording } from '../support/recording.ts';

const START = 1_795_453_200_000_000;
const HOUR = 3_600_000_000;
const iso = (micros: number): string => new Date(micros / 1_000).toISOString();

describe('holds, deletions, storage', () => {
  let recording: Recording;
  let api: RunningApi;
  let swept = 0;
  beforeAll(async () => {
    recording = await createRecording();
    api = await listen(recording, {
      storage: {
        status: async () => ({
          ...{ freeBytes: 5, reserveBytes: 4, backlogSegments: 2, backlogBytes: 3, locksHolds: true },
          ...{
            store: { endpoint: 'https://s3.example', bucket: 'city', prefix: 'vigie' },
            problems: ['Away.'],
          },
        }),
        sweep: () => void swept++,
      },
    });
  });
  afterAll(async () => {
    await api.close();
    await recording.close();
  });

  const send = (path: string, body: unknown, type = 'application/json'): Promise<Response> =>
    fetch(`${api.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const request = {
    ...{ camera: 'place-d-armes-01', from: iso(START), to: iso(START + HOUR) },
    ...{ reference: 'PV 2026/117', reason: 'accident on the square', author: 'A. Martin' },
  };

  it('makes a hold, lists it, ends it, and keeps the record of it', async () => {
    const made = await send('/api/holds', request);
    expect(made.status).toBe(201);
    const hold = (await made.json()) as HoldJson;
    expect(hold).toMatchObject({ ...request, from: expect.stringMatching(/000Z$/), to: expect.anything() });
    expect(hold).toMatchObject({ active: true, released: null, until: null });
    const released = await send(`/api/holds/${hold.id}/release`, { author: 'B. Durand' });
    expect(await released.json()).toMatchObject({ id: hold.id, active: false, releasedBy: 'B. Durand' });
    expect(swept).toBe(1);
    const list = (await (await fetch(`${api.url}/api/holds`)).json()) as { holds: HoldJson[] };
    expect(list.holds).toMatchObject([{ id: hold.id, active: false, reference: 'PV 2026/117' }]);
    expect(api.log.join()).toContain('footage is held');
  });

  it.each([
    ['a camera that nobody has', { ...request, camera: 'nowhere' }, 404, 'VIGIE_CAMERA_UNKNOWN'],
    ['a range that ends before it begins', { ...request, to: iso(START - 1e6) }, 400, 'VIGIE_RANGE_INVALID'],
    ['no reference', { ...request, reference: ' ' }, 400, 'VIGIE_REQUEST_INVALID'],
    [
      'an end that is over',
      { ...request, until: iso(START - 365 * 24 * HOUR) },
      400,
      'VIGIE_REQUEST_INVALID',
    ],
    ['a key that is unknown', { ...request, colour: 'red' }, 400, 'VIGIE_REQUEST_INVALID'],
    ['no JSON', '{', 400, 'VIGIE_REQUEST_INVALID'],
  ])('refuses a hold with %s', async (_what, body, status, code) => {
    const answer = await send('/api/holds', body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { code } });
  });

  it('refuses what another page can send without being asked, and holds that are not there', async () => {
    // A form or a script of another origin may send text, and never JSON without asking first.
    expect((await send('/api/holds', JSON.stringify(request), 'text/plain')).status).toBe(400);
    const answer = await send('/api/holds/999/release', { author: 'x' });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { code: 'VIGIE_HOLD_UNKNOWN' } });
  });

  it('shows the journal by camera and time, and a timeline on which it can be seen', async () => {
    const { catalog, camera } = recording;
    const { cameraNo } = camera;
    const initNo = await catalog.putInit({ bytes: new Uint8Array(9), codecs: 'avc1', width: 1, height: 1 });
    const runStart = wallMicros(START);
    for (const minute of [0, 1, 2]) {
      const start = wallMicros(START + minute * 60e6);
      const mediaStart = mediaTicks(minute * 5_400_000);
      await catalog.apply([
        { kind: 'segment-opened', cameraNo, start, runStart, initNo, headBytes: 9, mediaStart },
        {
          ...{ kind: 'segment-closed', cameraNo, start, end: wallMicros(start + 60e6), bytes: 100 },
          ...{ durationTicks: 5_400_000, sha256: null, recovered: false },
          fragments: [{ bytes: 91, durationTicks: 5_400_000, samples: 1, key: true }],
        },
      ]);
    }
    const at = wallMicros(START + HOUR);
    const endedBy = wallMicros(START + 120e6);
    await catalog.condemn({ cameraNo, reason: 'retention', at, remote: true, limit: 9, endedBy });
    const condemned = await catalog.condemned(undefined, 9);
    await catalog.bury(condemned.map((row) => ({ ...row, localGone: at, remoteGone: at })));
    const list = (query: string): Promise<DeletionListJson> =>
      fetch(`${api.url}/api/deletions${query}`).then((answer) => answer.json() as Promise<DeletionListJson>);
    const [entry] = (await list('?camera=place-d-armes-01')).deletions;
    expect(entry).toMatchObject({ segments: 2, bytes: 200, reason: 'retention', camera: camera.id });
    expect((await list('')).cursor).toBeNull();
    expect((await list(`?from=${iso(START + HOUR)}`)).deletions).toEqual([]);
    const range = `from=${iso(START)}&to=${iso(START + 180e6)}&resolution=1`;
    const timeline = (await (
      await fetch(`${api.url}/api/cameras/place-d-armes-01/timeline?${range}`)
    ).json()) as { recorded: { from: string }[]; gaps: { cause: string }[] };
    expect(timeline.recorded.map(({ from }) => Date.parse(from))).toEqual([(START + 120e6) / 1_000]);
    expect(timeline.gaps).toMatchObject([{ cause: 'expired' }]);
  });

  it('says where recordings go, what waits, and what is wrong', async () => {
    const status = (await (await fetch(`${api.url}/api/storage`)).json()) as StorageJson;
    expect(status).toMatchObject({ backlogBytes: 3, store: { bucket: 'city' }, problems: ['Away.'] });
  });
});
