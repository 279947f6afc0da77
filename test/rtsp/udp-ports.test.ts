import { afterEach, describe, expect, it } from 'vitest';
import { bindUdpPorts, type UdpPorts } from '../../src/rtsp/udp-ports.ts';
import { FRAMES } from '../support/bad-camera.ts';
import { seededRandom } from '../support/random.ts';
import { badCameras, view } from '../support/viewing.ts';

const { cameraThat } = badCameras();

const bound: UdpPorts[] = [];

afterEach(() => {
  for (const { rtp, rtcp } of bound.splice(0)) {
    rtp.close();
    rtcp.close();
  }
});

async function bind(range: { from: number; to: number } | undefined, seed = 1): Promise<UdpPorts | string> {
  const ports = await bindUdpPorts({ family: 4, range, random: seededRandom(seed) });
  if ('kind' in ports) return ports.reason;
  bound.push(ports);
  return ports;
}

/** Eight ports in a row that nobody has now. */
async function freeRange(): Promise<{ from: number; to: number }> {
  for (let seed = 1; ; seed++) {
    const from = 40_000 + Math.floor(seededRandom(seed + process.pid)() * 2_000) * 8;
    const range = { from, to: from + 7 };
    const all = [];
    for (let i = 0; i < 4; i++) all.push(await bind(range));
    const isFree = all.every((ports) => typeof ports !== 'string');
    for (const { rtp, rtcp } of bound.splice(0)) {
      rtp.close();
      rtcp.close();
    }
    if (isFree) return range;
  }
}

describe('UDP ports', () => {
  it('are an even one and the next, whatever the system gives', async () => {
    for (let i = 0; i < 20; i++) {
      const ports = await bind(undefined);
      if (typeof ports === 'string') throw new Error(ports);
      expect(ports.port % 2).toBe(0);
      expect(ports.rtp.address().port).toBe(ports.port);
      expect(ports.rtcp.address().port).toBe(ports.port + 1);
    }
  });

  it('are within the range that a firewall lets through, all of it, and then it is said that there are none', async () => {
    const range = await freeRange();
    const found = [];
    for (let i = 0; i < 4; i++) found.push(await bind(range, i + 1));
    const ports = found.map((one) => (typeof one === 'string' ? one : one.port));
    expect(new Set(ports)).toEqual(new Set([0, 2, 4, 6].map((step) => range.from + step)));
    expect(await bind(range)).toMatch(`between ${range.from} and ${range.to} are free (EADDRINUSE)`);
  });

  it('in a range are given back by each viewing, so that one pair serves it for ever', async () => {
    const range = await freeRange();
    const udpPorts = { from: range.from, to: range.from + 1 };
    const camera = await cameraThat({});
    for (let i = 0; i < 3; i++) {
      const viewing = await view(camera.url(), { policies: { transport: 'udp' } }, { udpPorts });
      expect(viewing.failure).toBeUndefined();
      expect(await viewing.recorded(FRAMES)).toBe(FRAMES);
    }
  });
});
