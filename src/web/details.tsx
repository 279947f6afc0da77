import { type CameraJson, type CameraStatusJson, clipUrl, fetchStatus, pictureUrl } from './api.ts';
import { fileText, type Millis, SECOND } from './moments.ts';
import { usePolling } from './use-polling.ts';

const CLIP = 30 * SECOND;

/** What the camera sends, and what can be taken away from the moment that is shown. */
export function Details({
  camera,
  playing,
}: {
  readonly camera: CameraJson;
  readonly playing: Millis | undefined;
}) {
  const { value: status } = usePolling(camera.id, 2 * SECOND, (signal) => fetchStatus(camera.id, signal));
  const shown = status?.id === camera.id ? status : undefined;
  return (
    <section className="details">
      <dl>
        <Fact name="Codec" value={shown?.video?.codecs} />
        <Fact name="Size" value={shown?.video ? `${shown.video.width} × ${shown.video.height}` : undefined} />
        <Fact name="Frames" value={shown && `${shown.framesPerSecond.toFixed(1)} /s`} />
        <Fact name="Bitrate" value={shown && `${(shown.bitrateBps / 1e6).toFixed(2)} Mbit/s`} />
        <Fact name="Key frame every" value={shown && `${(shown.gopTicks / 90_000).toFixed(1)} s`} />
        {shown?.audio && <Fact name="Sound" value={soundText(shown.audio)} />}
        <Fact name="Packets lost" value={shown && String(shown.packetsLost)} />
      </dl>
      {playing !== undefined && (
        <p>
          <a
            href={clipUrl(camera.id, { from: playing - CLIP, to: playing + CLIP })}
            download={`${camera.id}_${fileText(playing - CLIP)}.mp4`}
          >
            Save the minute around this
          </a>
          <a href={pictureUrl(camera.id, playing)} download={`${camera.id}_${fileText(playing)}.jpg`}>
            Save this picture
          </a>
        </p>
      )}
      {shown && shown.audioProblem !== '' && <p className="problem">No sound: {shown.audioProblem}</p>}
      {camera.state !== 'recording' && camera.reason !== '' && <p className="problem">{camera.reason}</p>}
    </section>
  );
}

function soundText({ codecs, sampleRate, channels }: NonNullable<CameraStatusJson['audio']>): string {
  return `${codecs}, ${sampleRate / 1000} kHz${channels > 1 ? `, ${channels} channels` : ''}`;
}

function Fact({ name, value }: { readonly name: string; readonly value: string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value ?? '–'}</dd>
    </div>
  );
}
