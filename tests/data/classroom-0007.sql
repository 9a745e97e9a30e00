-- A class's database of release 0.1 with a row or two in each table, as SQLite's .dump writes it.
BEGIN TRANSACTION;
CREATE TABLE accommodation (
	id INTEGER NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	student VARCHAR(64) NOT NULL, 
	extra_days INTEGER NOT NULL, 
	reason VARCHAR NOT NULL, 
	actor VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "accommodation" VALUES(1,'tiny','bob',2,'always','ivy','2026-11-10 12:00:00.000000');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0007');
CREATE TABLE attempt (
	id INTEGER NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	assignment VARCHAR(64) NOT NULL, 
	student VARCHAR(64) NOT NULL, 
	number INTEGER NOT NULL, 
	tree VARCHAR(64) NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	files INTEGER NOT NULL, 
	received_at DATETIME NOT NULL, 
	arrival VARCHAR(16) NOT NULL, 
	late_s DOUBLE NOT NULL, 
	receipt JSON NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (course, assignment, student, number)
);
INSERT INTO "attempt" VALUES(1,'tiny','ps1','ada',1,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',12,1,'2026-11-10 12:00:00.000000','on_time',0.0,'{"course": "tiny", "student": "ada", "attempt": 1}');
CREATE TABLE calibration (
	id INTEGER NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	assignment VARCHAR(64) NOT NULL, 
	task VARCHAR(64) NOT NULL, 
	grader VARCHAR(64) NOT NULL, 
	anchor VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	rubric VARCHAR(64) NOT NULL, 
	levels JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "calibration" VALUES(1,'tiny','ps1','explain','gil','good','2026-11-10 12:00:00.000000','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','{}');
CREATE TABLE claim (
	course VARCHAR(64) NOT NULL, 
	assignment VARCHAR(64) NOT NULL, 
	task VARCHAR(64) NOT NULL, 
	student VARCHAR(64) NOT NULL, 
	round INTEGER NOT NULL, 
	grader VARCHAR(64) NOT NULL, 
	since DATETIME NOT NULL, 
	until DATETIME NOT NULL, 
	PRIMARY KEY (course, assignment, task, student, round)
);
INSERT INTO "claim" VALUES('tiny','ps1','explain','bob',1,'gil','2026-11-10 12:00:00.000000','2026-11-10 12:00:00.000000');
CREATE TABLE correction (
	id INTEGER NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	assignment VARCHAR(64) NOT NULL, 
	notebook VARCHAR(64) NOT NULL, 
	cell VARCHAR(64) NOT NULL, 
	student VARCHAR(64), 
	kind VARCHAR(16) NOT NULL, 
	points DOUBLE, 
	reason VARCHAR NOT NULL, 
	actor VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "correction" VALUES(1,'tiny','ps1','ps1','greet',NULL,'excuse',NULL,'the test was wrong','ivy','2026-11-10 12:00:00.000000');
CREATE TABLE draft (
	course VARCHAR(64) NOT NULL, 
	assignment VARCHAR(64) NOT NULL, 
	task VARCHAR(64) NOT NULL, 
	student VARCHAR(64) NOT NULL, 
	grader VARCHAR(64) NOT NULL, 
	attempt INTEGER, 
	at DATETIME NOT NULL, 
	levels JSON NOT NULL, 
	gates JSON NOT NULL, 
	comments JSON NOT NULL, 
	PRIMARY KEY (course, assignment, task, student, grader)
);
INSERT INTO "draft" VALUES('tiny','ps1','explain','bob','gil',1,'2026-11-10 12:00:00.000000','{}','[]','{}');
CREATE TABLE event (
	id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	actor VARCHAR(64) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	assignment VARCHAR(64), 
	student VARCHAR(64), 
	data JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "event" VALUES(1,'2026-11-10 12:00:00.000000','tiny','ada','submit','ps1','ada','{"attempt": 1}');
CREATE TABLE extension (
	id INTEGER NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	assignment VARCHAR(64) NOT NULL, 
	student VARCHAR(64) NOT NULL, 
	until DATETIME, 
	reason VARCHAR NOT NULL, 
	actor VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "extension" VALUES(1,'tiny','ps1','ada','2026-11-10 12:00:00.000000','a lost week','ivy','2026-11-10 12:00:00.000000');
CREATE TABLE feedback (
	id INTEGER NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	assignment VARCHAR(64) NOT NULL, 
	student VARCHAR(64) NOT NULL, 
	attempt INTEGER, 
	tree VARCHAR(64) NOT NULL, 
	score DOUBLE NOT NULL, 
	max_score DOUBLE NOT NULL, 
	released_at DATETIME NOT NULL, 
	actor VARCHAR(64) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "feedback" VALUES(1,'tiny','ps1','ada',1,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',5.6,10.0,'2026-11-10 12:00:00.000000','ivy');
CREATE TABLE grading (
	id INTEGER NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	assignment VARCHAR(64) NOT NULL, 
	notebook VARCHAR(64) NOT NULL, 
	task VARCHAR(64) NOT NULL, 
	student VARCHAR(64) NOT NULL, 
	attempt INTEGER, 
	grader VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	rubric VARCHAR(64) NOT NULL, 
	levels JSON NOT NULL, 
	gates JSON NOT NULL, 
	comments JSON NOT NULL, round INTEGER DEFAULT '1' NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "grading" VALUES(1,'tiny','ps1','ps1','explain','ada',1,'gil','2026-11-10 12:00:00.000000','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','{"cause": 3}','[]','{"cause": "Say why."}',1);
CREATE TABLE hold (
	id INTEGER NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	assignment VARCHAR(64) NOT NULL, 
	student VARCHAR(64) NOT NULL, 
	holds BOOLEAN NOT NULL, 
	reason VARCHAR NOT NULL, 
	actor VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "hold" VALUES(1,'tiny','ps1','bob',1,'looked into','ivy','2026-11-10 12:00:00.000000');
CREATE TABLE job (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	assignment VARCHAR(64) NOT NULL, 
	student VARCHAR(64) NOT NULL, 
	attempt INTEGER, 
	state VARCHAR(16) NOT NULL, 
	tries INTEGER NOT NULL, 
	runner VARCHAR(64), 
	leased_until DATETIME, 
	started_at DATETIME, 
	finished_at DATETIME, 
	status VARCHAR(32), 
	reason VARCHAR, 
	score DOUBLE, 
	max_score DOUBLE, 
	result BLOB, 
	digest VARCHAR(64), 
	PRIMARY KEY (id), 
	FOREIGN KEY(run_id) REFERENCES run (id), 
	UNIQUE (run_id, student)
);
INSERT INTO "job" VALUES(1,1,'tiny','ps1','ada',1,'done',1,'h/1/1.00',NULL,'2026-11-10 12:00:00.000000','2026-11-10 12:00:00.000000','ok',NULL,5.0,6.0,X'7B7D','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
INSERT INTO "job" VALUES(2,2,'tiny','ps1','ada',1,'queued',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE release (
	id INTEGER NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	assignment VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	tree VARCHAR(64) NOT NULL, 
	released_at DATETIME NOT NULL, 
	actor VARCHAR(64) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (course, assignment, version)
);
INSERT INTO "release" VALUES(1,'tiny','ps1',1,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','2026-11-10 12:00:00.000000','ivy');
CREATE TABLE roster (
	id INTEGER NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	person VARCHAR(64) NOT NULL, 
	name VARCHAR NOT NULL, 
	section VARCHAR(32) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	has_left BOOLEAN NOT NULL, 
	actor VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "roster" VALUES(1,'tiny','ada','Ada','a','student',0,'ivy','2026-11-10 12:00:00.000000');
CREATE TABLE run (
	id INTEGER NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	assignment VARCHAR(64) NOT NULL, 
	actor VARCHAR(64) NOT NULL, 
	created_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	force BOOLEAN NOT NULL, dry BOOLEAN DEFAULT 0 NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "run" VALUES(1,'tiny','ps1','ivy','2026-11-10 12:00:00.000000','2026-11-10 12:00:00.000000',0,0);
INSERT INTO "run" VALUES(2,'tiny','ps1','ivy','2026-11-10 12:00:00.000000',NULL,0,0);
CREATE TABLE second_look (
	id INTEGER NOT NULL, 
	course VARCHAR(64) NOT NULL, 
	assignment VARCHAR(64) NOT NULL, 
	student VARCHAR(64) NOT NULL, 
	task VARCHAR(64) NOT NULL, 
	actor VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	text VARCHAR NOT NULL, 
	answers INTEGER, 
	PRIMARY KEY (id), 
	FOREIGN KEY(answers) REFERENCES second_look (id), 
	UNIQUE (answers)
);
INSERT INTO "second_look" VALUES(1,'tiny','ps1','ada','explain','ada','2026-11-10 12:00:00.000000','Why 3?',NULL);
CREATE INDEX ix_event_kind ON event (course, kind);
CREATE INDEX ix_event_of_student ON event (course, student, id);
CREATE INDEX ix_feedback_of_student ON feedback (course, assignment, student, id);
CREATE INDEX ix_grading_piece ON grading (course, assignment, task, student, id);
CREATE INDEX ix_job_state ON job (state, id);
CREATE TRIGGER event_no_update BEFORE update ON event
BEGIN SELECT RAISE(ABORT, 'event is append-only: a correction is a new row'); END;
CREATE TRIGGER event_no_delete BEFORE delete ON event
BEGIN SELECT RAISE(ABORT, 'event is append-only: a correction is a new row'); END;
CREATE TRIGGER attempt_no_update BEFORE update ON attempt
BEGIN SELECT RAISE(ABORT, 'attempt is append-only: a correction is a new row'); END;
CREATE TRIGGER attempt_no_delete BEFORE delete ON attempt
BEGIN SELECT RAISE(ABORT, 'attempt is append-only: a correction is a new row'); END;
CREATE TRIGGER grading_no_update BEFORE update ON grading
BEGIN SELECT RAISE(ABORT, 'grading is append-only: a correction is a new row'); END;
CREATE TRIGGER grading_no_delete BEFORE delete ON grading
BEGIN SELECT RAISE(ABORT, 'grading is append-only: a correction is a new row'); END;
CREATE TRIGGER feedback_no_update BEFORE update ON feedback
BEGIN SELECT RAISE(ABORT, 'feedback is append-only: a correction is a new row'); END;
CREATE TRIGGER feedback_no_delete BEFORE delete ON feedback
BEGIN SELECT RAISE(ABORT, 'feedback is append-only: a correction is a new row'); END;
CREATE TRIGGER release_no_update BEFORE update ON release
BEGIN SELECT RAISE(ABORT, 'release is append-only: a correction is a new row'); END;
CREATE TRIGGER release_no_delete BEFORE delete ON release
BEGIN SELECT RAISE(ABORT, 'release is append-only: a correction is a new row'); END;
CREATE INDEX ix_calibration_grader ON calibration (course, assignment, task, grader, id);
CREATE TRIGGER calibration_no_update BEFORE update ON calibration
BEGIN SELECT RAISE(ABORT, 'calibration is append-only: a correction is a new row'); END;
CREATE TRIGGER calibration_no_delete BEFORE delete ON calibration
BEGIN SELECT RAISE(ABORT, 'calibration is append-only: a correction is a new row'); END;
CREATE INDEX ix_correction_of_assignment ON correction (course, assignment, id);
CREATE TRIGGER correction_no_update BEFORE update ON correction
BEGIN SELECT RAISE(ABORT, 'correction is append-only: a correction is a new row'); END;
CREATE TRIGGER correction_no_delete BEFORE delete ON correction
BEGIN SELECT RAISE(ABORT, 'correction is append-only: a correction is a new row'); END;
CREATE INDEX ix_extension_of_student ON extension (course, student, assignment, id);
CREATE INDEX ix_accommodation_of_student ON accommodation (course, student, id);
CREATE TRIGGER extension_no_update BEFORE update ON extension
BEGIN SELECT RAISE(ABORT, 'extension is append-only: a correction is a new row'); END;
CREATE TRIGGER extension_no_delete BEFORE delete ON extension
BEGIN SELECT RAISE(ABORT, 'extension is append-only: a correction is a new row'); END;
CREATE TRIGGER accommodation_no_update BEFORE update ON accommodation
BEGIN SELECT RAISE(ABORT, 'accommodation is append-only: a correction is a new row'); END;
CREATE TRIGGER accommodation_no_delete BEFORE delete ON accommodation
BEGIN SELECT RAISE(ABORT, 'accommodation is append-only: a correction is a new row'); END;
CREATE INDEX ix_roster_person ON roster (course, person, id);
CREATE TRIGGER roster_no_update BEFORE update ON roster
BEGIN SELECT RAISE(ABORT, 'roster is append-only: a correction is a new row'); END;
CREATE TRIGGER roster_no_delete BEFORE delete ON roster
BEGIN SELECT RAISE(ABORT, 'roster is append-only: a correction is a new row'); END;
CREATE INDEX ix_hold_of_student ON hold (course, student, assignment, id);
CREATE TRIGGER hold_no_update BEFORE update ON hold
BEGIN SELECT RAISE(ABORT, 'hold is append-only: a correction is a new row'); END;
CREATE TRIGGER hold_no_delete BEFORE delete ON hold
BEGIN SELECT RAISE(ABORT, 'hold is append-only: a correction is a new row'); END;
CREATE INDEX ix_second_look_student ON second_look (course, student, id);
CREATE TRIGGER second_look_no_update BEFORE update ON second_look
BEGIN SELECT RAISE(ABORT, 'second_look is append-only: a correction is a new row'); END;
CREATE TRIGGER second_look_no_delete BEFORE delete ON second_look
BEGIN SELECT RAISE(ABORT, 'second_look is append-only: a correction is a new row'); END;
COMMIT;
