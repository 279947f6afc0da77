/** Object storage, retention and holds. */
export const STORAGE = `
-- What waits to be stored, and what may leave this machine, oldest first; bytes, so that sums need no table.
CREATE INDEX segment_local ON segment (start, bytes) WHERE state = 1;
CREATE INDEX segment_both ON segment (start, bytes) WHERE state = 2;

-- Why a segment in state 4 is about to go. Gone with its segment, once every copy is.
CREATE TABLE condemned (
  camera_no INTEGER NOT NULL,
  start INTEGER NOT NULL,
  -- One of DeletionReason.
  reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 40),
  -- Wall time of the decision.
  decided INTEGER NOT NULL CHECK (decided >= 0),
  -- 1 was in the object store, or may have been.
  remote INTEGER NOT NULL CHECK (remote IN (0, 1)),
  PRIMARY KEY (camera_no, start),
  FOREIGN KEY (camera_no, start) REFERENCES segment ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The deletion journal: what was destroyed, why, and when each copy was seen to be gone. Neighbours of one hour and
-- reason share a row, so that a city's year is two million of them and "from" and "to" are exact. Never deleted.
CREATE TABLE deletion (
  deletion_no INTEGER PRIMARY KEY AUTOINCREMENT,
  camera_no INTEGER NOT NULL REFERENCES camera,
  "from" INTEGER NOT NULL CHECK ("from" >= 0),
  "to" INTEGER NOT NULL CHECK ("to" >= "from"),
  segments INTEGER NOT NULL CHECK (segments > 0),
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 40),
  -- Wall time of the first decision that the row stands for.
  decided INTEGER NOT NULL,
  -- When the last of them was gone from the disk, and from the object store; NULL where it never was.
  local_gone INTEGER NOT NULL,
  remote_gone INTEGER
) STRICT;

CREATE INDEX deletion_time ON deletion (camera_no, "from");

-- Footage that must not be deleted. Rows stay when a hold has ended: who held what is part of the record.
CREATE TABLE hold (
  hold_no INTEGER PRIMARY KEY AUTOINCREMENT,
  camera_no INTEGER NOT NULL REFERENCES camera,
  "from" INTEGER NOT NULL CHECK ("from" >= 0),
  "to" INTEGER NOT NULL CHECK ("to" > "from"),
  -- Number of the request or the case, and why, and who asked.
  reference TEXT NOT NULL CHECK (length(reference) BETWEEN 1 AND 200),
  reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
  author TEXT NOT NULL CHECK (length(author) BETWEEN 1 AND 200),
  created INTEGER NOT NULL,
  -- When it ends by itself; NULL: when somebody releases it.
  until INTEGER CHECK (until > created),
  released INTEGER,
  released_by TEXT CHECK ((released IS NULL) = (released_by IS NULL))
) STRICT;

-- Objects that the store itself keeps from being deleted, for a hold: it has said so when it was asked again.
CREATE TABLE locked (
  camera_no INTEGER NOT NULL,
  start INTEGER NOT NULL,
  PRIMARY KEY (camera_no, start),
  FOREIGN KEY (camera_no, start) REFERENCES segment ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX hold_active ON hold (camera_no) WHERE released IS NULL;
`;
