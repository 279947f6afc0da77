import Hls from 'hls.js/light';
import { useEffect, useRef, useState } from 'react';
import { playlistUrl } from './api.ts';
import { dayText, HOUR, type Millis, SECOND, timeText } from './moments.ts';
import { RegionPicker } from './region-picker.tsx';
import type { Region } from './timeline/motion-data.ts';

/** A playlist of an hour has an entry a group of pictures; at its end the next is loaded. */
const WINDOW = HOUR;
const SPEEDS = [0.5, 1, 2, 4, 8];

export interface PlayRequest {
  readonly cameraId: string;
  /** Something is recorded there. */
  readonly from: Millis;
}

export function Player(props: {
  readonly request: PlayRequest | undefined;
  /** There is something to be heard. */
  readonly hasSound: boolean;
  /** Said below the picture. */
  readonly notice: string;
  /** The moment on the screen, as it changes. */
  readonly onMoment: (at: Millis) => void;
  /** Go on from here: the end of what was loaded, or a button. */
  readonly onPlay: (at: Millis) => void;
  readonly onLatest: () => void;
  /** The part of the picture in which motion is searched. */
  readonly region: Region | undefined;
  readonly onRegion: (region: Region | undefined) => void;
}) {
  const { request, hasSound, notice, onMoment, onPlay, onLatest, region, onRegion } = props;
  const [drawing, setDrawing] = useState(false);
  const video = useRef<HTMLVideoElement>(null);
  const [shown, setShown] = useState<Millis>();
  const [problem, setProblem] = useState('');
  const [speed, setSpeed] = useState(1);
  const speedNow = useRef(speed);
  const [heard, setHeard] = useState(false);

  useEffect(() => {
    const element = video.current;
    if (!element || !request) return undefined;
    setProblem('');
    setShown(undefined);
    if (!Hls.isSupported()) {
      setProblem('This browser cannot play video of this kind (no Media Source Extensions).');
      return undefined;
    }
    const span = { from: request.from, to: request.from + WINDOW };
    const hls = new Hls({
      // One playlist, whose EXT-X-START names the moment: nothing to guess.
      startPosition: -1,
      maxBufferLength: 20,
      backBufferLength: 30,
    });
    hls.on(Hls.Events.ERROR, (_event, { fatal, details, response }) => {
      if (fatal) setProblem(playerProblem(details, response?.code));
    });
    const tell = (): void => {
      const at = hls.playingDate?.getTime();
      if (at === undefined || element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
      setShown(at);
      onMoment(at);
    };
    const ended = (): void => onPlay(span.to);
    const loaded = (): void => {
      element.playbackRate = speedNow.current;
      // Refused only while the browser wants a click first; the controls are there for it.
      void element.play().catch(() => undefined);
    };
    element.addEventListener('timeupdate', tell);
    element.addEventListener('seeked', tell);
    element.addEventListener('ended', ended);
    element.addEventListener('loadedmetadata', loaded);
    hls.loadSource(playlistUrl(request.cameraId, span, heard));
    hls.attachMedia(element);
    return () => {
      element.removeEventListener('timeupdate', tell);
      element.removeEventListener('seeked', tell);
      element.removeEventListener('ended', ended);
      element.removeEventListener('loadedmetadata', loaded);
      hls.destroy();
    };
  }, [request, heard, onMoment, onPlay]);

  const changeSpeed = (next: number): void => {
    setSpeed(next);
    speedNow.current = next;
    if (video.current) video.current.playbackRate = next;
  };

  const changeSound = (): void => {
    setHeard(!heard);
    if (shown !== undefined) onPlay(shown);
  };

  return (
    <section className="player">
      {/* A muted video may start by itself, and waits for no sound that is missing. */}
      <div className="screen">
        <video ref={video} data-testid="player" muted={!heard} playsInline controls disablePictureInPicture />
        <RegionPicker
          {...{ video, region, drawing }}
          onRegion={(drawn) => {
            setDrawing(false);
            onRegion(drawn);
          }}
        />
      </div>
      <div className="bar">
        <time data-testid="clock" dateTime={shown === undefined ? undefined : new Date(shown).toISOString()}>
          {shown === undefined ? '––:––:––' : `${dayText(shown)}  ${timeText(shown)}`}
        </time>
        <span className="notice" role="status">
          {problem || notice}
        </span>
        <button
          type="button"
          aria-pressed={drawing || region !== undefined}
          disabled={shown === undefined && !region}
          data-testid="search-region"
          title="Draw a rectangle on the picture: the timeline shows when something moved there"
          onClick={() => {
            if (region) onRegion(undefined);
            else setDrawing(!drawing);
          }}
        >
          {region ? 'Search everywhere' : drawing ? 'Draw on the picture …' : 'Search in picture'}
        </button>
        <button
          type="button"
          disabled={shown === undefined}
          onClick={() => shown && onPlay(shown - 10 * SECOND)}
        >
          −10 s
        </button>
        <button
          type="button"
          disabled={shown === undefined}
          onClick={() => shown && onPlay(shown + 10 * SECOND)}
        >
          +10 s
        </button>
        <select
          aria-label="Speed"
          value={speed}
          onChange={(event) => changeSpeed(Number(event.target.value))}
        >
          {SPEEDS.map((option) => (
            <option key={option} value={option}>
              {option}×
            </option>
          ))}
        </select>
        {hasSound && (
          <button type="button" aria-pressed={heard} data-testid="sound" onClick={changeSound}>
            Sound {heard ? 'on' : 'off'}
          </button>
        )}
        <button type="button" className="latest" data-testid="play-latest" onClick={onLatest}>
          Latest
        </button>
      </div>
    </section>
  );
}

function playerProblem(details: string, status: number | undefined): string {
  if (/codec/i.test(details))
    return 'This browser cannot decode the video of this camera. The clip can be saved.';
  if (status === 404) return 'What is to be played has been removed in the meantime.';
  if (status !== undefined && status >= 500) return `The server cannot read the recording (${status}).`;
  if (/Load|TimeOut/.test(details)) return 'The server does not answer.';
  return `The browser gave up playing (${details}).`;
}
