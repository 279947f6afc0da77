/**
 * The first schema. Times are microseconds of UTC since 1970, media times ticks of 90 kHz; numbers stay below 2^53, so
 * JavaScript holds them exactly. Tables are `STRICT`: a wrong type is an error here and not a surprise later.
 */
export const FIRST = `
-- A camera that was configured at some time. Never deleted: its number stands in paths and ids for ever.
CREATE TABLE camera (
  -- Stands for the camera everywhere else. AUTOINCREMENT: a number is never given a second time.
  camera_no INTEGER PRIMARY KEY AUTOINCREMENT,
  -- As configured: part of the path of every file.
  id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 100),
  -- For people.
  name TEXT NOT NULL
) STRICT;

-- An initialization segment: the same for months of segments, so it is stored once.
CREATE TABLE init (
  init_no INTEGER PRIMARY KEY,
  -- Of the bytes: finds the row of an init that is there already.
  sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
  -- ftyp + moov as at the head of the file.
  bytes BLOB NOT NULL CHECK (length(bytes) > 0),
  -- RFC 6381, avc1.640028.
  codecs TEXT NOT NULL,
  -- Pixels; 0 when the camera did not say.
  width INTEGER NOT NULL CHECK (width >= 0),
  height INTEGER NOT NULL CHECK (height >= 0)
) STRICT;

-- An unbroken recording: its segments join to the tick.
CREATE TABLE run (
  camera_no INTEGER NOT NULL REFERENCES camera,
  -- Wall time of its first sample.
  start INTEGER NOT NULL CHECK (start >= 0),
  -- Where its last closed segment ends; its start until one is closed.
  "end" INTEGER NOT NULL CHECK ("end" >= start),
  PRIMARY KEY (camera_no, start)
) STRICT, WITHOUT ROWID;

-- One file. Narrow, as millions of rows are walked by time; what is wide stands in fragment_index.
CREATE TABLE segment (
  camera_no INTEGER NOT NULL REFERENCES camera,
  -- Wall time of the first sample; with the camera the name of the file.
  start INTEGER NOT NULL CHECK (start >= 0),
  -- Wall time where the last sample ends: the next one's start within a run. Equal to start while open.
  "end" INTEGER NOT NULL CHECK ("end" >= start),
  -- The run it belongs to.
  run_start INTEGER NOT NULL CHECK (run_start <= start),
  -- Ticks from the start of the run to the first sample.
  media_start INTEGER NOT NULL CHECK (media_start >= 0),
  -- Ticks; 0 while open.
  duration INTEGER NOT NULL CHECK (duration >= 0),
  init_no INTEGER NOT NULL REFERENCES init,
  -- Bytes before the first fragment, and of the whole file (0 while open).
  head_bytes INTEGER NOT NULL CHECK (head_bytes >= 0),
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  -- 0 open (being written), 1 local (on disk), 2 both, 3 remote (only in the object store), 4 garbage (about to go).
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
  -- 1 when recovery closed it, not the recorder.
  recovered INTEGER NOT NULL CHECK (recovered IN (0, 1)),
  -- Of the whole file; NULL while open, and after recovery until it has been read.
  sha256 BLOB CHECK (sha256 IS NULL OR length(sha256) = 32),
  PRIMARY KEY (camera_no, start),
  CHECK (state <> 0 OR (bytes = 0 AND duration = 0 AND sha256 IS NULL))
) STRICT, WITHOUT ROWID;

-- The few that are being written: found at once after a crash.
CREATE INDEX segment_open ON segment (camera_no) WHERE state = 0;

-- Where in the file which time is: see encodeFragmentIndex. About 7 bytes a fragment.
CREATE TABLE fragment_index (
  camera_no INTEGER NOT NULL,
  start INTEGER NOT NULL,
  fragments BLOB NOT NULL,
  PRIMARY KEY (camera_no, start),
  FOREIGN KEY (camera_no, start) REFERENCES segment ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Time that was not recorded, and why.
CREATE TABLE gap (
  camera_no INTEGER NOT NULL REFERENCES camera,
  "from" INTEGER NOT NULL CHECK ("from" >= 0),
  -- NULL while it lasts.
  "to" INTEGER CHECK ("to" > "from"),
  -- One of GapCause: new causes must not need a migration.
  cause TEXT NOT NULL CHECK (length(cause) BETWEEN 1 AND 40),
  PRIMARY KEY (camera_no, "from")
) STRICT, WITHOUT ROWID;

-- A camera lacks video for one reason at a time.
CREATE UNIQUE INDEX gap_open ON gap (camera_no) WHERE "to" IS NULL;
`;
