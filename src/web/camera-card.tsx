import { useState } from 'react';
import { type CameraJson, pictureUrl } from './api.ts';
import { lengthText, SECOND } from './moments.ts';

/** A picture is asked for this often: each costs the server the decoding of one group of pictures. */
const PICTURE_EVERY = 30 * SECOND;
const BEHIND = 5 * SECOND;

export function CameraCard(props: {
  readonly camera: CameraJson;
  readonly selected: boolean;
  /** Something moves there now. */
  readonly moving: boolean;
  readonly onSelect: () => void;
}) {
  const { camera, selected, moving, onSelect } = props;
  return (
    <button
      type="button"
      className="card"
      title={camera.name}
      aria-current={selected}
      data-testid={`camera-${camera.id}`}
      data-state={camera.state}
      onClick={onSelect}
    >
      <Picture camera={camera} />
      <span className="name">
        <span className="dot" data-state={camera.state} />
        {camera.name}
        {moving && <span className="moving" title="something moves there now" />}
      </span>
      <span className="reason">{camera.state === 'recording' ? since(camera.since) : stateText(camera)}</span>
    </button>
  );
}

function Picture({ camera }: { readonly camera: CameraJson }) {
  const [missing, setMissing] = useState<string>();
  const at = Math.floor((Date.now() - BEHIND) / PICTURE_EVERY) * PICTURE_EVERY;
  // In the first moments there is nothing at the round half minute yet.
  const moment = Math.min(Math.max(at, Date.parse(camera.since) + SECOND), Date.now());
  const url = pictureUrl(camera.id, moment, 320);
  if (camera.state !== 'recording' || missing === url) return <span className="picture" />;
  return <img className="picture" src={url} alt="" loading="lazy" onError={() => setMissing(url)} />;
}

const since = (moment: string): string =>
  `recording for ${lengthText(Math.max(0, Date.now() - Date.parse(moment)))}`;

const stateText = (camera: CameraJson): string => camera.reason || camera.state;
