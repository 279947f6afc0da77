import { leavesSessionsBehind } from '../../../src/rtsp/policies.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** `a=tool`, of which a version is read. */
export const target: FuzzTarget = {
  name: 'policies',
  maxBytes: 128 * 1024,
  cost: 4,
  tokens: ['LIVE555 Streaming Media v', 'live555', '2017.06.04', '2013.04.08', 'v', '.'],
  run(bytes) {
    const tool = bytes.toString('utf8');
    const old = leavesSessionsBehind(tool);
    hold(!old || /live555/i.test(tool), 'only live555 does that');
  },
};
