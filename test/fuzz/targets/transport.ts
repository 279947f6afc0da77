import { type PortPair, parseTransport } from '../../../src/rtsp/transport.ts';
import { type FuzzTarget, hold } from '../target.ts';

export const target: FuzzTarget = {
  name: 'transport',
  tokens: [
    ...[
      'RTP/AVP',
      'RTP/AVP/TCP',
      'RTP/AVP/UDP',
      ';',
      ',',
      '=',
      '-',
      '"',
      '\\',
      'unicast',
      'multicast',
      'interleaved=',
    ],
    ...['client_port=', 'server_port=', 'ssrc=', 'source=', 'mode="PLAY"', '0-1', '255', '256', ' '],
  ],
  run(bytes) {
    const text = bytes.toString('latin1');
    const transport = parseTransport(text);
    if (!transport) return;
    inRange(transport.interleaved, 0, 255);
    inRange(transport.clientPort, 1, 65_535);
    inRange(transport.serverPort, 1, 65_535);
    const { ssrc, source } = transport;
    hold(ssrc === undefined || (ssrc >= 0 && ssrc <= 0xffff_ffff), 'an SSRC has 32 bits');
    hold(source === undefined || text.includes(source), 'a source is a part of the header');
  },
};

function inRange(pair: PortPair | undefined, least: number, most: number): void {
  for (const port of pair ? [pair.rtp, pair.rtcp] : []) {
    hold(Number.isInteger(port) && port >= least && port <= most, `${port} is none of ${least} to ${most}`);
  }
}
