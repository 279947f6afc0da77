import { expect, it } from 'vitest';
import { CameraHub } from '../../src/ingest/camera-hub.ts';
import { SlabPool } from '../../src/media/slab-pool.ts';
import { planMedias } from '../../src/rtsp/media-plan.ts';
import { parseSdp } from '../../src/rtsp/sdp.ts';
import { CountingSink } from '../support/viewing.ts';

/** As an ONVIF camera describes itself: what it sees, what it says of that, what it hears, and a loudspeaker. */
const CAMERA = parseSdp(
  [
    ...['v=0', 'o=- 1 1 IN IP4 10.0.0.9', 's=Camera', 't=0 0', 'a=control:*'],
    ...['m=application 0 RTP/AVP 107', 'a=rtpmap:107 vnd.onvif.metadata/90000', 'a=control:meta'],
    ...['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=control:video'],
    ...['m=audio 0 RTP/AVP 8', 'a=control:audio', 'a=recvonly'],
    ...['m=audio 0 RTP/AVP 0', 'a=control:loudspeaker', 'a=sendonly'],
  ].join('\r\n'),
);

it.each([
  [{ audio: false, setUp: 'needed', videoOnly: false }, ['video']],
  [{ audio: true, setUp: 'needed', videoOnly: false }, ['video', 'audio']],
  [{ audio: false, setUp: 'all', videoOnly: false }, ['video', 'meta', 'audio']],
  [{ audio: true, setUp: 'all', videoOnly: true }, ['video']],
] as const)(
  'K7 a metadata stream is left alone unless a camera insists: %j asks for %j',
  (wishes, controls) => {
    const pool = new SlabPool({ slabBytes: 4_096, budgetBytes: 1 << 20 });
    const sink = new CameraHub({ pool, sink: new CountingSink(), fragmentTicks: 180_000 });
    const plan = planMedias(CAMERA, { ...wishes, sink });
    expect(plan).toMatchObject({ kind: 'plan', medias: controls.map((control) => ({ control })) });
    expect(plan.kind === 'plan' && plan.medias.length).toBe(controls.length);
  },
);
