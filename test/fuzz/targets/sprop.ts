import { ParameterSets } from '../../../src/media/parameter-sets.ts';
import { checkConfig } from '../support/parameter-sets.ts';
import type { FuzzTarget } from '../target.ts';

/** Parameter sets as session descriptions give them, in base64. */
export const target: FuzzTarget = {
  name: 'sprop',
  maxBytes: 80 * 1024,
  tokens: [',', '=', '==', ' ', 'Z2QA', 'aO48gA==', 'QAEMAf//', 'QgEB', 'RAHA', '-_', '\r\n', 'é'],
  run(bytes) {
    const text = bytes.toString('latin1');
    const avc = new ParameterSets('h264');
    avc.putSpropParameterSets(text);
    checkConfig(avc);
    const hevc = new ParameterSets('h265');
    const [vps, sps, pps] = text.split(',');
    hevc.putSpropH265(vps, sps, pps);
    hevc.putSpropH265(text);
    checkConfig(hevc);
  },
};
